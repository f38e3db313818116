"""Level scores: how much an agent could still learn from each level.

A score is a function of a `Trial` alone, so any method can use any score. Statistics of a single cycle may
be too thin; `pooled` joins a level's latest trials until there are enough episodes.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from dicode.errors import ConfigError, nearest
from dicode.types import OUT_OF_TIME, STATUS_FLOORS, Slot, Status, Trial

MIN_EPISODES = 20
"""Finished episodes that a status or a score needs."""

POOLING_WINDOW = 4
"""Cycles over which trials may be joined; older ones speak of another agent."""

Score = Callable[[Trial], float]


def learnability(trial: Trial) -> float:
    """p(1 - p) for success rate p: the variance of success (Rutherford et al., 2024). Zero without an episode."""
    rate = trial.success_rate
    return 0.0 if rate is None else rate * (1.0 - rate)


def achievement_learnability(trial: Trial) -> float:
    """Sum of q(1 - q) over the success rates q of the achievements.

    For levels without a goal that can be met, such as whole worlds of the game, where p is always 0.
    """
    return float(sum(rate * (1.0 - rate) for rate in trial.achievements.values()))


def positive_value_loss(trial: Trial) -> float:
    """Mean positive part of the advantages of an episode, over episodes: a regret estimate (Jiang et al., 2021)."""
    return trial.positive_value_loss


def max_mc(trial: Trial) -> float:
    """Best return seen on the level minus the value estimate, averaged over each episode, then over episodes
    (Jiang et al., 2021)."""
    return trial.max_mc


ROLLOUTS = 5
"""Rollouts of a level over which the released SFL takes the spread of returns."""


def return_spread(trial: Trial) -> float:
    """Standard error that the mean return of five episodes would have: how much luck decides on the level."""
    return trial.return_std / math.sqrt(ROLLOUTS)


def near_the_batch(trials: Sequence[Trial]) -> dict[str, float]:
    """Scores by level as the released SFL gives them: the spread x a bell curve of the mean return + 1e-4 of that.

    The bell is the normal density around the mean of the batch's mean returns. Its width is their *variance*, where
    one would expect the standard deviation: that is what was published. 1 for all where the means are alike.
    """
    means = np.array([trial.return_mean for trial in trials])
    width = float(means.var()) if len(trials) else 0.0
    bell = np.ones(len(trials))
    if width > 0:
        bell = np.exp(-0.5 * ((means - means.mean()) / width) ** 2) / (math.sqrt(2.0 * math.pi) * width)
    return {
        trial.level: return_spread(trial) * float(weight) + 1e-4 * trial.return_mean
        for trial, weight in zip(trials, bell, strict=True)
    }


SCORES: Mapping[str, Score] = {
    "learnability": learnability,
    "achievement_learnability": achievement_learnability,
    "positive_value_loss": positive_value_loss,
    "max_mc": max_mc,
    "return_spread": return_spread,
}


def score_named(name: str) -> Score:
    """The score called `name`; `ConfigError` for a name that is none."""
    if name not in SCORES:
        raise ConfigError(f"score is {name!r}; choose one of {', '.join(SCORES)}{nearest(name, SCORES)}")
    return SCORES[name]


def status(trial: Trial | None, min_episodes: int = MIN_EPISODES) -> Status:
    """Mastery by success rate, as `STATUS_FLOORS` says; unscored below `min_episodes`."""
    if trial is None or trial.episodes < max(min_episodes, 1):
        return Status.UNSCORED
    rate = trial.successes / trial.episodes
    return next(status for status, floor in STATUS_FLOORS.items() if rate >= floor)


def pooled(trials: Sequence[Trial], min_episodes: int = MIN_EPISODES, window: int = POOLING_WINDOW) -> Trial | None:
    """The latest trials of one level joined until they hold `min_episodes`, none older than `window` cycles.

    Means are weighted by episodes. None where there are still too few; the result bears the latest cycle.
    """
    joined: Trial | None = None
    for trial in reversed(trials):
        if joined is not None and joined.cycle - trial.cycle >= window:
            break
        joined = trial if joined is None else _join(trial, joined)
        if joined.episodes >= max(min_episodes, 1):
            return replace(joined, score=None)
    return None


def scored(trials: Sequence[Trial], score: Score, min_episodes: int, window: int = POOLING_WINDOW) -> Trial:
    """The last of `trials`, all that a level has, with its score, taken on what `pooled` gives; None where that is None.

    Its MaxMC is that of the highest return ever seen on the level, so that cycles can be compared.
    """
    whole = pooled(trials, min_episodes, window)
    last = _with_best_ever(trials[-1], trials)
    return replace(last, score=None if whole is None else float(score(_with_best_ever(whole, trials))))


def _with_best_ever(whole: Trial, trials: Sequence[Trial]) -> Trial:
    best = max((trial.return_max for trial in trials if trial.return_max is not None), default=None)
    return replace(whole, max_mc=_max_mc_against(whole, best))


def _max_mc_against(trial: Trial, highest: float | None) -> float:
    """A trial's MaxMC as it is if `highest` was once reached on its level: it is linear in the highest return."""
    if trial.return_max is None or highest is None:
        return trial.max_mc
    return trial.max_mc + max(highest - trial.return_max, 0.0)


class Names(Protocol):
    """What the entries of a game's vectors are called, in their order: see `dicode.games.host.HostGame`."""

    @property
    def achievements(self) -> tuple[str, ...]:
        """Of `achievements`."""
        ...

    @property
    def endings(self) -> tuple[str, ...]:
        """Of `endings`."""
        ...

    @property
    def occupations(self) -> tuple[str, ...]:
        """Of `occupations`."""
        ...


def trials_of(stats: Mapping[str, np.ndarray], slots: Sequence[Slot], cycle: int, names: Names) -> tuple[Trial, ...]:
    """Sums per slot as trials, in the order of `slots`.

    `stats` holds, with leading axis L >= len(slots): episodes, successes, return_sum, return_squares,
    length_sum, achievements[L, A] (episodes that reached each), endings[L, K] (episodes that each ended),
    occupations[L, S] (steps), return_max (-inf without an episode), and the means positive_value_loss and max_mc.
    """
    return tuple(_trial(stats, row, slot.level, cycle, names) for row, slot in enumerate(slots))


def _trial(stats: Mapping[str, np.ndarray], row: int, level: str, cycle: int, names: Names) -> Trial:
    episodes = int(stats["episodes"][row])
    count = max(episodes, 1)

    def shares(kinds: Sequence[str], counts: np.ndarray, whole: int) -> dict[str, float]:
        return {kind: int(many) / max(whole, 1) for kind, many in zip(kinds, counts, strict=True) if many > 0}

    # An episode may go on after its goal until time is up, so that a time limit alone is no failure.
    endings = np.append(stats["endings"][row], episodes - stats["successes"][row] - stats["endings"][row].sum())
    mean = float(stats["return_sum"][row]) / count
    return Trial(
        level=level,
        cycle=cycle,
        episodes=episodes,
        successes=int(stats["successes"][row]),
        return_mean=mean,
        length_mean=float(stats["length_sum"][row]) / count,
        achievements=shares(names.achievements, stats["achievements"][row], episodes),
        endings=shares((*names.endings, OUT_OF_TIME), endings, episodes),
        occupations=shares(names.occupations, stats["occupations"][row], int(stats["length_sum"][row])),
        positive_value_loss=float(stats["positive_value_loss"][row]),
        max_mc=float(stats["max_mc"][row]),
        return_max=float(stats["return_max"][row]) if np.isfinite(stats["return_max"][row]) else None,
        return_std=_spread(float(stats["return_squares"][row]) / count, mean),
    )


def _spread(mean_square: float, mean: float) -> float:
    return math.sqrt(max(mean_square - mean**2, 0.0))


def _join(older: Trial, newer: Trial) -> Trial:
    episodes = older.episodes + newer.episodes
    weight = newer.episodes / episodes if episodes else 1.0

    def mean(old: float, new: float) -> float:
        return new * weight + old * (1.0 - weight)

    return_mean = mean(older.return_mean, newer.return_mean)
    squares = (trial.return_std**2 + trial.return_mean**2 for trial in (older, newer))
    highest = max((r for r in (older.return_max, newer.return_max) if r is not None), default=None)

    def shares(old: Mapping[str, float], new: Mapping[str, float]) -> dict[str, float]:
        return {name: mean(old.get(name, 0.0), new.get(name, 0.0)) for name in sorted(old.keys() | new.keys())}

    return replace(
        newer,
        episodes=episodes,
        successes=older.successes + newer.successes,
        return_mean=return_mean,
        length_mean=mean(older.length_mean, newer.length_mean),
        achievements=shares(older.achievements, newer.achievements),
        endings=shares(older.endings, newer.endings),
        occupations=shares(older.occupations, newer.occupations),
        positive_value_loss=mean(older.positive_value_loss, newer.positive_value_loss),
        max_mc=mean(_max_mc_against(older, highest), _max_mc_against(newer, highest)),
        return_max=highest,
        return_std=_spread(mean(*squares), return_mean),
    )
