"""Scores from sums equal scores from the whole trajectory, episode by episode, and are never NaN or infinite."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dicode.learner import statistics

pytestmark = pytest.mark.fast
SLOT = np.array([0, 0, 1, 2])


def summed(value, advantage, done, counted, returns, slot=SLOT, levels=4):
    """The sums over arrays [rollouts, T, E], one rollout after the other."""
    add = jax.jit(partial(statistics.add_rollout))
    scores, running = statistics.no_scores(levels), statistics.no_steps(value.shape[-1])
    for now in zip(value, advantage, done, counted, returns, strict=True):
        one_value, one_advantage, *ends = map(jnp.asarray, now)
        scores, running = add(scores, running, jnp.asarray(slot), one_value, one_advantage, statistics.Ends(*ends))
    return scores


def episodes(done, counted, env):
    """(first step, last step + 1) of the counted episodes of one environment, rollouts joined."""
    ends = np.flatnonzero(done[:, env])
    starts = [0, *(ends[:-1] + 1)]
    return [(start, end + 1) for start, end in zip(starts, ends, strict=True) if counted[end, env]]


@pytest.mark.slow
def test_scores_from_sums_equal_means_over_episodes_across_rollouts():
    rng = np.random.default_rng(0)
    value, advantage, returns = rng.normal(size=(3, 5, 6, 4)).astype(np.float32)
    done = rng.random((5, 6, 4)) < 0.2
    done[..., 3] = False
    counted = done & (rng.random(done.shape) < 0.6)
    scores = summed(value, advantage, done, counted, returns)
    flat_value, gain = value.reshape(30, 4), np.maximum(advantage.reshape(30, 4), 0)
    flat_done, flat_counted, flat_returns = done.reshape(30, 4), counted.reshape(30, 4), returns.reshape(30, 4)
    for level in range(2):
        mine = [
            (env, *span) for env in np.flatnonzero(level == SLOT) for span in episodes(flat_done, flat_counted, env)
        ]
        assert float(scores.episodes[level]) == len(mine) > 2
        assert any(start // 6 < (stop - 1) // 6 for _, start, stop in mine), "an episode runs on into the next rollout"
        best = max(flat_returns[:, env][flat_done[:, env]].max() for env in np.flatnonzero(level == SLOT))
        positive = np.mean([gain[start:stop, env].mean() for env, start, stop in mine])
        regret = np.mean([(best - flat_value[start:stop, env]).mean() for env, start, stop in mine])
        np.testing.assert_allclose(statistics.positive_value_loss(scores)[level], positive, rtol=1e-5)
        np.testing.assert_allclose(statistics.max_mc(scores)[level], regret, rtol=1e-5)


def test_a_long_episode_weighs_no_more_than_a_short_one():
    advantage = np.array([1, 0, 0, 0, 0, 0], np.float32).reshape(1, 6, 1)
    value = -advantage
    done = np.array([1, 0, 0, 0, 0, 1], bool).reshape(1, 6, 1)
    scores = summed(value, advantage, done, done, np.zeros_like(value), np.array([0]), 1)
    assert float(statistics.positive_value_loss(scores)[0]) == pytest.approx(0.5)
    assert float(statistics.max_mc(scores)[0]) == pytest.approx(0.5)


@pytest.mark.slow
def test_a_level_without_a_counted_episode_or_without_steps_scores_zero():
    one, nothing = np.ones((1, 3, 1), np.float32), np.zeros((1, 3, 1), bool)
    ended = nothing.copy()
    ended[0, 1] = True
    for done in (nothing, ended):
        scores = summed(one, one, done, nothing, one, np.array([0]), 2)
        for score in (statistics.positive_value_loss(scores), statistics.max_mc(scores)):
            np.testing.assert_array_equal(score, [0.0, 0.0])
        assert np.isfinite(float(scores.max_return[0])) == bool(done.any())
