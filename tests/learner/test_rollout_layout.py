"""A rollout laid out for an accelerator is the rollout: the same numbers, bit for bit, operation by operation on the CPU."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from cue import CueEnv, agent_of

from dicode.accelerator import written_for
from dicode.agent.lean import lean
from dicode.learner import rollout
from dicode.learner.types import PpoConfig

SIZES = {"width": 8, "layers": 1, "heads": 2, "qkv": 8, "head_hidden": 8, "memory": 4, "window": 4}


def _agent(kind, **more):
    return agent_of(kind, SIZES | {"lookup": "onehot", "dtype": "bfloat16"} | more)


@pytest.mark.parametrize("kind", ["gtrxl", "lstm"])
def test_a_rollout_tells_the_same_however_its_arrays_lie(kind):
    env, agent, config = CueEnv(num_envs=3, delay=2, levels=3), _agent(kind), PpoConfig(rollout_steps=4)
    batch, key = env.batch(), jax.random.PRNGKey(0)
    params = agent.init(key)
    told = []
    for accelerator in (False, True):
        with written_for(accelerator=accelerator), jax.disable_jit():
            carry = rollout.start(agent, env, key, batch)
            told.append(rollout.rollout(agent, env, config, params, carry, batch, key))
    for (path, a), b in zip(jax.tree_util.tree_leaves_with_path(told[0]), jax.tree.leaves(told[1]), strict=True):
        assert a.dtype == b.dtype, path
        assert np.array_equal(a, b), path


@pytest.mark.fast
@pytest.mark.parametrize("encoder", ["dense", "structured"])
def test_parameters_that_are_only_cast_are_cast_once_and_give_the_same(encoder):
    agent = _agent("gtrxl", encoder=encoder)
    params = agent.init(jax.random.PRNGKey(1))
    env = CueEnv(num_envs=3)
    state = env.reset(jax.random.PRNGKey(2), env.batch())
    cache, seen = agent.begin(params, agent.initial_memory(3)), (env.observe(state), jnp.ones((3, 2)))
    small = lean(agent, params, cache, *seen)
    assert small["stack_0"]["query"]["kernel"].dtype == jnp.bfloat16
    assert small["heads"]["actor_out"]["kernel"].dtype == jnp.float32, "the last layer is computed in full"
    outputs = [agent.act(given, cache, *seen)[0] for given in (params, small)]
    assert all(np.array_equal(a, b) for a, b in zip(*map(jax.tree.leaves, outputs), strict=True))
