"""A comparison on disk: CSV with the raw numbers, a Markdown table, figures as PNG and PDF."""

import csv
import re
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from dicode.evaluation import contrasts, statistics
from dicode.evaluation.compare import QUANTITIES, Comparison, Group
from dicode.evaluation.contrasts import Contrasts
from dicode.evaluation.results import TARGET
from dicode.evaluation.statistics import Estimate
from dicode.received.text import line
from dicode.view import palette, style

FORMATS = ("png", "pdf")
_SHOWN_ACHIEVEMENTS = 32
_CONTRAST_COLUMNS = ("one", "other", "quantity", "levels", "statistic", "pairs", "difference", "low", "high", "p_holm")
_LABEL = 28
"""Letters of a line under a panel of the width of `intervals`."""


def write(comparison: Comparison, folder: Path | str, found: Contrasts | None = None) -> list[Path]:
    """Write tables and figures into `folder`; returns the files."""
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    files = [
        _csv(out / "summary.csv", ("group", "runs", "quantity", "value", "low", "high"), _summary_rows(comparison)),
        _csv(out / "runs.csv", ("group", "run", "seed", "world", "return"), _return_rows(comparison)),
        _csv(out / "achievements.csv", ("group", "achievement", "rate", "low", "high"), _rate_rows(comparison)),
        _csv(out / "improvement.csv", ("one", "other", "probability", "low", "high"), _better_rows(comparison)),
        _csv(out / "curves.csv", ("group", "env_steps", "mean", "low", "high"), _curve_rows(comparison)),
    ]
    table = out / "summary.md"
    table.write_text(markdown(comparison, found))
    files.append(table)
    if found is not None:
        files.append(_csv(out / "contrasts.csv", _CONTRAST_COLUMNS, _contrast_rows(found)))
    if any(group.curve for group in comparison.groups):
        files += _curves(comparison, out / "curves")
    files += _intervals(comparison, out / "intervals")
    files += _profiles(comparison, out / "profiles")
    if any(group.achievements for group in comparison.groups):
        files += _achievements(comparison, out / "achievements")
    return files


def markdown(comparison: Comparison, found: Contrasts | None = None) -> str:
    """The summary as tables, a column a group: quantities, then achievements, contrasts; what was allowed below."""
    groups = comparison.groups
    shown = [name for name in QUANTITIES if any(name in group.estimates for group in groups)]
    lines = [_row(_cell_text(comparison.by), [f"{_cell_text(group.name)} ({len(group.runs)})" for group in groups])]
    lines += ["|---" * (len(groups) + 1) + "|"]
    lines += [
        _row(
            QUANTITIES[name] + ", %" * _is_rate(name),
            [_cell(group.estimates.get(name), _is_rate(name)) for group in groups],
        )
        for name in shown
    ]
    if any(group.achievements for group in groups):
        lines += [
            "",
            _row("% of worlds", [_cell_text(group.name) for group in groups]),
            "|---" * (len(groups) + 1) + "|",
        ]
        lines += [
            _row(
                _cell_text(name.lower().replace("_", " ")),
                [_cell(group.achievements.get(name), True) for group in groups],
            )
            for name in _telling(groups)
        ]
    if found is not None:
        lines += ["", contrasts.markdown(found, _cell_text).rstrip()]
    lines += [
        "",
        "Runs in brackets. Mean over seeds and 95 % bootstrap interval, seeds redrawn whole; one seed has no interval.",
    ]
    lines += [f"Allowed difference: {_cell_text(text)}." for text in comparison.differences]
    return "\n".join(lines) + "\n"


def _cell_text(text: str) -> str:
    """A name from a run as Markdown that shows it, and nothing else."""
    return re.sub(r"([\\`*\[\]<>|&])", r"\\\1", line(text, 200))


def _label(text: str) -> str:
    """A name from a run for a figure, where a dollar would begin a formula."""
    return line(text, 60).replace("$", r"\$")


def _row(name: str, cells: Sequence[str]) -> str:
    return f"| {name} | " + " | ".join(cells) + " |"


def _is_rate(quantity: str) -> bool:
    return quantity.startswith(("suite", "solved", "graded"))


def _cell(estimate: Estimate | None, percent: bool = False) -> str:
    if estimate is None:
        return "-"
    scale = 100.0 if percent else 1.0
    value, low, high = (_number(scale * x) for x in (estimate.value, estimate.low, estimate.high))
    return value if low == high else f"{value} [{low}, {high}]"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows([_inert(cell) for cell in row] for row in rows)
    return path


def _inert(cell: object) -> object:
    """A cell that a spreadsheet takes for what it is: a text that begins like a formula gets a quotation mark before it."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@") else cell


def _summary_rows(comparison: Comparison) -> Iterable[Sequence[object]]:
    for group in comparison.groups:
        for name, e in group.estimates.items():
            yield group.name, len(group.runs), name, e.value, e.low, e.high


def _contrast_rows(found: Contrasts) -> Iterable[Sequence[object]]:
    for c in found.each:
        for name, e in (("mean", c.mean), ("iqm", c.iqm)):
            yield found.one, c.other, found.quantity, found.levels, name, c.pairs, e.value, e.low, e.high, c.p


def _return_rows(comparison: Comparison) -> Iterable[Sequence[object]]:
    for group in comparison.groups:
        for run in group.runs:
            final = run.final(TARGET)
            for world, value in enumerate(final.returns if final else ()):
                yield group.name, run.name, run.config.get("seed"), world, float(value)


def _rate_rows(comparison: Comparison) -> Iterable[Sequence[object]]:
    for group in comparison.groups:
        for name, e in group.achievements.items():
            yield group.name, name, e.value, e.low, e.high


def _better_rows(comparison: Comparison) -> Iterable[Sequence[object]]:
    for (one, other), e in comparison.improvement.items():
        yield one, other, e.value, e.low, e.high


def _curve_rows(comparison: Comparison) -> Iterable[Sequence[object]]:
    for group in comparison.groups:
        if group.curve is not None:
            c = group.curve
            yield from ((group.name, *row) for row in np.stack([c.steps, c.mean, c.low, c.high], 1).tolist())


def _curves(comparison: Comparison, path: Path) -> list[Path]:
    made = style.figure(7.2, 4.2)
    axes = made.subplots()
    drawn = [
        (i, _label(group.name), group.curve) for i, group in enumerate(comparison.groups) if group.curve is not None
    ]
    for i, _, curve in drawn:
        axes.fill_between(curve.steps, curve.low, curve.high, color=palette.color(i), alpha=0.18, linewidth=0)
        axes.plot(curve.steps, curve.mean, color=palette.color(i), linewidth=1.8)
    bottom, top = axes.get_ylim()
    ends = palette.spread([float(curve.mean[-1]) for _, _, curve in drawn], 0.05 * (top - bottom))
    for (i, name, curve), height in zip(drawn, ends, strict=True):
        axes.annotate(
            name, (curve.steps[-1], height), (6, 0), textcoords="offset points", va="center", fontsize=9, color=palette.color(i)
        )  # fmt: skip
    title, quantity = {
        "success": ("Success on the target's goal, held-out worlds", "success rate, %"),
        "evaluation": ("Return on held-out worlds", "mean return"),
    }.get(comparison.curve_source, ("Return on training episodes on the target", "mean return"))
    style.dress(axes, title, "environment steps", f"{quantity}, 95 % band over seeds")
    axes.xaxis.set_major_formatter(palette.short_number)
    return style.save(made, path, FORMATS)


def _intervals(comparison: Comparison, path: Path) -> list[Path]:
    """One panel a quantity: a dot and its interval for each group."""
    wanted = ("solved", "return", "return_iqm", "cvar", "suite", "graded")
    shown = [name for name in wanted if all(name in group.estimates for group in comparison.groups)]
    groups = comparison.groups[::-1]
    made = style.figure(2.6 * len(shown) + 1.0, 0.42 * len(groups) + 1.4)
    panels = made.subplots(1, len(shown), sharey=True, squeeze=False)[0]
    for axes, name in zip(panels, shown, strict=True):
        for row, group in enumerate(groups):
            e, shade = group.estimates[name], palette.color(len(groups) - 1 - row)
            scale = 100.0 if _is_rate(name) else 1.0
            ends = [scale * e.low, scale * e.high]
            axes.plot(ends, [row, row], color=shade, linewidth=6, alpha=0.3, solid_capstyle="butt")
            axes.plot([scale * e.value], [row], "o", color=shade, markersize=6)
        label = QUANTITIES[name] + ", %" * _is_rate(name)
        style.dress(axes, "", "\n".join(textwrap.wrap(label, _LABEL)), grid="x")
        axes.set_yticks(range(len(groups)), [_label(group.name) for group in groups])
        axes.set_ylim(-0.6, len(groups) - 0.4)
    made.suptitle("Final checkpoints, 95 % intervals", x=0.01, ha="left", fontsize=11, fontweight="bold")
    return style.save(made, path, FORMATS)


def _profiles(comparison: Comparison, path: Path) -> list[Path]:
    """Share of worlds whose return exceeds each value, averaged over seeds."""
    made = style.figure(6.4, 4.0)
    axes = made.subplots()
    top = max(float(final.returns.max()) for group in comparison.groups for final in group.finals())
    thresholds = np.linspace(min(0.0, -0.02 * top), 1.02 * top, 300)
    for i, group in enumerate(comparison.groups):
        each = np.stack([statistics.performance_profile(f.returns[None], thresholds) for f in group.finals()])
        middle, low, high = statistics.bands(each, np.random.default_rng(0))
        axes.fill_between(thresholds, 100 * low, 100 * high, color=palette.color(i), alpha=0.18, linewidth=0)
        axes.plot(thresholds, 100 * middle, color=palette.color(i), linewidth=1.8, label=_label(group.name))
    style.dress(axes, "How often a return is exceeded", "return in one world", "% of worlds")
    axes.legend(frameon=False, fontsize=9)
    return style.save(made, path, FORMATS)


def _achievements(comparison: Comparison, path: Path) -> list[Path]:
    """Success rates by achievement: those that set the groups apart most, or are reached at all."""
    groups = comparison.groups
    names = _telling(groups)
    made = style.figure(7.2, 0.24 * len(names) + 1.3)
    axes = made.subplots()
    for i, group in enumerate(groups):
        offset = 0.18 * (i - (len(groups) - 1) / 2) / max(len(groups) - 1, 1) * 2
        for row, name in enumerate(names):
            e = group.achievements.get(name, Estimate(0.0, 0.0, 0.0))
            y = row + offset
            axes.plot([100 * e.low, 100 * e.high], [y, y], color=palette.color(i), linewidth=2.5, alpha=0.35)
            axes.plot(
                [100 * e.value],
                [y],
                "o",
                color=palette.color(i),
                markersize=4,
                label=_label(group.name) if not row else None,
            )
    axes.set_yticks(range(len(names)), [_label(name.lower().replace("_", " ")) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(-2, 102)
    style.dress(axes, "Success rate by achievement", "% of worlds", grid="both")
    axes.legend(frameon=False, fontsize=9, loc="lower right")
    return style.save(made, path, FORMATS)


def _telling(groups: Sequence[Group]) -> list[str]:
    """Achievements that anyone reaches, by mean rate; when there are many, those that differ most."""
    names = list(dict.fromkeys(name for group in groups for name in group.achievements))
    rates = {
        name: [group.achievements[name].value if name in group.achievements else 0.0 for group in groups]
        for name in names
    }
    reached = [name for name in names if max(rates[name]) > 0.0]
    chosen = sorted(reached, key=lambda name: min(rates[name]) - max(rates[name]))[:_SHOWN_ACHIEVEMENTS]
    return sorted(chosen or names[:1], key=lambda name: -float(np.mean(rates[name])))
