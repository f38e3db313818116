"""The tests check shapes and types at every call of the agent, the learner, the environment and the games' own parts."""

import jax.numpy as jnp
import pytest
from jaxtyping import TypeCheckError

from dicode.games.craftax.host import HOST
from dicode.learner.gae import advantages

pytestmark = pytest.mark.fast


@pytest.mark.slow
def test_arrays_that_disagree_on_a_named_axis_are_refused():
    steps, done = jnp.zeros((4, 3)), jnp.zeros((4, 3), bool)
    assert advantages(steps, steps, steps, done, 0.9, 1).shape == (4, 3)
    with pytest.raises(TypeCheckError, match="'value'"):
        advantages(steps, steps[:, :2], steps, done, 0.9, 1.0)
    with pytest.raises(TypeCheckError, match="'done'"):
        advantages(steps, steps, steps, steps, 0.9, 1.0)


def test_a_games_functions_are_checked_too():
    with pytest.raises(TypeCheckError, match="'pool'"):
        HOST.pool_hash(3)
