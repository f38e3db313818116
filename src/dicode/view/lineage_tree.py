"""The lineage of levels as a tidy tree: cycles from left to right, every family in a band of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from dicode.curriculum.lineage import main_parent
from dicode.curriculum.snapshot import Snapshot
from dicode.types import LevelRecord
from dicode.view import palette, style, words

MAX_LEVELS = 240
"""Levels that one picture holds; beyond that the youngest and active ones with their ancestors are drawn."""
_MAX_LABELLED = 120
_MAX_WIDTH, _MAX_HEIGHT = 30.0, 44.0


@dataclass(frozen=True)
class Node:
    """A level's place: column by cycle of birth, row by family."""

    column: int
    row: float


def layout(levels: Mapping[str, LevelRecord]) -> dict[str, Node]:
    """Places of all levels. Subtrees take disjoint ranges of rows and a parent sits amid its children.

    The first parent that is among `levels` and was born earlier is the one whose subtree a level belongs to.
    """
    columns = {born: i for i, born in enumerate(sorted({record.born for record in levels.values()}))}
    order = sorted(levels.values(), key=lambda record: (record.born, record.id))
    brood: dict[str | None, list[str]] = {}
    for record in order:
        brood.setdefault(main_parent(record, levels), []).append(record.id)
    rows: dict[str, float] = {}
    free = 0
    stack = [(level, False) for level in reversed(brood.get(None, []))]
    while stack:
        level, done = stack.pop()
        children = brood.get(level, [])
        if not children:
            rows[level], free = float(free), free + 1
        elif done:
            rows[level] = (rows[children[0]] + rows[children[-1]]) / 2
        else:
            stack.append((level, True))
            stack += [(child, False) for child in reversed(children)]
    return {level: Node(columns[levels[level].born], row) for level, row in rows.items()}


def chosen(snapshot: Snapshot, limit: int = MAX_LEVELS) -> dict[str, LevelRecord]:
    """The accepted levels that are drawn: all, or the active and youngest ones with their main ancestors."""
    levels = snapshot.accepted()
    if len(levels) <= limit:
        return levels
    kept: dict[str, LevelRecord] = {}
    ranked = sorted(levels.values(), key=lambda record: (not record.active, -record.born, record.id))
    for record in ranked:
        line: list[LevelRecord] = []
        ancestor: str | None = record.id
        while ancestor is not None and ancestor not in kept:
            line.append(levels[ancestor])
            ancestor = main_parent(levels[ancestor], levels)
        if len(kept) + len(line) > limit:
            continue
        kept |= {one.id: one for one in line}
    return kept


def draw(snapshot: Snapshot, path: FilePath) -> list[FilePath]:
    """Write the picture as PNG. Colour is status, a ring marks the active set, size grows with episodes."""
    levels = chosen(snapshot)
    nodes = layout(levels)
    columns = 1 + max((node.column for node in nodes.values()), default=0)
    rows = 1 + max((node.row for node in nodes.values()), default=0.0)
    labelled = len(levels) <= _MAX_LABELLED
    width = min(1.2 + columns * (2.1 if labelled else 0.55), _MAX_WIDTH)
    made = style.figure(max(width, 6.0), min(1.5 + (0.36 if labelled else 0.22) * rows, _MAX_HEIGHT))
    axes = made.subplots()
    _edges(axes, levels, nodes)
    _nodes(axes, snapshot, levels, nodes)
    if labelled:
        _labels(axes, snapshot, levels, nodes, clip=26)
    _frame(axes, snapshot, levels, nodes, columns, rows)
    return style.save(made, path)


def _edges(axes: Axes, levels: Mapping[str, LevelRecord], nodes: Mapping[str, Node]) -> None:
    for record in levels.values():
        main = main_parent(record, levels)
        for parent in dict.fromkeys(record.parents):
            if parent in nodes and levels[parent].born < record.born:
                _edge(axes, nodes[parent], nodes[record.id], faint=parent != main)


def _edge(axes: Axes, start: Node, end: Node, faint: bool) -> None:
    bend = start.column + 0.5 if end.column == start.column + 1 else end.column - 0.5
    points = [(start.column, start.row), (bend, start.row), (bend, end.row), (end.column, end.row)]
    curve = Path(points, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
    dashes = (0, (2, 2)) if faint else "-"
    axes.add_patch(
        PathPatch(curve, fill=False, edgecolor="#B8B8B8", linewidth=0.7 if faint else 1.1, linestyle=dashes, zorder=1)
    )


def _nodes(axes: Axes, snapshot: Snapshot, levels: Mapping[str, LevelRecord], nodes: Mapping[str, Node]) -> None:
    order = list(levels.values())
    episodes = [sum(trial.episodes for trial in snapshot.trials.get(record.id, ())) for record in order]
    sizes = [24 + 12 * min(count, 4000) ** 0.3 for count in episodes]
    axes.scatter(
        [nodes[record.id].column for record in order],
        [nodes[record.id].row for record in order],
        s=sizes,
        c=[palette.STATUS_COLORS[record.status.value] for record in order],
        edgecolors=[palette.INK if record.active else "white" for record in order],
        linewidths=[1.4 if record.active else 0.6 for record in order],
        zorder=3,
    )


def _labels(
    axes: Axes, snapshot: Snapshot, levels: Mapping[str, LevelRecord], nodes: Mapping[str, Node], clip: int
) -> None:
    for record in levels.values():
        node = nodes[record.id]
        rate = words.last_rate(snapshot.trials.get(record.id, ()))
        text = words.level_words(record, clip) + ("" if rate is None else f"  {words.percent(rate)}")
        axes.annotate(
            text,
            (node.column, node.row),
            (6, 5),
            textcoords="offset points",
            fontsize=6.5,
            color=palette.INK,
            zorder=4,
            bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.4},
        )


def _frame(
    axes: Axes,
    snapshot: Snapshot,
    levels: Mapping[str, LevelRecord],
    nodes: Mapping[str, Node],
    columns: int,
    rows: float,
) -> None:
    total = len(snapshot.accepted())
    shown = f"{total} levels" if len(levels) == total else f"{len(levels)} of {total} levels"
    style.dress(axes, f"Lineage: {shown}, {len(snapshot.active())} active", "born in cycle", grid="")
    births = sorted({record.born for record in levels.values()})
    every = max(1, columns // 24)
    axes.set_xticks(range(0, columns, every), [str(born) for born in births[::every]])
    axes.set_yticks([])
    axes.set_xlim(-0.25, columns - 1 + 1.0)
    axes.set_ylim(rows - 0.3, -1.0)
    axes.legend(handles=_legend(), ncols=6, frameon=False, fontsize=7.5, loc="lower right", bbox_to_anchor=(1.0, 1.0))


def _legend() -> Sequence[Line2D]:
    meaning = {"A": "A ≥ 75 %", "B": "B ≥ 50 %", "C": "C ≥ 25 %", "D": "D below", "-": "unscored"}

    def dot(shade: str, edge: str, label: str) -> Line2D:
        return Line2D([], [], marker="o", linestyle="", color=shade, markeredgecolor=edge, markersize=6, label=label)

    dots = [dot(palette.STATUS_COLORS[status], "white", label) for status, label in meaning.items()]
    return [*dots, dot("white", palette.INK, "active")]
