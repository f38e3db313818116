"""Which of several models dreams next: a bandit on what each model's levels taught.

A dream's reward is the best learnability that its level has shown in a cycle, 4 p (1 - p) for success
rate p, so 1 at p = 1/2 and 0 for what is always or never solved; a rejected or lost dream earned 0.
Thompson sampling: each model's mean reward is drawn from its Beta posterior, and the highest draw
dreams, divided by what a dream of that model costs where money is what counts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dicode.types import Accepted, LevelRecord, Origin, Trial

LEAST_USD = 1e-6
"""What a dream counts as costing at least, so that free models can be compared."""


@dataclass(frozen=True)
class Tally:
    """What one model's dreams have come to."""

    rewards: tuple[float, ...] = ()
    usd_per_dream: float = 0.0

    def draw(self, rng: np.random.Generator) -> float:
        """A mean reward as likely as what was seen makes it."""
        return float(rng.beta(1.0 + sum(self.rewards), 1.0 + len(self.rewards) - sum(self.rewards)))


def reward(record: LevelRecord, trials: Sequence[Trial]) -> float | None:
    """What a level taught, 0 to 1; None for one that is accepted and hasn't trained yet."""
    if not isinstance(record.verdict, Accepted):
        return 0.0
    rates = [trial.success_rate for trial in trials]
    shown = [4.0 * rate * (1.0 - rate) for rate in rates if rate is not None]
    return max(shown) if shown else None


def rewards(
    levels: Iterable[LevelRecord], trials: Mapping[str, Sequence[Trial]], author: Mapping[str, str]
) -> dict[str, list[float]]:
    """Rewards by model; `author` names the model of a journal key."""
    found: dict[str, list[float]] = {}
    for record in sorted(levels, key=lambda record: record.id):
        model = author.get(record.requests[0]) if record.requests else None
        earned = reward(record, trials.get(record.id, ()))
        if record.origin is Origin.FOUNDATION and model is not None and earned is not None:
            found.setdefault(model, []).append(earned)
    return found


def choose(tallies: Mapping[str, Tally], rng: np.random.Generator, per_dollar: bool) -> str:
    """The name of the model that dreams; ties go to the first."""
    drawn = {name: tally.draw(rng) for name, tally in tallies.items()}
    if per_dollar:
        drawn = {name: value / max(tallies[name].usd_per_dream, LEAST_USD) for name, value in drawn.items()}
    return max(drawn, key=lambda name: drawn[name])
