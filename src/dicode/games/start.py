"""Levels that start in a state that the agent reached: `START = Frontier("...")` in their text.

The trainer finds the name in the text without running it and takes that state for the level's base worlds; the jail,
which runs the text, holds what it says against the world that it got.
"""

import io
import re
import tokenize
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
    found = {source.count("\n", 0, line.start()) + 1: line[1] for line in _LINE.finditer(source)}
    begun = _assigned_lines(source) if found else ()
    return next((state for number, state in reversed(found.items()) if number in begun), "")


def _assigned_lines(source: str) -> set[int]:
    """Numbers of the lines that begin with the name `START`, those in a string left out."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):  # no Python, so nobody can play it
        return set()
    return {token.start[0] for token in tokens if token.start[1] == 0 and token.string == "START"}


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
