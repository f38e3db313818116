"""A level keeps its slot for a number of steps, not of cycles, and gives it up for a reason."""

from dataclasses import replace

import pytest

from dicode.curriculum.lifetime import Lifetime, end
from dicode.types import Trial

pytestmark = pytest.mark.fast
GRANTED = Lifetime(cycles=8, hopeless=2)


def always(granted: Lifetime):
    return lambda cycle: granted


def history(*rates: float, episodes: int = 40) -> list[Trial]:
    return [Trial("a", c, episodes, round(episodes * rate), 0.0, 10.0) for c, rate in enumerate(rates)]


@pytest.mark.parametrize(("a_cycle", "cycles"), [(1e6, 2), (1e5, 2), (8192, 13), (1000, 100)])
def test_a_lifetime_follows_from_the_steps_that_a_slot_gets_in_a_cycle(a_cycle, cycles):
    granted = Lifetime.of_steps(1e5, a_cycle)
    assert granted.cycles == cycles
    assert granted.hopeless == max(2, -(-cycles // 4))


@pytest.mark.parametrize(
    ("rates", "reason"),
    [
        ([0.1, 0.3, 0.8], "mastered"),
        ([0.8, 0.0, 0.0], "mastered"),
        ([0.0], ""),
        ([0.0, 0.0], "hopeless"),
        ([0.0, 0.05, 0.0], ""),
        ([0.3] * 7, ""),
        ([0.3] * 8, "flat"),
        ([0.5, 0.4, 0.4, 0.4, 0.3, 0.3, 0.3, 0.3], "flat"),
        ([0.05 * c for c in range(1, 13)], ""),
        ([*[0.05 * c for c in range(1, 9)], *[0.4] * 9], "flat"),
    ],
)
def test_why_a_level_gives_up_its_slot(rates, reason):
    assert end(history(*rates), always(GRANTED)) == reason


@pytest.mark.parametrize(
    ("rates", "reason"),
    [
        ([0.05], ""),
        ([0.05, 0.05], "hopeless"),
        ([0.05, 0.2], ""),
        ([0.2, 0.15, 0.15], ""),
        ([0.3, 0.05, 0.05], "hopeless"),
        ([0.0, 0.075, 0.1], ""),
    ],
)
def test_a_level_that_is_seldom_solved_and_does_not_rise_is_hopeless_where_asked(rates, reason):
    assert end(history(*rates), always(replace(GRANTED, hopeless_below=0.1))) == reason
    assert end(history(*rates), always(GRANTED)) == ""


def test_what_a_level_was_granted_when_its_time_was_over_counts_for_good():
    """The target's share grows: a slot is worth less later, and a level is granted more cycles."""
    cycles = {cycle: replace(GRANTED, cycles=2 + 2 * cycle) for cycle in range(8)}
    assert end(history(*[0.3] * 4), cycles.__getitem__) == ""
    assert end(history(*[0.3] * 8), always(replace(GRANTED, cycles=9))) == ""
    assert end(history(*[0.3] * 8), lambda cycle: replace(GRANTED, cycles=2 + 2 * (cycle > 2))) == "flat"


def test_few_episodes_are_no_proof_that_a_level_is_hopeless_or_mastered():
    assert end(history(0.0, 0.0, 0.0, episodes=3), always(GRANTED)) == ""
    assert end(history(1.0, episodes=10), always(GRANTED)) == ""
    assert end(history(*[0.0] * 8, episodes=0), always(GRANTED)) == "flat", "nothing ended in all its time"
