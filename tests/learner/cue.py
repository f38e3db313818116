"""A tiny memory task with the environment's interface: a cue at the first step, asked for some steps later.

The first observation of an episode shows cue 1 or 2, the later ones none; at step `delay` the answer
is asked for, pays +1 (right) or -1 (wrong), and the episode ends. Memory alone tells the two apart.
"""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from flax import struct

from dicode.agent.make import make_agent
from dicode.agent.settings import KINDS
from dicode.agent.spec import Bits, Category, ObservationSpec, PlainObservation
from dicode.agent.types import Agent

SPEC = ObservationSpec(
    cells=(2, 2),
    channels=(Category(9, 0), Category(2, 9), Bits(1, 27), Bits(8, 11), Bits(8, 19)),
    scalars=3,
    num_actions=3,
    conditioning=2,
    max_set_bits=4,
)


def agent_of(kind: str, sizes: dict[str, int]) -> Agent:
    """An agent of those sizes that its kind has; the tests of all kinds share one dictionary."""
    own = {name: size for name, size in sizes.items() if name in KINDS[kind].__dataclass_fields__}
    return make_agent(SPEC, KINDS[kind](kind=kind, **own))


@struct.dataclass
class CueBatch:
    slot: jax.Array
    conditioning: jax.Array
    train: jax.Array


@struct.dataclass
class CueStats:
    episodes: jax.Array
    successes: jax.Array


@struct.dataclass
class CueState:
    cue: jax.Array
    step: jax.Array
    ask: jax.Array
    """Step at which the question comes."""
    stats: CueStats


@struct.dataclass
class CueStep:
    observation: Any
    reward: jax.Array
    done: jax.Array
    time_limit: jax.Array
    counted: jax.Array
    success: jax.Array
    final_observation: Any


@dataclass(frozen=True)
class CueEnv:
    """`delay` steps between cue and question; a level's own delay is `delay` plus its number times `spread`."""

    num_envs: int
    delay: int = 5
    levels: int = 2
    spread: int = 0
    stagger: bool = True
    limit: int | None = None

    def batch(self, train: tuple[bool, ...] | None = None) -> CueBatch:
        slot = jnp.arange(self.num_envs, dtype=jnp.int32) * self.levels // self.num_envs
        return CueBatch(slot, jnp.eye(self.levels, 2), jnp.array(train or (True,) * self.levels))

    def reset(self, key: jax.Array, batch: CueBatch) -> CueState:
        cue = jax.random.randint(key, (self.num_envs,), 1, 3)
        step = -(jnp.arange(self.num_envs) % self.delay) if self.stagger else jnp.zeros(self.num_envs, jnp.int32)
        zero = jnp.zeros(self.num_envs, jnp.int32)
        return CueState(cue, step, self.delay + batch.slot * self.spread, CueStats(zero, zero))

    def observe(self, state: CueState) -> PlainObservation:
        cells = jnp.zeros((self.num_envs, 2, 2, 5), jnp.uint8)
        cells = cells.at[:, 0, 0, 0].set(jnp.where(state.step == 0, state.cue, 9).astype(jnp.uint8))
        cells = cells.at[:, 1, 0, 1].set(1)
        cells = cells.at[:, 0, 1, 3].set(jnp.where(state.step == state.ask, 4, 0).astype(jnp.uint8))
        scalars = jnp.stack([state.step == 0, state.step == state.ask, state.step > 0], axis=-1)
        return PlainObservation(cells, scalars.astype(jnp.float32))

    def draw(self, keys: jax.Array, state: CueState) -> jax.Array:
        return keys

    def step(self, key: jax.Array, state: CueState, action: jax.Array, batch: CueBatch) -> tuple[CueState, CueStep]:
        asked = state.step == state.ask
        right = asked & (action == state.cue)
        after = state.replace(step=state.step + 1)
        out = jnp.zeros_like(asked) if self.limit is None else (after.step >= self.limit) & ~asked
        done = asked | out
        cue = jnp.where(done, jax.random.randint(key, (self.num_envs,), 1, 3), state.cue)
        stats = CueStats(state.stats.episodes + done, state.stats.successes + right)
        fresh = CueState(cue, jnp.where(done, 0, after.step), state.ask, stats)
        reward = jnp.where(right, 1.0, jnp.where(asked, -1.0, 0.0))
        return fresh, CueStep(self.observe(fresh), reward, done, out, done, right, self.observe(after))

    def stats(self, state: CueState, batch: CueBatch) -> CueStats:
        return jax.tree.map(lambda x: jax.ops.segment_sum(x, batch.slot, self.levels), state.stats)

    def on(self, mesh: jax.sharding.Mesh, axis: str) -> "CueEnv":
        return self


def random_observation(key: jax.Array, *lead: int, spec: ObservationSpec = SPEC) -> PlainObservation:
    """Random bytes within the layout, with fewer set bits than the bound."""
    keys = jax.random.split(key, len(spec.channels) + 1)
    planes = []
    cells = spec.num_cells
    for k, channel in zip(keys, spec.channels, strict=False):
        if isinstance(channel, Category):
            planes.append(jax.random.randint(k, (*lead, cells), 0, channel.size + 1))
        elif channel.size == 1:
            planes.append(jax.random.randint(k, (*lead, cells), 0, 2))
        else:
            cell, bit = jax.random.split(k)
            where = jax.nn.one_hot(jax.random.randint(cell, lead, 0, cells), cells, dtype=jnp.int32)
            planes.append(where << jax.random.randint(bit, (*lead, 1), 0, 8))
    stacked = jnp.stack(planes, axis=-1).astype(jnp.uint8)
    scalars = jax.random.normal(keys[-1], (*lead, spec.scalars))
    return PlainObservation(stacked.reshape(*lead, *spec.cells, len(spec.channels)), scalars)
