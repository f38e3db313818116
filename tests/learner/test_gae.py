"""Advantages against a plain loop, with true ends and time limits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dicode.learner.gae import advantages, following_values

pytestmark = pytest.mark.fast
GAMMA, LAMBDA = 0.9, 0.7


def plain_loop(reward, value, last_value, done, limit_value):
    """One environment, from the last step backwards."""
    out, running = np.zeros(len(reward)), 0.0
    for t in range(len(reward) - 1, -1, -1):
        if done[t]:
            following, running = limit_value[t], 0.0
        else:
            following = last_value if t == len(reward) - 1 else value[t + 1]
        running = reward[t] + GAMMA * following - value[t] + GAMMA * LAMBDA * running
        out[t] = running
    return out


@pytest.mark.slow
def test_advantages_equal_a_plain_loop_with_ends_and_time_limits():
    rng = np.random.default_rng(0)
    reward, value, limit_value = rng.normal(size=(3, 20, 5))
    last_value, done = rng.normal(size=5), rng.random((20, 5)) < 0.2
    limit_value = np.where(done & (rng.random((20, 5)) < 0.5), limit_value, 0.0)
    done[-1, 0] = done[0, 1] = True
    following = following_values(*map(jnp.array, (value, last_value, done, limit_value)))
    found = jax.jit(advantages, static_argnums=(4, 5))(*map(jnp.array, (reward, value)), following, done, GAMMA, LAMBDA)
    for e in range(5):
        expected = plain_loop(reward[:, e], value[:, e], last_value[e], done[:, e], limit_value[:, e])
        np.testing.assert_allclose(found[:, e], expected, atol=1e-5)


def test_a_time_limit_that_is_a_true_end_is_worth_nothing_after_it():
    one = jnp.ones((1, 1))
    ended = following_values(5 * one, 5 * one[0], one > 0, 0 * one)
    bootstrapped = following_values(5 * one, 5 * one[0], one > 0, 3 * one)
    assert float(ended[0, 0]) == 0.0
    assert float(bootstrapped[0, 0]) == 3.0
