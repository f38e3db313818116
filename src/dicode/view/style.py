"""How figures look: one palette, one set of sizes, no global state of matplotlib touched."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from dicode.view.palette import FAINT, GRID, INK

DPI = 130


def figure(width: float, height: float) -> Figure:
    """An empty figure of `width` x `height` inches with room laid out automatically."""
    made = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    FigureCanvasAgg(made)
    return made


def dress(axes: Axes, title: str = "", x: str = "", y: str = "", grid: str = "y") -> None:
    """Give axes the common look: no box, faint grid, title on the left."""
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold", color=INK)
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


def _no_dates(kind: str) -> dict[str, Any]:
    return {"CreationDate": None} if kind == "pdf" else {"Software": None}
