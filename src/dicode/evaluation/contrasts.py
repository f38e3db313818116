"""One group against each other one, paired by the seeds that both have: differences, intervals, Holm's correction.

What is contrasted is what is asked for, or else the first of these that every run has: success on the graded suite (a
task a level), on the target's goal, the target's return.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

import numpy as np

from dicode.errors import RunError, nearest
from dicode.evaluation import statistics
from dicode.evaluation.compare import QUANTITIES, Comparison, Group, rng_of
from dicode.evaluation.results import GRADED, HELDOUT, TARGET, Evaluation, RunResult
from dicode.evaluation.statistics import Estimate

MEASURES = {"graded": GRADED, "solved": TARGET, "return": TARGET, "suite": HELDOUT}
"""What can be contrasted, by its name in `QUANTITIES`, with the protocol that measures it."""
_FEWEST_SEEDS = 3
"""Fewer pairs give no interval: two can be redrawn in three ways only."""


@dataclass(frozen=True)
class Contrast:
    """The first group minus the second, over `pairs` seeds; without enough pairs the intervals have no width."""

    other: str
    pairs: int
    mean: Estimate
    iqm: Estimate
    """Of the IQMs, each over seeds and tasks."""
    p: float
    """Two-sided, of the mean, by exchanging the groups within seeds, after Holm over all contrasts."""


@dataclass(frozen=True)
class Contrasts:
    """A group against all others."""

    one: str
    quantity: str
    """Name in `QUANTITIES`."""
    each: tuple[Contrast, ...]
    levels: str = "*"
    """Which of a suite's levels are meant."""


def contrasts(comparison: Comparison, one: str, on: str | None = None, levels: str = "*") -> Contrasts:
    """`one` against every other group, `on` one of `MEASURES`, of a suite only `levels`, a pattern of their names.

    Raises RunError for an unknown group, one that shares no seed with another or has one twice, or what not all were measured on.
    """
    groups = {group.name: group for group in comparison.groups}
    if one not in groups:
        raise RunError(f"no group is called {one!r}{nearest(one, groups)} (groups: {', '.join(groups)})")
    if len(groups) < 2:
        raise RunError(f"{one} is the only group; a contrast needs another")
    quantity, scores_of = _measured(comparison.groups, on, levels)
    found, raw = [], []
    for other in groups.values():
        if other.name == one:
            continue
        seeds = sorted(_seeds(groups[one]).keys() & _seeds(other).keys())
        if not seeds:
            raise RunError(f"{one} and {other.name} have no seed in common, so they can't be paired")
        pair = [np.stack([scores_of(_seeds(group)[seed]) for seed in seeds]) for group in (groups[one], other)]
        rng = rng_of(f"{one} against {other.name}")
        mean, iqm = (
            statistics.paired(statistic, pair[0], pair[1], rng=rng) for statistic in (statistics.mean, statistics.iqm)
        )
        if len(seeds) < _FEWEST_SEEDS:
            mean, iqm = _bare(mean), _bare(iqm)
        raw.append(statistics.exchange_test(pair[0], pair[1], rng))
        found.append(Contrast(other.name, len(seeds), mean, iqm, raw[-1]))
    corrected = statistics.holm(np.array(raw))
    return Contrasts(
        one, quantity, tuple(replace(c, p=float(p)) for c, p in zip(found, corrected, strict=True)), levels
    )


def markdown(found: Contrasts, cell: Callable[[str], str]) -> str:
    """The contrasts as a table; `cell` makes a name safe to show."""
    percent = found.quantity != "return"
    only = f" ({cell(found.levels)})" if found.levels != "*" else ""
    lines = [
        f"| {cell(found.one)} against | pairs | mean difference | difference of the IQMs | p |",
        "|---|---|---|---|---|",
        *(
            f"| {cell(c.other)} | {c.pairs} | {_points(c.mean, percent)} | {_points(c.iqm, percent)} | {c.p:.3g} |"
            for c in found.each
        ),
        "",
        f"Contrasts of the {QUANTITIES[found.quantity]}{only}{', in points' * percent}, paired by seed: 95 % paired bootstrap "
        f"intervals (from {_FEWEST_SEEDS} pairs on), seeds redrawn whole; p of the mean by exchange within seeds, two-sided, after Holm.",
    ]
    return "\n".join(lines) + "\n"


def _bare(estimate: Estimate) -> Estimate:
    return Estimate(estimate.value, estimate.value, estimate.value)


def _points(estimate: Estimate, percent: bool) -> str:
    scale = 100.0 if percent else 1.0
    value, low, high = (f"{scale * x:+.3g}" for x in (estimate.value, estimate.low, estimate.high))
    return value if low == high else f"{value} [{low}, {high}]"


def _seeds(group: Group) -> Mapping[str, RunResult]:
    """A group's runs by seed. Raises RunError where two have the same one, which compare can be told to allow."""
    runs = {str(run.config.get("seed")): run for run in group.runs}
    if len(runs) < len(group.runs):
        raise RunError(f"{group.name} has more runs than seeds, so its runs can't be paired by seed")
    return runs


def _measured(groups: tuple[Group, ...], on: str | None, levels: str) -> tuple[str, Callable[[RunResult], np.ndarray]]:
    """What is contrasted, and a run's values of it, [K]."""
    there = [name for name in MEASURES if _all_measured(groups, name)]
    quantity = next(name for name in there if name != "suite") if on is None else on
    if quantity not in there:
        close = nearest(quantity, there)
        raise RunError(f"not all of these runs were measured on {quantity!r}{close}; all were on {', '.join(there)}")
    protocol = MEASURES[quantity]
    if protocol == TARGET:
        if levels != "*":
            raise RunError(f"{quantity} is of the target, which has no levels to choose from; see --on graded or suite")
        return quantity, _returns if quantity == "return" else _solved
    played = sorted(_final(groups[0].runs[0], protocol).success)
    chosen = [level for level in played if fnmatchcase(level, levels)]
    if not chosen:
        raise RunError(f"no level is called {levels!r}{nearest(levels, played)} (levels: {', '.join(played)})")

    def suite(run: RunResult) -> np.ndarray:
        success = _final(run, protocol).success
        return np.array([success[level] for level in chosen])

    return quantity, suite


def _all_measured(groups: tuple[Group, ...], quantity: str) -> bool:
    """Whether every group was, of a suite on the same levels."""
    played = {frozenset(final.success) for group in groups for final in group.finals(MEASURES[quantity])}
    alike = MEASURES[quantity] == TARGET or len(played) == 1
    return alike and all(quantity in group.estimates for group in groups)


def _returns(run: RunResult) -> np.ndarray:
    return np.array([_final(run).returns.mean()])


def _solved(run: RunResult) -> np.ndarray:
    return np.array([_final(run).success[TARGET]])


def _final(run: RunResult, protocol: str = TARGET) -> Evaluation:
    final = run.final(protocol)
    assert final is not None, f"{run.name} is in a group that has been evaluated"
    return final
