"""Our statistics against scipy's and against numbers worked out by hand."""

import numpy as np
import pytest
from scipy import stats

from dicode.evaluation import statistics

pytestmark = pytest.mark.fast


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("shape", [(1, 1), (3, 1), (5, 4), (8, 1), (7, 13)])
def test_the_interquartile_mean_is_scipys_trimmed_mean(shape):
    scores = rng().normal(size=shape)
    assert float(statistics.iqm(scores)) == pytest.approx(stats.trim_mean(scores, 0.25, axis=None))


def test_the_interquartile_mean_by_hand():
    assert float(statistics.iqm(np.array([[100.0, 1, 2, 3, 4, 5, 6, -100]]))) == pytest.approx((2 + 3 + 4 + 5) / 4)


@pytest.mark.parametrize("statistic", [statistics.mean, statistics.iqm])
def test_bootstrap_intervals_agree_with_scipys(statistic):
    scores = rng(1).normal(10, 2, size=12)
    ours = statistics.bootstrap(statistic, scores, rng=rng(2), repeats=20_000)
    theirs = stats.bootstrap(
        (scores,),
        lambda x, axis: statistic(np.moveaxis(np.atleast_2d(x), axis, -1)[..., None]).reshape(x.shape[:-1]),
        method="percentile",
        n_resamples=20_000,
        rng=rng(3),
    ).confidence_interval
    assert ours.value == pytest.approx(float(statistic(scores[:, None])))
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.05)


def test_bootstrap_intervals_cover_the_truth_about_as_often_as_they_say():
    draws = rng(4).normal(0, 1, size=(400, 20))
    intervals = [statistics.bootstrap(statistics.mean, draw, rng=rng(5), repeats=400) for draw in draws]
    covered = np.mean([interval.low <= 0 <= interval.high for interval in intervals])
    assert 0.89 <= covered <= 0.97


def test_what_differs_between_tasks_alone_gives_no_width():
    scores = np.array([[0.0, 100.0], [0.0, 100.0], [0.0, 100.0]])
    estimate = statistics.bootstrap(statistics.mean, scores, rng=rng())
    assert (estimate.value, estimate.low, estimate.high) == (50.0, 50.0, 50.0)


@pytest.mark.slow
def test_many_tasks_of_one_agent_are_no_more_runs():
    """A seed's agent is good or bad on all of 40 tasks: the interval is as wide as that of the seeds' means."""
    agents, noise = rng(10).normal(0, 1, size=(400, 8, 1)), rng(11).normal(0, 1, size=(400, 8, 40))
    other = rng(12).normal(0, 0.1, size=(8, 40))
    for of in (
        lambda draw: statistics.bootstrap(statistics.mean, draw, rng=rng(5), repeats=400),
        lambda draw: statistics.paired(statistics.mean, draw, other, rng=rng(5), repeats=400),
    ):
        intervals = [of(draw) for draw in agents + noise]
        covered = np.mean([interval.low <= 0 <= interval.high for interval in intervals])
        assert 0.84 <= covered <= 0.97


def test_the_probability_of_improvement_is_mann_whitneys_u():
    one, other = rng(6).integers(0, 6, size=(5, 3)).astype(float), rng(7).integers(0, 6, size=(8, 3)).astype(float)
    expected = [stats.mannwhitneyu(one[:, k], other[:, k]).statistic / 40 for k in range(3)]
    assert float(statistics.probability_of_improvement(one, other)) == pytest.approx(np.mean(expected))
    assert float(statistics.probability_of_improvement(one, one)) == pytest.approx(0.5)
    assert float(statistics.probability_of_improvement(one + 9, other)) == 1.0


def test_the_probability_of_improvement_has_an_interval():
    one, other = rng(8).normal(2, 1, size=10), rng(9).normal(0, 1, size=10)
    estimate = statistics.bootstrap(statistics.probability_of_improvement, one, other, rng=rng(), repeats=500)
    assert 0.6 < estimate.low < estimate.value < estimate.high <= 1.0


def test_a_profile_is_the_share_above_each_threshold():
    profile = statistics.performance_profile(np.array([[1.0, 2.0], [3.0, 3.0]]), np.array([0.0, 1.0, 2.5, 3.0]))
    assert profile.tolist() == [1.0, 0.75, 0.5, 0.0]


def test_cvar_is_the_mean_of_the_worst():
    values = np.arange(20.0)
    assert statistics.cvar(values, 0.1) == 0.5
    assert statistics.cvar(values, 0.01) == 0.0
    assert statistics.cvar(values, 1.0) == values.mean()


@pytest.mark.parametrize(("successes", "trials"), [(0, 10), (10, 10), (3, 10), (500, 1024), (1, 1)])
def test_wilson_is_scipys(successes, trials):
    ours = statistics.wilson(successes, trials)
    theirs = stats.binomtest(successes, trials).proportion_ci(0.95, "wilson")
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high))


def test_without_a_trial_a_rate_could_be_anything():
    assert statistics.wilson(0, 0) == statistics.Estimate(0.0, 0.0, 1.0)


def test_bands_hold_whole_curves():
    curves = np.array([[0.0, 1.0, 2.0], [2.0, 3.0, 4.0]])
    middle, low, high = statistics.bands(curves, rng())
    assert middle.tolist() == [1, 2, 3]
    assert low.tolist() == [0, 1, 2]
    assert high.tolist() == [2, 3, 4]
    single = statistics.bands(curves[:1], rng())
    assert all(band.tolist() == [0, 1, 2] for band in single)


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_a_band_is_as_wide_as_the_interval_of_its_mean(level):
    curves = rng(10).normal(10, 2, size=(12, 3))
    _, low, high = statistics.bands(curves, rng(11), level, repeats=20_000)
    for x in range(3):
        one = statistics.bootstrap(statistics.mean, curves[:, x], rng=rng(12), level=level, repeats=20_000)
        assert (low[x], high[x]) == pytest.approx((one.low, one.high), abs=0.05)


@pytest.mark.parametrize("bad", [np.array([]), np.array([1.0, np.nan]), np.zeros((2, 2, 2))])
def test_scores_that_are_missing_or_not_finite_are_refused(bad):
    with pytest.raises(ValueError, match="finite"):
        statistics.bootstrap(statistics.mean, bad, rng=rng())
