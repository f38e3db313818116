"""A run's report: PNGs drawn from the archive's snapshot and the rows of `metrics.jsonl`.

`learning_curve.png` return on the target and the levels' statuses over time; `achievements.png` success rates on
the target; `levels.png` how levels rise from unsolved to mastered; `lineage.png` who descends from whom. Where a
foundation model dreams, `dreaming.md` says what it made and what it cost.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import MaxNLocator

from dicode.curriculum.snapshot import Snapshot
from dicode.types import TARGET
from dicode.view import lineage_tree, palette, spending, style, words

Rows = Sequence[Mapping[str, Any]]
"""Rows of `metrics.jsonl` with `cycle`, `env_steps`, `target_return`, `target_success` and `status`."""

_MAX_COLUMNS = 160
_HEAT = LinearSegmentedColormap.from_list("heat", ["#F7F7F7", "#C6DBEF", "#6BAED6", "#2171B5", "#08306B"])

_AGE = LinearSegmentedColormap.from_list("age", ["#352A6B", "#2A6F97", "#2FA36B", "#E0B400"])


def write(snapshot: Snapshot, rows: Rows, folder: Path | str, max_return: float = 226.0) -> list[Path]:
    """Draw everything into `folder`; returns the pictures. Works from the first committed cycle on."""
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    dreaming = spending.page(snapshot, rows)
    if dreaming:
        (out / "dreaming.md").write_text(dreaming, encoding="utf-8")
    return [
        *learning_curve(rows, out / "learning_curve", max_return),
        *achievements(rows, out / "achievements"),
        *levels(snapshot, out / "levels"),
        *lineage_tree.draw(snapshot, out / "lineage"),
    ]


def learning_curve(rows: Rows, path: Path, max_return: float = 226.0) -> list[Path]:
    """Return on the target over environment steps; below it how many levels have which status."""
    made = style.figure(7.2, 5.2)
    top, bottom = made.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    points = [(row["env_steps"], row["target_return"]) for row in rows if row.get("target_return") is not None]
    style.dress(top, "Return on the target", "", "mean return")
    if points:
        steps, returns = zip(*points, strict=True)
        top.plot(
            steps, returns, color=palette.color(0), linewidth=1.8, marker="o", markersize=3 if len(steps) < 60 else 0
        )
        top.annotate(
            f"{returns[-1]:.2f}\n{100 * returns[-1] / max_return:.1f} %",
            (steps[-1], returns[-1]),
            (6, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=palette.color(0),
        )
    else:
        _say(top, "no episode on the target has finished yet")
    _statuses(bottom, rows)
    bottom.xaxis.set_major_formatter(palette.short_number)
    return style.save(made, path)


def _statuses(axes: Axes, rows: Rows) -> None:
    known = [row for row in rows if row.get("status")]
    style.dress(axes, "Levels by status", "environment steps", "levels")
    if not known:
        _say(axes, "no levels beside the target")
        return
    steps = [0, *(row["env_steps"] for row in known)]
    counts = [[0, *(row["status"].get(status, 0) for row in known)] for status in "ABCD"]
    shades = [palette.STATUS_COLORS[status] for status in "ABCD"]
    axes.stackplot(steps, counts, colors=shades, labels=list("ABCD"), linewidth=0)
    axes.legend(frameon=False, fontsize=8, ncols=4, loc="upper left")


def achievements(rows: Rows, path: Path) -> list[Path]:
    """A heat map: achievements (most frequent first) by cycle, the latest rate written beside."""
    table, names, steps = _rates(rows)
    made = style.figure(7.6, max(0.2 * len(names) + 1.4, 2.4))
    axes = made.subplots()
    style.dress(axes, "Success rate of each achievement on the target", "environment steps", grid="")
    if not names:
        _say(axes, "no achievement was reached on the target yet")
        return style.save(made, path)
    image = axes.imshow(table, aspect="auto", cmap=_HEAT, vmin=0, vmax=1, interpolation="nearest")
    axes.set_yticks(range(len(names)), [words.plain(name) for name in names])
    ticks = np.unique(np.linspace(0, len(steps) - 1, min(len(steps), 6)).round().astype(int))
    axes.set_xticks(ticks, [palette.short_number(steps[i]) for i in ticks])
    for row, rate in enumerate(table[:, -1]):
        text = f"{100 * rate:.0f} %" if rate >= 0.01 else f"{100 * rate:.1f} %"
        axes.annotate(
            text, (1.0, row), (4, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
            va="center", fontsize=7.5, color=palette.INK,
        )  # fmt: skip
    axes.spines["bottom"].set_visible(False)
    bar = made.colorbar(image, ax=axes, orientation="horizontal", shrink=0.35, aspect=30, pad=0.02, anchor=(1.0, 0.0))
    bar.ax.tick_params(labelsize=7, length=0)
    bar.outline.set_visible(False)  # type: ignore[operator]
    bar.ax.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    return style.save(made, path)


def _rates(rows: Rows) -> tuple[np.ndarray, list[str], list[float]]:
    """(rates [achievements, columns], names, steps); many cycles are averaged into at most 160 columns."""
    known = [row for row in rows if row.get("target_success") is not None and row.get("target_return") is not None]
    reached = {name for row in known for name, rate in row["target_success"].items() if rate > 0}
    names = sorted(reached)
    table = np.array([[row["target_success"].get(name, 0.0) for row in known] for name in names])
    if not names:
        return np.zeros((0, 0)), [], []
    bins = np.array_split(np.arange(len(known)), min(len(known), _MAX_COLUMNS))
    table = np.stack([table[:, columns].mean(axis=1) for columns in bins], axis=1)
    order = sorted(range(len(names)), key=lambda i: (-table[i, -1], -table[i].mean(), names[i]))
    return table[order], [names[i] for i in order], [float(known[columns[-1]]["env_steps"]) for columns in bins]


def levels(snapshot: Snapshot, path: Path) -> list[Path]:
    """Success rate of every level over the cycles in which it was trained, coloured by the cycle of its birth."""
    made = style.figure(7.2, 4.4)
    axes = made.subplots()
    for low, high, status in ((0.75, 1.0, "A"), (0.5, 0.75, "B"), (0.25, 0.5, "C"), (0.0, 0.25, "D")):
        axes.axhspan(100 * low, 100 * high, color=palette.STATUS_COLORS[status], alpha=0.07, linewidth=0)
        axes.annotate(
            status, (1.0, 50 * (low + high)), (5, 0), xycoords=("axes fraction", "data"),
            textcoords="offset points", va="center", fontsize=9, fontweight="bold", color=palette.STATUS_COLORS[status],
        )  # fmt: skip
    trained = {level: trials for level, trials in snapshot.trials.items() if level != TARGET}
    many = len(trained) > 60
    last = max([1, *(trials[-1].cycle for trials in trained.values())])
    drawn = 0
    for level, trials in trained.items():
        seen = [trial for trial in trials if trial.episodes]
        rates = [100 * trial.successes / trial.episodes for trial in seen]
        shade = _AGE(min(snapshot.levels[level].born / last, 1.0))
        axes.plot(
            [trial.cycle for trial in seen], rates, color=shade, linewidth=0.8 if many else 1.3,
            alpha=0.45 if many else 0.85, marker="" if many and len(seen) > 1 else "o", markersize=3,
        )  # fmt: skip
        drawn += bool(seen)
    if not drawn:
        _say(axes, "no level has finished an episode yet")
    title = f"Success rate of {drawn} levels, from those born early (dark) to late (bright)"
    style.dress(axes, title, "\n".join(["cycle", *_climbers(snapshot)]), "% of episodes", grid="")
    axes.set_ylim(-3, 103)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return style.save(made, path)


def _climbers(snapshot: Snapshot, count: int = 3) -> list[str]:
    """A line for each of the levels that rose most."""
    rises = []
    for level, trials in snapshot.trials.items():
        seen = [trial for trial in trials if trial.episodes >= 10]
        if level != TARGET and len(seen) >= 2:
            first, last = (trial.successes / trial.episodes for trial in (seen[0], seen[-1]))
            rises.append((last - first, level, f"{words.percent(first)} to {words.percent(last)}"))
    best = [rise for rise in sorted(rises, reverse=True)[:count] if rise[0] > 0.1]
    return [f"risen: {words.level_words(snapshot.levels[level], 50)}, {change}" for _, level, change in best]


def _say(axes: Axes, text: str) -> None:
    axes.annotate(text, (0.5, 0.5), xycoords="axes fraction", ha="center", va="center", fontsize=9, color=palette.FAINT)
    axes.set_yticks([])
