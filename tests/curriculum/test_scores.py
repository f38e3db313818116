"""Scores and statuses against numbers worked out by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
from archive_examples import trial

from dicode.curriculum import scores
from dicode.errors import ConfigError
from dicode.types import Slot, Status

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(("successes", "expected"), [(0, 0.0), (5, 0.1875), (10, 0.25), (15, 0.1875), (20, 0.0)])
def test_learnability_is_p_times_one_minus_p(successes, expected):
    assert scores.learnability(trial("a", 0, 20, successes)) == pytest.approx(expected)


def test_a_level_without_an_episode_scores_zero_and_has_no_status():
    nothing = trial("a", 0, 0, 0)
    assert scores.learnability(nothing) == 0.0
    assert scores.status(nothing) is Status.UNSCORED
    assert scores.status(None) is Status.UNSCORED
    assert scores.scored([nothing], scores.learnability, 20).score is None
    assert scores.scored([nothing], scores.learnability, 0).score is None


def test_achievement_learnability_sums_over_achievements():
    whole = trial("a", 0, 20, 0, achievements={"EAT_COW": 0.5, "WAKE_UP": 0.1, "COLLECT_WOOD": 1.0})
    assert scores.achievement_learnability(whole) == pytest.approx(0.25 + 0.09)


@pytest.mark.parametrize(
    ("successes", "expected"),
    [(20, "A"), (15, "A"), (14, "B"), (10, "B"), (9, "C"), (5, "C"), (4, "D"), (0, "D")],
)
def test_status_by_success_rate(successes, expected):
    assert scores.status(trial("a", 0, 20, successes)).value == expected


def test_nineteen_episodes_are_not_enough():
    assert scores.status(trial("a", 0, 19, 19)) is Status.UNSCORED
    assert scores.status(trial("a", 0, 19, 19), min_episodes=19) is Status.A


def test_pooling_joins_just_enough_of_the_latest_trials():
    trials = [
        trial("a", 0, 100, 100),
        trial("a", 1, 10, 8, return_mean=1.0, achievements={"EAT_COW": 0.8}),
        trial("a", 2, 15, 3, return_mean=2.0, achievements={"WAKE_UP": 0.2}, max_mc=0.5, return_std=1.0),
    ]
    joined = scores.pooled(trials, 20)
    assert (joined.episodes, joined.successes, joined.cycle) == (25, 11, 2)
    assert joined.return_mean == pytest.approx(1.6)
    assert joined.achievements == pytest.approx({"EAT_COW": 0.32, "WAKE_UP": 0.12})
    assert joined.max_mc == pytest.approx(0.3)
    assert joined.return_std == pytest.approx(np.std([1.0] * 10 + [1.0, 3.0] * 7 + [2.0], ddof=0), abs=0.03)
    assert scores.pooled(trials[2:], 15) == trials[2]


def test_pooling_takes_maxmc_against_the_highest_return_of_all_that_it_joins():
    trials = [trial("a", 0, 10, 0, max_mc=2.0, return_max=5.0), trial("a", 1, 10, 0, max_mc=0.5, return_max=2.0)]
    joined = scores.pooled(trials, 20)
    assert (joined.max_mc, joined.return_max) == (pytest.approx((2.0 + 0.5 + 3.0) / 2), 5.0)


def test_maxmc_takes_the_highest_return_that_the_level_ever_gave():
    cycles = [
        trial("a", 0, 4, 0, max_mc=2.0, return_max=5.0),
        trial("a", 3, 4, 0, max_mc=0.5, return_max=2.0),
        trial("a", 6, 4, 0, max_mc=1.0, return_max=6.0),
    ]
    expected = [2.0, 0.5 + 3.0, 1.0]
    found = [scores.scored(cycles[: n + 1], scores.max_mc, 1, window=1) for n in range(3)]
    assert [one.score for one in found] == pytest.approx(expected)
    assert [one.max_mc for one in found] == pytest.approx(expected), "what is kept can be compared, too"
    assert scores.scored(cycles[:2], scores.learnability, 1).max_mc == pytest.approx(3.5)
    assert scores.scored([trial("a", 0, 0, 0, max_mc=0.0)], scores.max_mc, 1).score is None


def test_the_released_sfl_score_is_the_spread_times_a_bell_of_the_mean_return():
    trials = [
        trial("middle", 0, 5, 0, return_mean=3.0, return_std=2.0),
        trial("steady", 0, 5, 0, return_mean=3.0, return_std=0.0),
        trial("high", 0, 5, 0, return_mean=5.0, return_std=2.0),
        trial("low", 0, 5, 0, return_mean=1.0, return_std=2.0),
    ]
    found = scores.near_the_batch(trials)
    # The means 3, 3, 5, 1 have mean 3 and variance 2, which is the bell's width.
    height = 1 / (np.sqrt(2 * np.pi) * 2.0)
    assert found["middle"] == pytest.approx(2 / 5**0.5 * height + 3e-4)
    assert found["steady"] == pytest.approx(3e-4)
    assert found["high"] == pytest.approx(2 / 5**0.5 * height * np.exp(-0.5) + 5e-4)
    assert found["low"] == pytest.approx(2 / 5**0.5 * height * np.exp(-0.5) + 1e-4)
    alike = scores.near_the_batch(trials[:2])
    assert alike == pytest.approx({"middle": 2 / 5**0.5 + 3e-4, "steady": 3e-4})
    assert scores.near_the_batch([]) == {}


def test_pooling_does_not_reach_back_beyond_its_window():
    old_and_new = [trial("a", 0, 15, 15), trial("a", 4, 15, 0)]
    assert scores.pooled(old_and_new, 20, window=4) is None
    assert scores.pooled(old_and_new, 20, window=5).episodes == 30


def test_an_unknown_score_names_the_nearest():
    with pytest.raises(ConfigError, match="did you mean 'max_mc'"):
        scores.score_named("maxmc")


def test_trials_come_from_sums_per_slot():
    stats = {
        "episodes": np.array([4, 0, 9]),
        "successes": np.array([1, 0, 9]),
        "return_sum": np.array([6.0, 0.0, 9.0]),
        "return_squares": np.array([18.0, 0.0, 9.0]),
        "length_sum": np.array([100.0, 0.0, 9.0]),
        "achievements": np.array([[2, 0], [0, 0], [9, 9]]),
        "positive_value_loss": np.array([0.5, 0.0, 0.0]),
        "max_mc": np.array([0.25, 0.0, 0.0]),
        "endings": np.array([[0, 2], [0, 0], [0, 0]]),
        "occupations": np.array([[75, 25], [0, 0], [9, 0]]),
        "return_max": np.array([3.5, -np.inf, 0.0]),
    }
    names = SimpleNamespace(
        achievements=("WAKE_UP", "EAT_COW"), endings=("another cause", "zombie"), occupations=("walking", "asleep")
    )
    first, second = scores.trials_of(stats, [Slot("a", 2), Slot("b", 2)], 3, names)
    assert first == trial(
        "a",
        3,
        4,
        1,
        return_mean=1.5,
        length_mean=25.0,
        achievements={"WAKE_UP": 0.5},
        positive_value_loss=0.5,
        max_mc=0.25,
        return_max=3.5,
        return_std=1.5,
        endings={"zombie": 0.5, "out of time": 0.25},
        occupations={"walking": 0.75, "asleep": 0.25},
    )
    assert (second.episodes, second.return_mean, second.achievements) == (0, 0.0, {})
