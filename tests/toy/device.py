"""The toy as devices see it."""

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct

from dicode.agent.spec import Category, ObservationSpec, PlainObservation
from dicode.games.device import DeviceGame, StepResult
from dicode.games.legal import legal
from tests.toy.host import FIELDS, HOST
from tests.toy.levels import SIZE

MOVES = np.array([[0, 0], [-1, 0], [1, 0], [0, -1], [0, 1]])


State = struct.dataclass(type("State", (), {"__annotations__": dict.fromkeys(FIELDS, jax.Array)}))


def from_arrays(arrays):
    return State(**{name: jnp.asarray(arrays[name]) for name in FIELDS})


def step(key, state, action, rules):
    move = jnp.where(jax.random.bernoulli(key, rules["slip"]), 0, jnp.asarray(MOVES)[action])
    wanted = jnp.clip(state.position + move, 0, SIZE - 1)
    locked = jnp.all(wanted == state.door) & (state.keys == 0)
    at = jnp.where(state.walls[wanted[0], wanted[1]] | locked, state.position, wanted).astype(jnp.int32)
    keys, doors = state.keys | jnp.all(at == state.key), state.doors | jnp.all(at == state.door)
    reward = (keys - state.keys + doors - state.doors).astype(jnp.float32)
    return StepResult(state.replace(position=at, keys=keys, doors=doors), reward, doors > 0, ())


def observe(state, rules):
    cells = state.walls.astype(jnp.uint8)
    for byte, cell in ((2 - 2 * state.keys, state.key), (3, state.door), (4, state.position)):
        cells = cells.at[cell[0], cell[1]].set(jnp.asarray(byte, jnp.uint8))
    return PlainObservation(cells[..., None], state.keys[None].astype(jnp.float32))


def generate(key, count, first=0):
    def one(number):
        walls, cells = jax.random.split(jax.random.fold_in(key, number))
        cells = jax.random.permutation(cells, SIZE * SIZE)[:3]
        key_, door, position = jnp.stack([cells // SIZE, cells % SIZE], axis=1)
        solid = jax.random.bernoulli(walls, 0.1, (SIZE, SIZE)).at[cells // SIZE, cells % SIZE].set(False)
        return {"walls": solid, "key": key_, "door": door, "position": position, "keys": 0, "doors": 0}

    worlds = jax.vmap(one)(first + jnp.arange(count))
    return {
        name: np.broadcast_to(worlds[name], (count, *spec.shape)).astype(spec.dtype) for name, spec in FIELDS.items()
    }


DEVICE = DeviceGame(
    host=HOST,
    observation=ObservationSpec((SIZE, SIZE), (Category(5, 0),), scalars=1, num_actions=len(MOVES), conditioning=0),
    step=step,
    observe=observe,
    from_arrays=from_arrays,
    quantities=lambda state, steps, events: jnp.stack([steps, state.keys, state.doors], -1).astype(jnp.float32),
    achievements=lambda state: jnp.zeros((*state.keys.shape, 0), bool),
    depth=lambda state: jnp.zeros_like(state.keys),
    is_over=lambda state: state.doors > 0,
    restore=lambda before, after: from_arrays(legal(FIELDS, (), before, after)),
    anchor="keys",
    generate=generate,
)
