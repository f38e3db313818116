"""A toy game on the real state: every action does one plain thing, so that tests can count along."""

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

NOTHING, DIE, CHOP, KILL, HURT, DESCEND, EAT = range(7)
"""The toy's actions."""


def toy_step(key, state, action, rules):
    """Chop gives wood, kill a zombie, hurt costs 2 health, descend goes down, eat eats and drinks.

    A cell in a corner that nobody sees counts the steps, so that tests see whether maps were reset. Who is hurt to death
    fell to a zombie, who dies of hunger; a step is spent on what the action is the number of.
    """
    import jax.numpy as jnp

    from dicode.games.craftax.levels.names import Achievement
    from dicode.games.craftax.types import Events
    from dicode.games.device import StepResult

    wood = state.inventory.wood + (action == CHOP)
    lost = jnp.where(action == HURT, 2.0, 0.0)
    health = jnp.where(action == DIE, 0.0, state.player_health - lost)
    floor = jnp.minimum(state.player_level + (action == DESCEND), 8)
    achieved = (
        state.achievements.at[Achievement.COLLECT_WOOD]
        .max(wood > 0)
        .at[Achievement.DEFEAT_ZOMBIE]
        .max(action == KILL)
        .at[Achievement.ENTER_DUNGEON]
        .max(floor == 1)
    )
    events = Events(
        kills=jnp.zeros((3, 8), jnp.int32).at[1, 0].set(action == KILL),
        collected=jnp.zeros(8, jnp.int32).at[0].set(action == CHOP),
        placed=jnp.zeros(5, jnp.int32),
        eaten=(action == EAT).astype(jnp.int32),
        drunk=(action == EAT).astype(jnp.int32),
        damage_taken=lost,
    )
    after = state.replace(
        inventory=state.inventory.replace(wood=wood),
        player_health=health,
        player_level=floor,
        achievements=achieved,
        items=state.items.at[8, 0, 0].add(1),
        timestep=state.timestep + 1,
    )
    reward = (achieved & ~state.achievements).sum().astype(jnp.float32)
    over = (health <= 0) | (after.timestep >= rules.episode_length)
    ending = jnp.where(action == HURT, 4, jnp.where(action == DIE, 1, 0))
    return StepResult(after, reward, over, events, ending, action)


@dataclass(frozen=True)
class Toy:
    """The compiled toy environment and a way to play it."""

    env: Any
    reset: Any
    step: Any
    sizes: Any

    def key(self, number: int):
        import jax.numpy as jnp

        return jnp.array([7, number], jnp.uint32)

    def play(self, batch, actions, state=None, first_key: int = 0) -> SimpleNamespace:
        """Play int[T, 8] actions; the states before and after every step and the time steps, as host arrays."""
        import jax
        import jax.numpy as jnp

        state = self.reset(self.key(999), batch) if state is None else state
        states, steps = [jax.device_get(state)], []
        for t, action in enumerate(np.asarray(actions)):
            state, seen = self.step(self.key(first_key + t), state, jnp.asarray(action, jnp.int32), batch)
            states.append(jax.device_get(state))
            steps.append(jax.device_get(seen))
        return SimpleNamespace(states=states, steps=steps, state=state, last=states[-1])


@pytest.fixture(scope="session")
def toy(blank_pool, sizes8) -> Toy:
    """Eight toy environments, compiled once."""
    import jax
    import jax.numpy as jnp

    from dicode.environment.batch import Level, build
    from dicode.environment.env import LevelEnv
    from dicode.games.craftax.device import DEVICE

    env = LevelEnv(replace(DEVICE, step=toy_step), bootstrap_time_limit=True)
    batch = build(DEVICE, [Level(blank_pool)], [8], sizes8, episode_limit=5)
    key = jnp.zeros(2, jnp.uint32)
    state = jax.eval_shape(env.reset, key, batch)
    reset = jax.jit(env.reset).lower(key, batch).compile()
    step = jax.jit(env.step).lower(key, state, jnp.zeros(8, jnp.int32), batch).compile()
    return Toy(env, reset, step, sizes8)
