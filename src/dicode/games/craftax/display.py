"""Craftax as people are shown it: floors, rules in words, pictures, and how it is played in a browser."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from dicode.games.craftax import panel
from dicode.games.craftax.episode_picture import window, write_gif
from dicode.games.craftax.level_picture import contact_sheet, render_world
from dicode.games.craftax.level_sheet import save
from dicode.games.craftax.levels.names import NUM_FLOORS, Achievement, Action, Floor
from dicode.games.craftax.levels.rule_spec import RULES
from dicode.games.craftax.levels.worth import MAX_RETURN
from dicode.games.display import Display, RuleLine, plain, said
from dicode.games.picture import save_picture
from dicode.received.text import line
from dicode.types import Accepted, LevelRecord


def _panel(scalars: np.ndarray) -> dict[str, Any]:
    seen = panel.read(scalars)
    return {"floor": seen.floor, "vitals": [list(vital) for vital in seen.vitals], "held": seen.inventory}


def floor_of(record: LevelRecord) -> int | None:
    """The floor of most of a level's worlds, from the statistics that its check left."""
    if not isinstance(record.verdict, Accepted) or not isinstance(record.verdict.statistics, Mapping):
        return None
    floor = record.verdict.statistics.get("floor")
    if isinstance(floor, bool) or not isinstance(floor, int | float) or not 0 <= floor < NUM_FLOORS:
        return None
    return round(floor)


def rule_lines(rules: Mapping[str, object]) -> list[RuleLine]:
    """A level's rules as lines, a line an entry where a table is changed in part."""
    lines: list[RuleLine] = []
    for name, change in list(rules.items())[:200]:
        rule = RULES.get(str(name))
        unit, sentence = (rule.unit, rule.sentence) if rule else ("", "")
        if isinstance(change, Mapping):
            for path, value in _entries(change, ())[:60]:
                entry = " · ".join(plain(part) for part in path)
                lines.append(RuleLine(line(name), entry, line(said(value), 60), _usual(rule, path), unit, sentence))
        else:
            lines.append(RuleLine(line(name), "", line(said(change), 60), _usual(rule, ()), unit, sentence))
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
    return said(value.item()) if value.ndim == 0 else ""


DISPLAY = Display(
    name="Craftax",
    max_return=float(MAX_RETURN),
    achievements=tuple(achievement.name for achievement in Achievement),
    floors=tuple(floor.name.lower().replace("_", " ") for floor in Floor),
    plain=plain,
    floor_of=floor_of,
    rules=rule_lines,
    actions=tuple(action.name for action in Action),
    keys={key: int(action) for key, action in panel.KEYS.items()},
    frame=window,
    panel=_panel,
    film=write_gif,
    sheet=save,
    starts=contact_sheet,
    whole=render_world,
    save=save_picture,
)
