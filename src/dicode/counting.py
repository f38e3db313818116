"""Which episodes of a cycle count: those that began early enough to have ended in any case.

Environments start afresh in every cycle and stop when it is over. Of the episodes that have ended by then, long ones
are too few: a rate over them favours whatever is short. Whether an episode *began* early enough, on the other hand, was
settled before anything in it happened. Every rate, mean and minimum of episodes is taken over these.
See `docs/design/statistics.md`.
"""

from dataclasses import dataclass

from dicode.errors import ConfigError

FOREVER = 2**31 - 1
"""A step that never comes."""


@dataclass(frozen=True)
class Counting:
    """How many steps an environment plays in a cycle, and how many of the last ones scores are taken from."""

    cycle_steps: int = FOREVER
    """The default counts every episode: for evaluation, which looks at first episodes, and for tests."""
    score_steps: int = 0
    """0: all of the cycle."""


EVERYTHING = Counting()


def counted_starts(counting: Counting, episode_limit: int) -> tuple[int, int]:
    """First and last step, counted from the cycle's start, at which an episode that counts begins.

    The last is the one from which `episode_limit` steps still fit. The first is `score_steps` before the cycle's end,
    but never less than `episode_limit` steps before the last: so many steps hold a beginning in every environment,
    and fewer would leave levels with long episodes without any. It depends on the settings alone, never on what
    was played, so it favours nothing. Raises `ConfigError` where no episode is sure to end.
    """
    last = counting.cycle_steps - episode_limit
    if last < 0:
        raise ConfigError(
            f"an episode of up to {episode_limit} steps may not end within the {counting.cycle_steps} steps of a cycle; "
            f"use episode_limit={counting.cycle_steps} or less, or more updates_per_cycle"
        )
    scored = counting.score_steps or counting.cycle_steps
    return max(0, min(counting.cycle_steps - scored, last - episode_limit)), last
