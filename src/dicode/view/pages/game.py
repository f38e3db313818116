"""The one module of the pages that knows the game: goals and rules in words, floors, what counts as everything.

Everything else takes a `Game` and names no block, no mob and no achievement.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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


def craftax() -> Game:
    """The game of this project."""
    from dicode.games.craftax.levels.names import MAX_RETURN, Achievement, Floor

    return Game(
        name="Craftax",
        max_return=float(MAX_RETURN),
        achievements=tuple(achievement.name for achievement in Achievement),
        floors=tuple(floor.name.lower().replace("_", " ") for floor in Floor),
        plain=plain,
        floor_of=floor_of,
        rules=rule_lines,
    )


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
