"""The lineage as a figure: a row for each level below its parent, cycles from left to right, what it asks for beside it.

At page width nothing collides, because every level has its own line of text; how many fit is the page's height.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from dicode.view import palette, style, words
from dicode.view.pages.levels import LevelLine, Levels
from dicode.view.pages.lineage import rows

MAX_ROWS = 62
"""Levels on a page; beyond that the active and youngest ones with their ancestors are drawn."""
_MARKERS = {"circle": "o", "square": "s", "triangle": "^", "diamond": "D", "ring": "o"}
_ROW = 0.142
"""Inches."""
_TREE = 0.5
"""Share of the width that the tree takes."""
_COLUMNS = ((0.53, "goal", "left"), (0.875, "solved", "right"), (0.89, "author", "left"))
"""Of the words: place on the page, name, side on which they are aligned."""


def draw(levels: Levels, path: Path, of: str = "") -> list[Path]:
    """Write the figure and its caption; `of` names the run."""
    known = {level: one for level, one in levels.lines.items() if one.accepted}
    kept = chosen(known)
    shown = [row.line for row in rows(levels) if row.line.id in kept]
    made = style.figure(style.PAGE, 1.25 + _ROW * max(len(shown), 4))
    height = made.get_figheight()
    made.set_layout_engine(None)
    axes = made.add_axes((0.01, 0.75 / height, _TREE, 1 - 1.2 / height))
    place = {one.id: number for number, one in enumerate(shown)}
    _lines(axes, shown, place)
    _nodes(axes, shown)
    _words(axes, shown)
    _frame(axes, shown, f"Lineage of levels{of}")
    _legend(made)
    total, active = len(known), sum(one.active for one in known.values())
    which = (
        f"all {total}"
        if len(shown) == total
        else f"{len(shown)} of {total} (the active and youngest, with their ancestors)"
    )
    caption = (
        f"Lineage of {which} accepted levels{of}, {active} of them active. Every row is a level, below the one it was made from; its "
        "sign stands at the cycle in which it was recorded. Signs say in how many of its episodes the agent solved it when it was last trained: "
        "circle 75 % or more, square 50 %, triangle 25 %, diamond less, ring too few episodes; a dark edge marks the active set."
    )
    return style.finish(made, path, caption, ("png", "pdf", "svg"))


def chosen(known: Mapping[str, LevelLine], limit: int = MAX_ROWS) -> set[str]:
    """The levels that are drawn: all, or the active and youngest ones with all their main ancestors."""
    if len(known) <= limit:
        return set(known)
    kept: set[str] = set()
    for one in sorted(known.values(), key=lambda one: (not one.active, -one.born, one.id)):
        line, ancestor = set(), one.id
        while ancestor in known and ancestor not in kept:
            line.add(ancestor)
            ancestor = known[ancestor].parent or ""
        if len(kept) + len(line) <= limit:
            kept |= line
    return kept


def _lines(axes: Axes, shown: Sequence[LevelLine], place: Mapping[str, int]) -> None:
    for number, one in enumerate(shown):
        if one.parent is not None and one.parent in place:
            above = shown[place[one.parent]]
            axes.plot(
                [above.born + 1, above.born + 1, one.born + 1], [place[above.id], number, number],
                color="#A8A8A8", linewidth=0.9, zorder=1, solid_joinstyle="round",
            )  # fmt: skip


def _nodes(axes: Axes, shown: Sequence[LevelLine]) -> None:
    for status, shape in palette.STATUS_SHAPES.items():
        for active in (False, True):
            these = [(number, one) for number, one in enumerate(shown) if (one.status, one.active) == (status, active)]
            axes.scatter(
                [one.born + 1 for _, one in these], [number for number, _ in these], s=24, marker=_MARKERS[shape],
                facecolors="white" if shape == "ring" else palette.STATUS_COLORS[status],
                edgecolors=palette.INK if active else palette.STATUS_COLORS[status] if shape == "ring" else "white",
                linewidths=1.1 if active or shape == "ring" else 0.5, zorder=3,
            )  # fmt: skip


def _words(axes: Axes, shown: Sequence[LevelLine]) -> None:
    _line(axes, -1.1, [name for _, name, _ in _COLUMNS], faint=True)
    for number, one in enumerate(shown):
        _line(axes, number, [words.clip(one.goal, 42), words.percent(one.rate), words.clip(one.author, 12)])


def _line(axes: Axes, row: float, texts: Sequence[str], faint: bool = False) -> None:
    for (place, name, side), text in zip(_COLUMNS, texts, strict=True):
        axes.annotate(
            text, ((place - 0.01) / _TREE, row), xycoords=("axes fraction", "data"), va="center", ha=side, fontsize=6.5,
            color=palette.FAINT if faint or name == "author" else palette.INK, annotation_clip=False, parse_math=False,
        )  # fmt: skip


def _frame(axes: Axes, shown: Sequence[LevelLine], title: str) -> None:
    style.dress(axes, title, "recorded in cycle", grid="")
    births = sorted({one.born + 1 for one in shown}) or [1]
    axes.xaxis.set_major_locator(MaxNLocator(10, integer=True))
    axes.set_yticks([])
    room = 0.04 * (births[-1] - births[0]) + 0.3
    axes.set_xlim(births[0] - room, births[-1] + room)
    axes.set_ylim(max(len(shown), 4) - 0.3, -1.0)
    if not shown:
        style.say(axes, "no level yet")


def _legend(made: Figure) -> None:
    """What the signs mean, along the page's foot."""
    meaning = {"A": "≥ 75 % solved", "B": "≥ 50 %", "C": "≥ 25 %", "D": "less", "-": "too few episodes"}

    def sign(status: str, label: str) -> Line2D:
        shape = palette.STATUS_SHAPES[status]
        inside = "white" if shape == "ring" else palette.STATUS_COLORS[status]
        edge = palette.STATUS_COLORS[status]
        return Line2D(
            [],
            [],
            marker=_MARKERS[shape],
            linestyle="",
            color=inside,
            markeredgecolor=edge,
            markersize=4.5,
            label=label,
        )

    active = Line2D(
        [], [], marker="o", linestyle="", color="white", markeredgecolor=palette.INK, markersize=5, label="active"
    )
    made.legend(
        handles=[*(sign(status, label) for status, label in meaning.items()), active], ncols=6, frameon=False, fontsize=6.5,
        loc="lower left", bbox_to_anchor=(0.0, 0.0), handletextpad=0.1, columnspacing=1.2,
    )  # fmt: skip
