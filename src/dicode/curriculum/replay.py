"""Which levels are played again, and which stay in the active set.

Nothing here depends on the order in which levels were inserted: equal scores share their average rank, and
where a choice between equals must be made, a hash of (seed, stream, cycle, level id) makes it.
"""

import math
from collections.abc import Iterable, Mapping

import numpy as np

from dicode.streams import Streams
from dicode.types import LevelRecord

_LEAST = 1e-300
"""Weight of a level that the score and the staleness would never draw: it comes when no other is left."""


def uniform(streams: Streams, stream: str, cycle: int, level: str) -> float:
    """A number in (0, 1) that belongs to one level in one cycle."""
    return (streams.entropy(stream, cycle, level) % 2**53 + 0.5) / 2**53


def best_first(scores: Mapping[str, float], streams: Streams, cycle: int) -> list[str]:
    """Levels by falling score; equal scores in the order of a keyed hash, another one each cycle."""
    return sorted(scores, key=lambda level: (-scores[level], uniform(streams, "ties", cycle, level), level))


def ranks(scores: Mapping[str, float]) -> dict[str, float]:
    """Rank 1 for the highest score; equal scores share the average of their ranks."""
    values = np.array(list(scores.values()), dtype=np.float64)
    if values.size == 0:
        return {}
    _, group, counts = np.unique(-values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    average = last - (counts - 1) / 2
    return dict(zip(scores, average[group].tolist(), strict=True))


def replay_weights(
    scores: Mapping[str, float],
    last_played: Mapping[str, int],
    cycle: int,
    staleness: float = 0.3,
    temperature: float = 1.0,
) -> dict[str, float]:
    """Sampling weights above 0 that sum to 1, whatever the temperature (Jiang et al., 2021).

    (1 - staleness) x score weight + staleness x staleness weight, each normalised first; the score weight is
    (1 / rank)^(1 / temperature), the staleness weight the cycles since the level was last played (equal for
    all if every one of them is 0).
    """
    if not scores:
        return {}
    logs = {level: -math.log(rank) / temperature for level, rank in ranks(scores).items()}
    # Relative to the best: at a low temperature all powers together would vanish.
    best = max(logs.values())
    by_rank = {level: math.exp(log - best) for level, log in logs.items()}
    age = {level: float(max(cycle - last_played[level], 0)) for level in scores}
    score_sum, age_sum = math.fsum(by_rank.values()), math.fsum(age.values())
    weights = {
        level: (1.0 - staleness) * by_rank[level] / score_sum
        + staleness * (age[level] / age_sum if age_sum > 0 else 1.0 / len(scores))
        for level in scores
    }
    return {level: max(weight, _LEAST) for level, weight in weights.items()}


def draw(weights: Mapping[str, float], count: int, streams: Streams, stream: str, cycle: int) -> list[str]:
    """At most `count` levels without replacement, as if drawn one after the other by weight.

    Every level has its own uniform number u and the smallest -log(u) / weight win (Efraimidis and Spirakis,
    2006), so a draw depends on nothing but the weights, the seed, the stream and the cycle. Weight 0 is never drawn.
    """
    arrival = {
        level: -math.log(uniform(streams, stream, cycle, level)) / weight
        for level, weight in weights.items()
        if weight > 0
    }
    return sorted(arrival, key=lambda level: (arrival[level], level))[: max(count, 0)]


def sample(
    levels: Iterable[LevelRecord],
    count: int,
    cycle: int,
    streams: Streams,
    staleness: float = 0.3,
    temperature: float = 1.0,
) -> list[str]:
    """At most `count` scored levels, by `replay_weights`, without replacement; unscored ones are left out."""
    pool = [level for level in levels if level.score is not None and level.last_trained is not None]
    scores = {level.id: level.score for level in pool if level.score is not None}
    played = {level.id: level.last_trained for level in pool if level.last_trained is not None}
    return draw(replay_weights(scores, played, cycle, staleness, temperature), count, streams, "replay", cycle)


def activate(
    active: Mapping[str, float],
    newcomers: Mapping[str, float],
    capacity: int,
    threshold: float,
    streams: Streams,
    cycle: int,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(activated, deactivated) when `newcomers` knock at the active set; both map level to score.

    A newcomer at `threshold` or below stays out. While there is room it enters, then it enters when its score
    reaches that of the worst active level, which leaves. Best newcomers come first, so this is keeping the
    `capacity` best of all, a newcomer before an old level where scores are equal.
    """
    entering = {level: score for level, score in newcomers.items() if score > threshold and level not in active}
    everyone = dict(active) | entering
    order = sorted(
        everyone,
        key=lambda level: (-everyone[level], level in active, uniform(streams, "ties", cycle, level), level),
    )
    kept = set(order[:capacity])
    activated = tuple(level for level in order if level in kept and level in entering)
    deactivated = tuple(level for level in order if level not in kept and level in active)
    return activated, deactivated
