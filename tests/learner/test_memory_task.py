"""Agents learn what needs memory from beyond the gradient's window, and fail with memory switched off."""

import jax
import jax.numpy as jnp
import pytest
from cue import CueEnv, agent_of

from dicode.agent.recurrent import without_memory
from dicode.learner import rollout, schedule, update
from dicode.learner.types import PpoConfig

WINDOW = 8
ENV = CueEnv(32, delay=3, spread=WINDOW - 2)
"""Level 0 asks after 3 steps, which teaches to remember; level 1 after one more than the window, which is what counts."""
CONFIG = PpoConfig(rollout_steps=WINDOW, minibatches=4, gamma=0.99, entropy=0.01)
SIZES = {"width": 32, "layers": 1, "heads": 2, "qkv": 32, "head_hidden": 32, "memory": 16, "window": WINDOW}


def learn(agent, updates: int) -> float:
    """Mean return of level 1 over the last 20 updates; 1 is perfect, 0 is chance between the two answers."""
    key, batch = jnp.array([1, 2], jnp.uint32), ENV.batch()
    long = batch.slot == 1

    @jax.jit
    def run():
        learner = update.init(agent, CONFIG, key, schedule.linear(3e-3, 3e-4, 0, updates))

        def one(state, n):
            learner, carry = state
            now = jax.random.fold_in(key, n)
            carry, trajectory, _ = rollout.rollout(agent, ENV, CONFIG, learner.params, carry, batch, now)
            learner, _ = update.update(agent, CONFIG, learner, trajectory, now)
            return (learner, carry), ((trajectory.reward * long).sum(), (trajectory.done * long).sum())

        start = (learner, rollout.start(agent, ENV, key, batch))
        return jax.lax.scan(one, start, jnp.arange(updates))[1]

    reward, episodes = run()
    return float(reward[-20:].sum() / episodes[-20:].sum())


@pytest.mark.parametrize(("kind", "updates"), [("lstm", 600), ("gtrxl", 150)])
def test_an_agent_recalls_a_cue_from_before_the_gradients_window(kind, updates):
    assert learn(agent_of(kind, SIZES), updates) > 0.8


@pytest.mark.parametrize(("kind", "updates"), [("lstm", 600), pytest.param("gtrxl", 150, marks=pytest.mark.long)])
def test_without_memory_it_guesses(kind, updates):
    assert learn(without_memory(agent_of(kind, SIZES)), updates) < 0.3
