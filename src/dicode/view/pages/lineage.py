"""The lineage as rows: every level in a row of its own below its parent, cycles from left to right.

A row draws itself: its node, the line from its parent's column, and the lines of ancestors that go on below. So rows
can be folded away without anything being drawn again.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from dicode.view.pages.levels import LevelLine, Levels

WIDTH, HEIGHT, MARGIN = 220.0, 26.0, 9.0
"""Of a row's drawing, in pixels."""


@dataclass(frozen=True)
class Row:
    """One level in the tree."""

    line: LevelLine
    depth: int
    """1 for a level without a parent."""
    place: int
    """Among its siblings, from 1."""
    siblings: int
    below: int
    """Levels that descend from it."""
    x: float
    path: str
    """The lines of this row, as an SVG path; empty where there is none."""


def rows(levels: Levels) -> list[Row]:
    """All levels, parents before their children and families together."""
    columns = columns_of(levels.lines)
    below = _descendants(levels)
    found: list[Row] = []
    stack: list[tuple[str, int, int, tuple[Guide, ...]]] = [
        (level, 1, place, ()) for place, level in _numbered(levels.brood.get(None, ()))
    ]
    while stack:
        level, depth, place, guides = stack.pop()
        line = levels.lines[level]
        brood, x = levels.brood.get(level, ()), columns[line.born]
        siblings = len(levels.brood.get(line.parent if line.parent in levels.lines else None, ()))
        found.append(Row(line, depth, place, siblings, below[level], x, _path(guides, x, bool(brood))))
        for number, child in _numbered(brood):
            stack.append((child, depth + 1, number, (*_going_on(guides), (x, number < len(brood)))))
    return found


Guide = tuple[float, bool]
"""A column where a line comes from above, and whether it goes on below this row."""


def _numbered(ids: tuple[str, ...]) -> list[tuple[int, str]]:
    """Ids with their places, last first: a stack gives them back in order."""
    return list(enumerate(ids, 1))[::-1]


def _going_on(guides: tuple[Guide, ...]) -> tuple[Guide, ...]:
    return tuple(guide for guide in guides if guide[1])


def _path(guides: tuple[Guide, ...], x: float, has_children: bool) -> str:
    middle, parts = HEIGHT / 2, []
    for number, (column, goes_on) in enumerate(guides):
        if number < len(guides) - 1:
            parts.append(f"M{column:g} 0V{HEIGHT:g}")
        else:
            bend = min(5.0, max(x - column, 0.0))
            parts.append(f"M{column:g} 0V{middle - bend:g}Q{column:g} {middle:g} {column + bend:g} {middle:g}H{x:g}")
            if goes_on:
                parts.append(f"M{column:g} 0V{HEIGHT:g}")
    if has_children:
        parts.append(f"M{x:g} {middle:g}V{HEIGHT:g}")
    return "".join(parts)


def columns_of(lines: Mapping[str, LevelLine]) -> dict[int, float]:
    """The column of each cycle in which a level was born, in pixels."""
    births = sorted({line.born for line in lines.values()})
    first, last = (births[0], births[-1]) if births else (0, 0)
    scale = (WIDTH - 2 * MARGIN) / max(last - first, 1)
    return {born: round(MARGIN + (born - first) * scale, 1) for born in births}


def _descendants(levels: Levels) -> dict[str, int]:
    counts = dict.fromkeys(levels.lines, 0)
    # Children are born later, so the youngest first sees every count before it is added up.
    for line in sorted(levels.lines.values(), key=lambda line: -line.born):
        if line.parent in counts:
            counts[line.parent] += counts[line.id] + 1
    return counts
