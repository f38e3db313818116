"""Environments for the learner's benchmark: one that costs nothing, and Craftax as the package offers it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
from craftax.craftax_env import make_craftax_env_from_name
from flax import struct

from dicode.agent.spec import Bits, Category, ObservationSpec, PlainObservation

BANK = 16
"""Different observations that the free environments cycle through, so that nothing can be hoisted out of the scan."""
EPISODE = 300


@struct.dataclass
class FreeBatch:
    slot: jax.Array
    conditioning: jax.Array
    train: jax.Array


@struct.dataclass
class FreeState:
    steps: jax.Array
    bank: Any
    """Carried along, so that a program neither holds it as a constant nor computes it anew."""


@struct.dataclass
class FreeStep:
    observation: Any
    reward: jax.Array
    done: jax.Array
    counted: jax.Array
    time_limit: jax.Array
    final_observation: Any


def observation_bank(spec: ObservationSpec, num_envs: int) -> PlainObservation:
    """Craftax-like views: a few common blocks, some rare ones, a handful of mobs."""
    keys = jax.random.split(jax.random.key(0), 6)
    lead = (BANK, num_envs)
    common = jax.random.randint(keys[0], (*lead, *spec.cells), 2, 8)
    rare = jax.random.randint(keys[1], (*lead, *spec.cells), 0, 37)
    block = jnp.where(jax.random.uniform(keys[2], common.shape) < 0.2, rare, common)
    cells = jnp.zeros((*lead, *spec.cells, len(spec.channels)), jnp.uint8)
    cells = cells.at[..., 0].set(block.astype(jnp.uint8)).at[..., 2].set(1)
    mobs = jax.random.uniform(keys[3], cells.shape) < 0.01
    many = [i for i, c in enumerate(spec.channels) if isinstance(c, Bits) and c.size > 1]
    for i in many:
        cells = cells.at[..., i].set(jnp.where(mobs[..., i], 4, 0).astype(jnp.uint8))
    assert isinstance(spec.channels[0], Category)
    return PlainObservation(cells, jax.random.uniform(keys[4], (*lead, spec.scalars)))


@dataclass(frozen=True)
class FreeEnv:
    """The environment's interface at no cost: observations from a bank, an episode every 300 steps."""

    spec: ObservationSpec
    num_envs: int

    def batch(self) -> FreeBatch:
        zero = jnp.zeros(self.num_envs, jnp.int32)
        return FreeBatch(zero, jnp.ones((1, self.spec.conditioning)), jnp.ones(1, bool))

    def reset(self, key: jax.Array, batch: Any) -> FreeState:
        return FreeState(jnp.arange(self.num_envs) * 7, observation_bank(self.spec, self.num_envs))

    def observe(self, state: FreeState) -> PlainObservation:
        return jax.tree.map(lambda x: x[state.steps[0] % BANK], state.bank)

    def draw(self, keys: jax.Array, state: FreeState) -> jax.Array:
        return keys

    def step(self, key: jax.Array, state: FreeState, action: jax.Array, batch: Any) -> tuple[FreeState, FreeStep]:
        after = state.replace(steps=state.steps + 1)
        done = after.steps % EPISODE == 0
        return after, FreeStep(self.observe(after), action * 0.01, done, done, jnp.zeros_like(done), None)

    def stats(self, state: FreeState, batch: Any) -> jax.Array:
        return state.steps.sum()[None]

    def on(self, mesh: Any, axis: str) -> "FreeEnv":
        return self


@dataclass(frozen=True)
class PlainFreeEnv:
    """The same environment for the plain learner: dense observations with the goal appended."""

    free: FreeEnv

    def start(self, key: jax.Array) -> tuple[FreeState, jax.Array]:
        state = self.free.reset(key, None)
        bank = self.free.spec.expand(state.bank)
        bank = jnp.concatenate([bank, jnp.ones((*bank.shape[:-1], self.free.spec.conditioning))], axis=-1)
        return state.replace(bank=bank), bank[0]

    def step(self, key: jax.Array, state: FreeState, action: jax.Array) -> tuple:
        after = state.replace(steps=state.steps + 1)
        return after, after.bank[after.steps[0] % BANK], action * 0.01, after.steps % EPISODE == 0


@dataclass(frozen=True)
class PackageEnv:
    """Craftax from the package. `resets=0`: its own auto-reset, a world generated for every environment at every
    step; otherwise optimistic resets: so many worlds a step, served to the environments that ended."""

    num_envs: int
    conditioning: int
    resets: int = 0

    @cached_property
    def game(self) -> Any:
        return make_craftax_env_from_name("Craftax-Symbolic-v1", auto_reset=self.resets == 0)

    def _with_goal(self, observation: jax.Array) -> jax.Array:
        return jnp.concatenate([observation, jnp.ones((self.num_envs, self.conditioning))], axis=-1)

    def start(self, key: jax.Array) -> tuple[Any, jax.Array]:
        keys = jax.random.split(key, self.num_envs)
        observation, state = jax.vmap(self.game.reset, in_axes=(0, None))(keys, self.game.default_params)
        return state, self._with_goal(observation)

    def step(self, key: jax.Array, state: Any, action: jax.Array) -> tuple:
        key_step, key_reset = jax.random.split(key)
        keys = jax.random.split(key_step, self.num_envs)
        step = jax.vmap(self.game.step, in_axes=(0, 0, 0, None))
        observation, state, reward, done, _ = step(keys, state, action, self.game.default_params)
        if self.resets:
            keys = jax.random.split(key_reset, self.resets)
            fresh = jax.vmap(self.game.reset, in_axes=(0, None))(keys, self.game.default_params)
            served = jnp.minimum(jnp.cumsum(done) - 1, self.resets - 1)

            def choose(new: jax.Array, old: jax.Array) -> jax.Array:
                return jnp.where(done.reshape(-1, *[1] * (old.ndim - 1)), new[served], old)

            observation, state = jax.tree.map(choose, fresh, (observation, state))
        return state, self._with_goal(observation), reward, done
