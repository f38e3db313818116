"""What a cycle's sums say about the levels that were trained in it."""

from collections.abc import Sequence
from dataclasses import fields

import numpy as np

from dicode.curriculum import scores
from dicode.games.host import HostGame
from dicode.learner import statistics
from dicode.learner.types import Statistics
from dicode.types import Slot, Trial


def trials(game: HostGame, stats: Statistics, slots: Sequence[Slot], cycle: int) -> tuple[Trial, ...]:
    """What the cycle's sums say about the level in each used slot."""
    sums = {field.name: np.asarray(getattr(stats.levels, field.name)) for field in fields(stats.levels)}
    sums["positive_value_loss"] = np.asarray(statistics.positive_value_loss(stats.scores))
    sums["max_mc"] = np.asarray(statistics.max_mc(stats.scores))
    sums["return_max"] = np.asarray(stats.scores.max_return)
    return scores.trials_of(sums, slots, cycle, game)
