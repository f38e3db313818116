"""A run's report: figures drawn from what its pages are made of, each as PNG and PDF with a caption beside it.

`learning_curve` return on the target and the levels' statuses over time; `achievements` success rates on the target;
`levels` how levels rise from unsolved to mastered; `lineage` who descends from whom (SVG too). Where a foundation
model dreams, `dreaming.md` says what it made and what it cost.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.ticker import MaxNLocator

from dicode.curriculum.snapshot import Snapshot
from dicode.evaluation.results import TARGET as ON_TARGET
from dicode.evaluation.results import Evaluation
from dicode.types import STATUS_FLOORS, TARGET
from dicode.view import drafts, lineage_tree, palette, spending, style, words
from dicode.view.pages.data import RunData, final
from dicode.view.pages.game import Game
from dicode.view.pages.levels import index
from dicode.view.pages.overview import mean_and_half, of_the_game

Rows = Sequence[Mapping[str, Any]]
"""Rows of `metrics.jsonl` with `cycle`, `env_steps`, `target_return`, `target_success` and `status`."""

_MAX_COLUMNS = 160
_HEAT = LinearSegmentedColormap.from_list("heat", ["#F7F7F7", "#C6DBEF", "#6BAED6", "#2171B5", "#08306B"])

_AGE = LinearSegmentedColormap.from_list("age", ["#352A6B", "#2A6F97", "#2FA36B", "#E0B400"])


def write(data: RunData, game: Game, folder: Path | str) -> list[Path]:
    """Draw everything into `folder`; returns the files. Works from the first committed cycle on."""
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    table = drafts.page(data.snapshot, data.rows)
    if table:
        (out / "drafts.md").write_text(table, encoding="utf-8")
    dreaming = spending.page(data.snapshot, data.rows)
    if dreaming:
        (out / "dreaming.md").write_text(dreaming, encoding="utf-8")
    of = f", run {words.clip(data.name, 30)}"
    return [
        *learning_curve(data, game, out / "learning_curve", of),
        *achievements(data, game, out / "achievements", of),
        *levels(data.snapshot, out / "levels", of),
        *lineage_tree.draw(index(data, game), out / "lineage", of),
    ]


def learning_curve(data: RunData, game: Game, path: Path, of: str = "") -> list[Path]:
    """Return on the target over environment steps; below it how many levels have which status."""
    made = style.figure(style.PAGE, 5.0)
    top, bottom = made.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    points = [(row["env_steps"], row["target_return"]) for row in data.rows if row.get("target_return") is not None]
    style.dress(top, f"Return on the target{of}", "", "mean return of an episode")
    measured = [one for one in data.evaluations if one.protocol == ON_TARGET]
    ends = _returns(top, data, points, measured, game)
    ends += _random(top, data, points)
    if points or measured:
        heights = [y for _, y, _, _ in ends] + [y for _, y in points]
        low, high = min([0.0, *heights]), max([0.0, *heights])
        top.set_ylim(1.08 * low, 1.08 * high if high > low else 1.0)
        style.name_lines(top, ends)
    else:
        style.say(top, "no episode on the target has finished yet")
    _statuses(bottom, data.rows)
    bottom.xaxis.set_major_formatter(palette.short_number)
    return style.finish(made, path, _curve_caption(data, measured, game, of))


End = tuple[float, float, str, str]


def _returns(
    axes: Axes, data: RunData, points: Sequence[tuple[float, float]], measured: Sequence[Evaluation], game: Game
) -> list[End]:
    ends: list[End] = []
    if points:
        steps, returns = zip(*points, strict=True)
        shade = palette.color(0)
        axes.plot(steps, returns, color=shade, linewidth=1.6, marker="o", markersize=2.5 if len(steps) < 60 else 0)
        share = f" ({100 * returns[-1] / game.max_return:.1f} %)" if of_the_game(data) else ""
        ends.append((steps[-1], returns[-1], f"training {returns[-1]:.2f}{share}", shade))
    if measured:
        shade, found = palette.color(1), [(one.env_steps, *mean_and_half(one)) for one in measured]
        steps, means, halves = zip(*found, strict=True)
        axes.errorbar(steps, means, yerr=halves, color=shade, marker="D", markersize=3.5, linewidth=0, elinewidth=1.4)
        ends.append((steps[-1], means[-1], f"evaluated {means[-1]:.2f}", shade))
    return ends


def _random(axes: Axes, data: RunData, points: Sequence[tuple[float, float]]) -> list[End]:
    base = final(data.baseline)
    if base is None or not points:
        return []
    mean, shade = mean_and_half(base)[0], palette.color(6)
    axes.plot([0, points[-1][0]], [mean, mean], color=shade, linewidth=1.2, linestyle=(0, (4, 3)))
    return [(points[-1][0], mean, f"random policy {mean:.2f}", shade)]


def _curve_caption(data: RunData, measured: Sequence[Evaluation], game: Game, of: str) -> str:
    target = (
        "the unmodified game" if of_the_game(data) else f"the target {words.clip(str(data.settings['target']), 60)}"
    )
    said = f"Top: mean return of an episode on {target} over environment steps{of}"
    said += f"; the highest return possible is {game.max_return:g}. " if of_the_game(data) else ". "
    said += "Training: episodes of the target's environments in each cycle. "
    if measured:
        said += f"Evaluated: first episodes of {len(measured[-1].returns)} held-out worlds, with 95 % intervals. "
    if (base := final(data.baseline)) is not None:
        said += f"Random policy: uniformly random actions in {len(base.returns)} worlds. "
    else:
        said += "No random policy was measured (dicode eval RUN policy=random). "
    return said + (
        "Bottom: levels by status, from A (solved in 75 % of the episodes or more) through B (50 %) and C (25 %) to D."
    )


def _statuses(axes: Axes, rows: Rows) -> None:
    known = [row for row in rows if row.get("status")]
    style.dress(axes, "Levels by status", "environment steps", "levels")
    if not known:
        style.say(axes, "no levels beside the target")
        return
    steps = [0, *(row["env_steps"] for row in known)]
    order = "DCBA"
    counts = [[0, *(row["status"].get(status, 0) for row in known)] for status in order]
    shades = [palette.STATUS_COLORS[status] for status in order]
    axes.stackplot(steps, counts, colors=shades, linewidth=0.6, edgecolor="white")
    tops = np.cumsum([each[-1] for each in counts])
    axes.set_ylim(0, max(float(tops[-1]) * 1.08, 1.0))
    middles = [float(top - each[-1] / 2) for top, each in zip(tops, counts, strict=True)]
    ends = [
        (steps[-1], y, f"{status}  {each[-1]}", palette.INK)
        for y, status, each in zip(middles, order, counts, strict=True)
    ]
    style.name_lines(axes, ends)


def achievements(data: RunData, game: Game, path: Path, of: str = "") -> list[Path]:
    """A heat map: achievements (most frequent first) by cycle; beside it the latest rates and a random policy's."""
    table, names, steps = _rates(data.rows)
    made = style.figure(style.PAGE, max(0.2 * len(names) + 1.4, 2.4))
    axes = made.subplots()
    style.dress(axes, f"Achievements on the target{of}", "environment steps", grid="")
    base = final(data.baseline)
    caption = (
        f"Share of the target's training episodes in which each achievement was reached, by cycle{of}; most frequent first, "
        f"those never reached left out. Right: the last cycle{' and a uniformly random policy' if base else ''}."
    )
    if not names:
        style.say(axes, "no achievement was reached on the target yet")
        return style.finish(made, path, caption)
    image = axes.imshow(table, aspect="auto", cmap=_HEAT, vmin=0, vmax=1, interpolation="nearest")
    axes.set_yticks(range(len(names)), [game.plain(name) for name in names])
    ticks = np.unique(np.linspace(0, len(steps) - 1, min(len(steps), 6)).round().astype(int))
    axes.set_xticks(ticks, [palette.short_number(steps[i]) for i in ticks])
    _column(axes, "last", 4, [float(rate) for rate in table[:, -1]], palette.INK)
    if base:
        _column(axes, "random", 42, [base.achievements.get(name) for name in names], palette.FAINT)
    axes.spines["bottom"].set_visible(False)
    bar = made.colorbar(image, ax=axes, orientation="horizontal", shrink=0.35, aspect=30, pad=0.02, anchor=(1.0, 0.0))
    bar.ax.tick_params(labelsize=7, length=0)
    bar.outline.set_visible(False)
    bar.ax.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    bar.set_label("share of episodes", fontsize=7)
    return style.finish(made, path, caption)


def _column(axes: Axes, title: str, offset: float, rates: Sequence[float | None], shade: str) -> None:
    """Rates beside the rows of a heat map, below their title."""
    texts = [
        "–" if rate is None else f"{100 * rate:.0f} %" if rate >= 0.1 or not rate else f"{100 * rate:.1f} %"
        for rate in rates
    ]
    for row, text in [(-0.85, title), *enumerate(texts)]:
        axes.annotate(
            text, (1.0, row), (offset, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center",
            fontsize=7.5, color=shade, annotation_clip=False,
        )  # fmt: skip


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


def levels(snapshot: Snapshot, path: Path, of: str = "") -> list[Path]:
    """Success rate of every level over the cycles in which it was trained, coloured by the cycle of its birth."""
    made = style.figure(style.PAGE, 4.2)
    axes = made.subplots()
    for (status, low), high in zip(STATUS_FLOORS.items(), (1.0, *STATUS_FLOORS.values()), strict=False):
        axes.axhspan(100 * low, 100 * high, color=palette.STATUS_COLORS[status], alpha=0.09, linewidth=0)
        axes.annotate(
            status, (1.0, 50 * (low + high)), (5, 0), xycoords=("axes fraction", "data"),
            textcoords="offset points", va="center", fontsize=9, fontweight="bold", color=palette.INK,
        )  # fmt: skip
    trained = {level: trials for level, trials in snapshot.trials.items() if level != TARGET}
    last = max([1, *(trials[-1].cycle + 1 for trials in trained.values())])
    drawn = 0
    for level, trials in trained.items():
        seen = [trial for trial in trials if trial.episodes]
        rates = [100 * trial.successes / trial.episodes for trial in seen]
        many = len(trained) > 60
        axes.plot(
            [trial.cycle + 1 for trial in seen], rates, color=_AGE((snapshot.levels[level].born + 1) / last),
            linewidth=0.8 if many else 1.3, alpha=0.45 if many else 0.85, marker="" if many and len(seen) > 1 else "o",
            markersize=3,
        )  # fmt: skip
        drawn += bool(seen)
    if not drawn:
        style.say(axes, "no level has finished an episode yet")
    style.dress(axes, f"Success rate of {drawn} levels{of}", "cycle", "% of episodes solved", grid="")
    axes.set_ylim(-3, 103)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    bar = made.colorbar(ScalarMappable(Normalize(1, max(last, 2)), _AGE), ax=axes, pad=0.06, aspect=30)
    bar.set_label("recorded in cycle", fontsize=8)
    bar.ax.tick_params(labelsize=7, length=0)
    bar.ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    bar.outline.set_visible(False)
    risen = "".join(f" {text[0].upper()}{text[1:]}." for text in _climbers(snapshot))
    caption = (
        f"Success rate of every level that finished an episode{of}, a line a level, over the cycles in which it was trained; colour is the cycle "
        f"in which it was recorded. Bands are the statuses A to D.{risen}"
    )
    return style.finish(made, path, caption)


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
