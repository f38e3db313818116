"""A rollout laid out for an accelerator is the rollout, operation by operation on the CPU: what the agent computes by other
products to rounding, all else bit for bit.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from cue import CueEnv, agent_of

from dicode.accelerator import written_for
from dicode.agent.ahead import act_ahead
from dicode.learner import rollout
from dicode.learner.types import PpoConfig

SIZES = {"width": 8, "layers": 1, "heads": 2, "qkv": 8, "head_hidden": 8, "memory": 4, "window": 4}


def _agent(kind, **more):
    return agent_of(kind, SIZES | {"lookup": "onehot", "dtype": "bfloat16"} | more)


def _without_zeros(params):
    """Biases begin at zero, where nobody would miss them."""
    leaves, tree = jax.tree.flatten(params)
    keys = jax.random.split(jax.random.PRNGKey(5), len(leaves))
    moved = [x + 0.2 * jax.random.normal(key, x.shape, x.dtype) for x, key in zip(leaves, keys, strict=True)]
    return jax.tree.unflatten(tree, moved)


@pytest.mark.parametrize(("dtype", "rounding"), [("float32", 2e-6), ("bfloat16", 0.02)])
@pytest.mark.parametrize("kind", ["gtrxl", "lstm"])
def test_a_rollout_tells_the_same_however_its_arrays_lie(kind, dtype, rounding):
    env, agent, config = CueEnv(num_envs=3, delay=2, levels=3), _agent(kind, dtype=dtype), PpoConfig(rollout_steps=4)
    batch, key = env.batch(), jax.random.PRNGKey(0)
    params = _without_zeros(agent.init(key))
    told = []
    for accelerator in (False, True):
        with written_for(accelerator=accelerator), jax.disable_jit():
            carry = rollout.start(agent, env, key, batch)
            told.append(rollout.rollout(agent, env, config, params, carry, batch, key))
    computed = 0
    for (path, a), b in zip(jax.tree_util.tree_leaves_with_path(told[0]), jax.tree.leaves(told[1]), strict=True):
        assert a.dtype == b.dtype, path
        if jnp.issubdtype(a.dtype, jnp.floating) and not np.array_equal(a, b):
            np.testing.assert_allclose(*(np.asarray(x, np.float32) for x in (a, b)), atol=rounding, err_msg=str(path))
            computed += 1
    assert computed < 12, "rewards, observations and what is counted are the same bit for bit"


@pytest.mark.slow
@pytest.mark.parametrize("encoder", ["dense", "structured"])
def test_what_follows_from_parameters_is_computed_once_and_gives_the_same(encoder):
    agent = _agent("gtrxl", encoder=encoder)
    params = agent.init(jax.random.PRNGKey(1))
    env = CueEnv(num_envs=3)
    state = env.reset(jax.random.PRNGKey(2), env.batch())
    observation, conditioning = env.observe(state), jnp.ones((3, 2))
    with written_for(accelerator=True):
        cache = agent.begin(params, agent.initial_memory(3))
        act = act_ahead(agent, params, cache, observation, conditioning)
        weights = [x for x in jax.make_jaxpr(act)(cache, observation).consts if x.shape in {(8, 8), (8, 16), (8, 24)}]
        outputs = [act(cache, observation)[0], agent.act(params, cache, observation, conditioning)[0]]
    assert len(weights) > 6
    assert {x.dtype for x in weights} == {jnp.dtype(jnp.bfloat16)}
    assert all(np.array_equal(a, b) for a, b in zip(*map(jax.tree.leaves, outputs), strict=True))
