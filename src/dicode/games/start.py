"""Levels that start in a state that the agent reached: `START = Frontier("...")` in their text.

The trainer finds the name in the text without running it and takes that state for the level's base worlds; the jail,
which runs the text, holds what it says against the world that it got.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dicode.errors import LevelError
from dicode.games.host import HostGame, WorldArrays

_ID = r"[0-9a-f]{12}"
_LINE = re.compile(rf"""^START *= *Frontier\( *["']({_ID})["'] *\) *(?:#.*)?$""", re.MULTILINE)
_HINT = 'write START = Frontier("0123456789ab") on a line of its own, with one of the ids that the request lists'


@dataclass(frozen=True)
class Frontier:
    """A state that the agent reached, by its id. Raises LevelError for what is no id."""

    state: str

    def __post_init__(self) -> None:
        """Check the id."""
        if not isinstance(self.state, str) or not re.fullmatch(_ID, self.state):
            raise LevelError(
                f"Frontier({str(self.state)[:40]!r}) names no state; an id has twelve hex digits", hint=_HINT
            )


def named(source: str) -> str:
    """The id of the state that a level's text starts from; empty where it starts from a fresh world."""
    found = _LINE.findall(source)
    return found[-1] if found else ""


def state_id(game: HostGame, state: WorldArrays) -> str:
    """The id of a state, given its arrays without a leading axis."""
    return game.pool_hash({name: np.asarray(array)[None] for name, array in state.items()})[:12]


def require(game: HostGame, namespace: Mapping[str, object], worlds: WorldArrays) -> None:
    """Raise LevelError where an executed level's `START` is not the state that its base worlds are copies of."""
    start = namespace.get("START")
    if start is None:
        return
    if not isinstance(start, Frontier):
        raise LevelError(f"START is {type(start).__name__}; it must be Frontier(...)", hint=_HINT)
    if state_id(game, {name: worlds[name][0] for name in game.fields}) != start.state:
        raise LevelError(
            f"START names the state {start.state}, which is not here; a level from such a state needs the run whose agent "
            "reached it",
            hint=_HINT,
        )
