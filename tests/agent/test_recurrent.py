"""Recurrent agents: one step at a time equals all at once, with the plain gradient."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dicode.agent.make import make_agent
from dicode.agent.recurrent import CELLS, run_cell, without_memory
from dicode.agent.settings import RecurrentConfig
from dicode.agent.spec import Category, ObservationSpec, PlainObservation

SPEC = ObservationSpec((2, 1), (Category(9, 0),), 3, 4, 2)
T, E, D = 7, 3, 4


@pytest.mark.parametrize("kind", CELLS)
def test_the_batched_gradient_equals_plain_differentiation(kind):
    cell, rng = CELLS[kind], np.random.default_rng(0)
    kernel = jnp.array(rng.normal(size=(D, cell.gates * D)), jnp.float32)
    inputs = jnp.array(rng.normal(size=(T, E, cell.gates * D)), jnp.float32)
    state = tuple(jnp.array(rng.normal(size=(E, D)), jnp.float32) for _ in range(2))
    start = jnp.array(rng.random((T, E)) < 0.3)
    weights = jnp.array(rng.normal(size=(T, E, D)), jnp.float32)

    def plain(kernel, inputs, state):
        total = 0.0
        for t in range(T):
            state = tuple(jnp.where(start[t][:, None], 0.0, s) for s in state)
            state = cell.apply(inputs[t], state[0] @ kernel, state)
            total += jnp.sum(state[0] * weights[t])
        return total

    def batched(kernel, inputs, state):
        return jnp.sum(run_cell(cell, "float32", kernel, inputs, state, start) * weights)

    expected, found = (
        jax.jit(jax.value_and_grad(f, argnums=(0, 1, 2)))(kernel, inputs, state) for f in (plain, batched)
    )
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-4), found, expected)


def played(agent):
    rng = np.random.default_rng(1)
    cells = jnp.array(rng.integers(0, 10, (T, E, 2, 1, 1)), jnp.uint8)
    observations = PlainObservation(cells, jnp.array(rng.normal(size=(T, E, 3)), jnp.float32))
    goal, done = jnp.array(rng.normal(size=(E, 2))), jnp.array(rng.random((T, E)) < 0.3)
    params, memory = jax.jit(agent.init)(jax.random.key(0)), agent.initial_memory(E)
    memory = jax.tree.map(lambda m: m + 0.1, memory)

    def step(cache, now):
        output, cache = agent.act(params, cache, now[0], goal)
        return agent.forget(cache, now[1]), output.value

    @jax.jit
    def both():
        values = jax.lax.scan(step, agent.begin(params, memory), (observations, done))[1]
        return values, agent.unroll(params, memory, observations, goal, (), done)[1]

    return both()


@pytest.mark.parametrize("kind", CELLS)
def test_unrolling_equals_acting_across_episode_ends(kind):
    values, unrolled = played(make_agent(SPEC, RecurrentConfig(kind, width=8, layers=2, head_hidden=8)))
    np.testing.assert_allclose(values, unrolled, atol=1e-5)


def test_switching_memory_off_works_the_same_in_acting_and_unrolling():
    agent = make_agent(SPEC, RecurrentConfig(width=8, head_hidden=8))
    values, unrolled = played(without_memory(agent))
    np.testing.assert_allclose(values, unrolled, atol=1e-5)
    assert not np.allclose(values, played(agent)[0])
