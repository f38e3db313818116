"""The one module of the pages that knows the game: goals and rules in words, floors, what counts as everything.

Everything else takes a `Game` and names no block, no mob and no achievement.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dicode.errors import ConfigError
from dicode.received.text import line
from dicode.types import Accepted, LevelRecord
from dicode.view.words import plain


@dataclass(frozen=True)
class Game:
    """What pages ask about a game."""

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


def of(name: str) -> Game:
    """What pages ask about the game called `name`; of one that this module does not know, what its host side says."""
    return craftax() if name == "craftax" else unknown(name)


def unknown(name: str) -> Game:
    """A game of which there is only the host side: without floors, rules in words, and pictures.

    Raises ConfigError for one that is neither of this package nor in use: a run's folder must not choose what is imported.
    """
    from dicode import games

    if name not in games.names() and f"{name}.host" not in sys.modules:
        raise ConfigError(
            f"game={line(name, 60)} is not one of this package's ({', '.join(games.names())}), so its runs can't be shown"
        )
    host = games.load_host(name)
    return Game(
        name=host.name,
        max_return=float(host.max_return),
        achievements=host.achievements,
        floors=(),
        plain=plain,
        floor_of=lambda record: None,
        rules=lambda rules: [
            RuleLine(line(name, 60), "", line(_said(value), 60), "", "", "") for name, value in rules.items()
        ],
    )


def craftax() -> Game:
    """The game of this project."""
    from dicode.games.craftax.episode_picture import window, write_gif
    from dicode.games.craftax.level_sheet import save
    from dicode.games.craftax.levels.names import Achievement, Action, Floor
    from dicode.games.craftax.levels.worth import MAX_RETURN
    from dicode.games.craftax.panel import KEYS

    return Game(
        name="Craftax",
        max_return=float(MAX_RETURN),
        achievements=tuple(achievement.name for achievement in Achievement),
        floors=tuple(floor.name.lower().replace("_", " ") for floor in Floor),
        plain=plain,
        floor_of=floor_of,
        rules=rule_lines,
        actions=tuple(action.name for action in Action),
        keys={key: int(action) for key, action in KEYS.items()},
        frame=window,
        panel=_panel,
        film=write_gif,
        sheet=save,
    )


def _panel(scalars: np.ndarray) -> dict[str, Any]:
    from dicode.games.craftax import panel

    seen = panel.read(scalars)
    return {"floor": seen.floor, "vitals": [list(vital) for vital in seen.vitals], "held": seen.inventory}


def floor_of(record: LevelRecord) -> int | None:
    """The floor of most of a level's worlds, from the statistics that its check left."""
    from dicode.games.craftax.levels.names import NUM_FLOORS

    if not isinstance(record.verdict, Accepted) or not isinstance(record.verdict.statistics, Mapping):
        return None
    floor = record.verdict.statistics.get("floor")
    if isinstance(floor, bool) or not isinstance(floor, int | float) or not 0 <= floor < NUM_FLOORS:
        return None
    return round(floor)


def rule_lines(rules: Mapping[str, object]) -> list[RuleLine]:
    """A level's rules as lines, a line an entry where a table is changed in part."""
    from dicode.games.craftax.levels.rule_spec import RULES

    lines: list[RuleLine] = []
    for name, change in list(rules.items())[:200]:
        rule = RULES.get(str(name))
        unit, sentence = (rule.unit, rule.sentence) if rule else ("", "")
        if isinstance(change, Mapping):
            for path, value in _entries(change, ())[:60]:
                entry = " · ".join(plain(part) for part in path)
                lines.append(RuleLine(line(name), entry, line(_said(value), 60), _usual(rule, path), unit, sentence))
        else:
            lines.append(RuleLine(line(name), "", line(_said(change), 60), _usual(rule, ()), unit, sentence))
    return lines


def _entries(change: Mapping[Any, Any], path: tuple[str, ...]) -> list[tuple[tuple[str, ...], Any]]:
    found: list[tuple[tuple[str, ...], Any]] = []
    for key, value in list(change.items())[:200]:
        if isinstance(value, Mapping) and len(path) < 3:
            found += _entries(value, (*path, str(key)[:200]))
        else:
            found.append(((*path, *str(key)[:200].split(".")), value))
    return found


def _usual(rule: Any, path: tuple[str, ...]) -> str:
    """The game's own value of a rule's entry."""
    if rule is None or len(path) > len(rule.labels):
        return ""
    try:
        index = tuple(labels.index(part) for labels, part in zip(rule.labels, path, strict=False))
    except ValueError:
        return ""
    value = rule.default[index]
    return _said(value.item()) if value.ndim == 0 else ""


def _said(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return line(value, 60)
    return f"{value:g}"
