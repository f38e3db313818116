"""Statistics for few seeds: interquartile means, bootstrap over seeds, probability of improvement, profiles, CVaR.

Scores of one method are an array [S, K]: S seeds (or runs), K tasks (levels, worlds, achievements; 1 for a single
number). Estimators reduce the last two axes, so that they apply to one array or to a stack of bootstrap
samples. After Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical Precipice" (2021), but for what is
redrawn: there a run plays one task, here one agent plays them all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

Statistic = Callable[..., np.ndarray]
"""Arrays [..., S, K], one a sample, -> [...]."""

REPEATS = 2000


@dataclass(frozen=True)
class Estimate:
    """A value with the ends of its interval."""

    value: float
    low: float
    high: float


def mean(scores: np.ndarray) -> np.ndarray:
    """Mean over seeds and tasks."""
    means: np.ndarray = scores.mean(axis=(-2, -1))
    return means


def iqm(scores: np.ndarray) -> np.ndarray:
    """Interquartile mean: the mean without the lowest and the highest quarter (each rounded down) of all S x K values.

    With fewer than four values nothing is cut and this is the mean.
    """
    flat = np.sort(scores.reshape(*scores.shape[:-2], -1), axis=-1)
    cut = flat.shape[-1] // 4
    means: np.ndarray = flat[..., cut : flat.shape[-1] - cut].mean(axis=-1)
    return means


def probability_of_improvement(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """P(a run of `one` scores above a run of `other`), ties count half, averaged over tasks; [..., S, K] and [..., S', K]."""
    difference = one[..., :, None, :] - other[..., None, :, :]
    won: np.ndarray = ((difference > 0) + 0.5 * (difference == 0)).mean(axis=(-3, -2, -1))
    return won


def bootstrap(
    statistic: Statistic,
    *samples: np.ndarray,
    rng: np.random.Generator,
    level: float = 0.95,
    repeats: int = REPEATS,
) -> Estimate:
    """The statistic and its percentile interval under a stratified bootstrap: every sample is a stratum.

    Its S seeds are redrawn with replacement, each with all its tasks: they are one agent's, good or bad together, and
    redrawn apart they would pass for S x K independent runs. With a single seed the interval has no width, which says
    nothing about certainty.
    """
    arrays = [_two_axes(sample) for sample in samples]
    draws = [_redraw(array, repeats, rng) for array in arrays]
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(statistic(*draws), [tail, 1.0 - tail])
    return Estimate(float(statistic(*arrays)), float(low), float(high))


def paired(
    statistic: Statistic,
    one: np.ndarray,
    other: np.ndarray,
    *,
    rng: np.random.Generator,
    level: float = 0.95,
    repeats: int = REPEATS,
) -> Estimate:
    """statistic(one) - statistic(other) with its interval; row s of both arrays is the same seed.

    As in `bootstrap`, but a seed is drawn for both samples at once, so what a seed does to both cancels.
    """
    arrays = _pair(one, other)
    rows = rng.integers(arrays[0].shape[0], size=(repeats, arrays[0].shape[0]))
    drawn = [statistic(array[rows]) for array in arrays]
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(drawn[0] - drawn[1], [tail, 1.0 - tail])
    return Estimate(float(statistic(arrays[0]) - statistic(arrays[1])), float(low), float(high))


def exchange_test(one: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> float:
    """Two-sided p of no difference in the mean: how often one as large comes of exchanging the samples in some of the seeds.

    Exact for few seeds (all 2^S exchanges, so p is never below 2 / 2^S), by `REPEATS` draws for many. After Fisher.
    """
    left, right = _pair(one, other)
    differences = (left - right).mean(axis=1)
    seeds = differences.size
    if 2**seeds <= REPEATS:
        kept = (np.arange(2**seeds)[:, None] >> np.arange(seeds)) & 1 == 0
    else:
        kept = np.concatenate([np.ones((1, seeds), bool), rng.integers(2, size=(REPEATS - 1, seeds)) == 0])
    found = np.abs(np.where(kept, differences, -differences).mean(axis=1))
    # As large but for rounding, which is that of the differences, however small their mean.
    return float((found >= found[0] - 1e-9 * np.abs(differences).max()).mean())


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's step-down correction of p-values [M]: what each must be below the level to be rejected with all before it."""
    order = np.argsort(p)
    stepped = np.maximum.accumulate((p.size - np.arange(p.size)) * p[order])
    corrected = np.empty_like(p, dtype=np.float64)
    corrected[order] = np.minimum(stepped, 1.0)
    return corrected


def worth(reached: np.ndarray, half: np.ndarray, full: np.ndarray) -> np.ndarray:
    """What a step on a level is worth in steps on the target: (R - R_half) / (R_full - R_half), of mean scores.

    `full`: every environment plays the target; `half`: only the share that it has in the run that `reached`, with the
    same number of updates. 0: what the levels get is lost; 1: nothing is. Arrays [..., S, 1] -> [...].
    """
    found: np.ndarray = (mean(reached) - mean(half)) / (mean(full) - mean(half))
    return found


def bands(
    curves: np.ndarray, rng: np.random.Generator, level: float = 0.95, repeats: int = REPEATS
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(mean, low, high), each [X], of S curves [S, X]: whole curves are redrawn, so that a band stays smooth."""
    rows = rng.integers(len(curves), size=(repeats, len(curves)))
    weights = np.stack([np.bincount(row, minlength=len(curves)) for row in rows]) / len(curves)
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(weights @ curves, [tail, 1.0 - tail], axis=0)
    return curves.mean(axis=0), low, high


def performance_profile(scores: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Share of all S x K values above each threshold; [..., S, K] and [X] -> [..., X]."""
    flat = np.sort(scores.reshape(*scores.shape[:-2], -1), axis=-1)
    above: np.ndarray = (flat[..., None, :] > thresholds[:, None]).mean(axis=-1)
    return above


def cvar(values: np.ndarray, share: float = 0.1) -> float:
    """Conditional value at risk: the mean of the worst `share` of the values (at least one of them)."""
    count = max(int(np.ceil(share * values.size)), 1)
    return float(np.sort(values, axis=None)[:count].mean())


def wilson(successes: int, trials: int, level: float = 0.95) -> Estimate:
    """A success rate with Wilson's interval; without a trial the rate is 0 and the interval 0 to 1."""
    if trials <= 0:
        return Estimate(0.0, 0.0, 1.0)
    z = NormalDist().inv_cdf(0.5 + level / 2.0)
    rate, weight = successes / trials, z * z / trials
    middle = (rate + weight / 2.0) / (1.0 + weight)
    half = z / (1.0 + weight) * np.sqrt(rate * (1.0 - rate) / trials + weight / (4.0 * trials))
    low = 0.0 if successes == 0 else max(middle - half, 0.0)
    high = 1.0 if successes == trials else min(middle + half, 1.0)
    return Estimate(rate, float(low), float(high))


def _two_axes(sample: np.ndarray) -> np.ndarray:
    array = np.asarray(sample, dtype=np.float64)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or array.size == 0 or not np.isfinite(array).all():
        raise ValueError(f"scores must be finite and of shape [seeds] or [seeds, tasks]; got shape {array.shape}")
    return array


def _pair(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    arrays = _two_axes(one), _two_axes(other)
    if arrays[0].shape != arrays[1].shape:
        raise ValueError(f"paired scores have shapes {arrays[0].shape} and {arrays[1].shape}")
    return arrays


def _redraw(array: np.ndarray, repeats: int, rng: np.random.Generator) -> np.ndarray:
    redrawn: np.ndarray = array[rng.integers(array.shape[0], size=(repeats, array.shape[0]))]
    return redrawn
