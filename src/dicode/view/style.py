"""How figures look: one palette, one set of sizes, no global state of matplotlib touched."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from dicode.view.palette import FAINT, GRID, INK, spread

DPI = 150
PAGE = 7.2
"""Inches: the width of a page's text, for which letters are sized."""


def figure(width: float, height: float) -> Figure:
    """An empty figure of `width` x `height` inches with room laid out automatically."""
    made = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    FigureCanvasAgg(made)
    return made


def dress(axes: Axes, title: str = "", x: str = "", y: str = "", grid: str = "y") -> None:
    """Give axes the common look: no box, faint grid, title on the left."""
    # A run may be called "$a": names are text, not formulas.
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold", color=INK, parse_math=False)
    axes.set_xlabel(x, fontsize=9, color=INK)
    axes.set_ylabel(y, fontsize=9, color=INK)
    axes.tick_params(labelsize=8, colors=INK, length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    axes.set_axisbelow(True)
    if grid:
        axes.grid(axis=grid, color=GRID, linewidth=0.8)  # type: ignore[arg-type]


def save(made: Figure, path: Path, formats: Sequence[str] = ("png",)) -> list[Path]:
    """Write the figure beside each other in `formats`; the file appears whole or not at all."""
    written = []
    for kind in formats:
        target = path.with_suffix(f".{kind}")
        partial = target.with_name(f".{target.name}.part")
        made.savefig(partial, format=kind, facecolor="white", metadata=_no_dates(kind))
        partial.replace(target)
        written.append(target)
    return written


def finish(made: Figure, path: Path, caption: str, formats: Sequence[str] = ("png", "pdf")) -> list[Path]:
    """Write the figure in `formats`, and beside it what it shows in words (`.txt`)."""
    target = path.with_suffix(".txt")
    partial = target.with_name(f".{target.name}.part")
    partial.write_text(caption + "\n", encoding="utf-8")
    partial.replace(target)
    return [*save(made, path, formats), target]


def say(axes: Axes, text: str) -> None:
    """A sentence in place of what there is not yet."""
    axes.annotate(text, (0.5, 0.5), xycoords="axes fraction", ha="center", va="center", fontsize=9, color=FAINT)
    axes.set_yticks([])


def name_lines(axes: Axes, ends: Sequence[tuple[float, float, str, str]]) -> None:
    """Names beside the right ends (x, y) of lines, in their colours, apart from each other."""
    low, high = axes.get_ylim()
    height = axes.get_figure().get_size_inches()[1] * axes.get_position().height  # type: ignore[union-attr]
    places = spread([y for _, y, _, _ in ends], 0.16 * (high - low) / max(height, 0.5))
    for (x, _, text, shade), place in zip(ends, places, strict=True):
        axes.annotate(
            text, (x, place), (7, 0), textcoords="offset points", va="center", fontsize=8, color=shade, annotation_clip=False
        )  # fmt: skip


def _no_dates(kind: str) -> dict[str, Any]:
    return {"pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(kind, {"Software": None})
