"""How long a level keeps its slot, counted in environment steps: until it is mastered, hopeless, or flat for long.

Cycles differ between presets by a factor of a thousand, what an agent needs to learn a level does not; so a lifetime is
given in steps, and a cycle's share of them follows from the run.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dicode.curriculum.scores import MIN_EPISODES, pooled, status
from dicode.types import Status, Trial


@dataclass(frozen=True)
class Lifetime:
    """What a level is granted."""

    cycles: int
    """In which it may go without learning anything more; at least 2, so that there are two halves to compare."""
    hopeless: int
    """Without a single success, after which it is hopeless; with a few, see `hopeless_below`."""
    min_episodes: int = MIN_EPISODES
    hopeless_below: float = 0.0
    """A level is hopeless, too, whose success rate in its latest `hopeless` cycles is below this and has not risen."""

    @classmethod
    def of_steps(
        cls, steps: float, steps_a_cycle: float, min_episodes: int = MIN_EPISODES, hopeless_below: float = 0.0
    ) -> "Lifetime":
        """The lifetime in cycles of `steps_a_cycle` steps in a slot; a quarter of it is granted without a success."""
        cycles = max(2, math.ceil(steps / steps_a_cycle))
        return cls(cycles, max(2, math.ceil(cycles / 4)), min_episodes, hopeless_below)


def end(trials: Sequence[Trial], granted: Callable[[int], Lifetime]) -> str:
    """Why a level with these trials, oldest first, has given up its slot: `mastered`, `hopeless`, `flat`; empty if it stays.

    `granted`: what a level is granted, by cycle, as a slot's steps change where the target's share does. Once is for good: what a replay shows later does not bring it back.
    """
    reasons = (_end_after(trials[:count], granted(trials[count - 1].cycle)) for count in range(1, len(trials) + 1))
    return next((reason for reason in reasons if reason), "")


def _end_after(trials: Sequence[Trial], granted: Lifetime) -> str:
    if status(pooled(trials, granted.min_episodes), granted.min_episodes) is Status.A:
        return "mastered"
    if len(trials) >= granted.hopeless and _hopeless(trials, granted):
        return "hopeless"
    return "flat" if len(trials) >= granted.cycles and not _rises(trials[-granted.cycles :]) else ""


def _hopeless(trials: Sequence[Trial], granted: Lifetime) -> bool:
    episodes, successes = _sums(trials)
    if not successes:
        return episodes >= granted.min_episodes
    episodes, successes = _sums(trials[-granted.hopeless :])
    return episodes >= granted.min_episodes and successes < granted.hopeless_below * episodes and not _rises(trials)


def _rises(trials: Sequence[Trial]) -> bool:
    """Whether the later half's success rate lies more than a standard error of the difference above the earlier half's."""
    half = len(trials) // 2
    (before, good_before), (after, good_after) = _sums(trials[:half]), _sums(trials[half:])
    if not before or not after:
        return False
    rate = (good_before + good_after) / (before + after)
    error = math.sqrt(rate * (1.0 - rate) * (1.0 / before + 1.0 / after))
    return good_after / after - good_before / before > error


def _sums(trials: Sequence[Trial]) -> tuple[int, int]:
    return sum(t.episodes for t in trials), sum(t.successes for t in trials)
