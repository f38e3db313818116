"""What people are shown of a game: goals and rules in words, floors, pictures, and what counts as everything.

Pages and commands take a `Display` and name no block, no mob and no achievement.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dicode.games.host import HostGame
from dicode.received.text import line
from dicode.types import LevelRecord


@dataclass(frozen=True)
class Display:
    """What pages and commands ask about a game."""

    name: str
    max_return: float
    achievements: tuple[str, ...]
    floors: tuple[str, ...]
    plain: Callable[[str], str]
    """A name as the game writes it, for people."""
    floor_of: Callable[[LevelRecord], int | None]
    """The floor on which a level's player starts, None where nothing says it."""
    rules: Callable[[Mapping[str, object]], Sequence["RuleLine"]]
    """A level's rules beside the game's own."""
    actions: tuple[str, ...] = ()
    """() for a game that can't be played in the browser."""
    keys: Mapping[str, int] = field(default_factory=dict)
    """Keys of a browser and the actions they stand for."""
    frame: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None
    """(cells, scalars) of an observation as a picture uint8[height, width, 3]."""
    panel: Callable[[np.ndarray], Mapping[str, Any]] | None = None
    """An observation's scalars as what a player reads: `floor`, `vitals`, `held`."""
    film: Callable[[Path, Mapping[str, np.ndarray], str], Path] | None = None
    """(file, what `Trainer.watch` has seen, the goal in words): an episode as an animated picture."""
    sheet: Callable[[Mapping[str, np.ndarray], str, str, Path], Path] | None = None
    """(world, level's id, its goal in words, file): draw where the level starts, in the format of the file's name."""
    starts: Callable[[Mapping[str, np.ndarray], int], np.ndarray] | None = None
    """(pool, count): where up to `count` of its worlds start, as one picture."""
    whole: Callable[[Mapping[str, np.ndarray], int | None], np.ndarray] | None = None
    """(world, floor; None: the player's): all of a floor as a picture."""
    save: Callable[[np.ndarray, Path | str], None] | None = None
    """Write a picture in the format of the file's name."""


@dataclass(frozen=True)
class RuleLine:
    """One rule that a level changes."""

    name: str
    entry: str
    """Which entry of a table; empty for a single number."""
    value: str
    usual: str
    """What the game has; empty where that is not known."""
    unit: str
    sentence: str


def plain(name: str) -> str:
    """`OPEN_DOOR` or `opened.door` as `open door`, `opened door`."""
    return name.lower().replace("inventory.", "").replace("_", " ").replace(".", " ")


def said(value: Any) -> str:
    """A rule's value on one line."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return line(value, 60)
    return f"{value:g}"


def bare(host: HostGame) -> Display:
    """What a game's host side alone says: no floors, no units of rules, no pictures."""
    return Display(
        name=host.name,
        max_return=float(host.max_return),
        achievements=host.achievements,
        floors=(),
        plain=plain,
        floor_of=lambda record: None,
        rules=lambda rules: [
            RuleLine(line(name, 60), "", line(said(value), 60), "", "", "") for name, value in rules.items()
        ],
    )
