"""The transformer's memory: layer inputs between rollouts, cached keys and values within one.

The keys and values of the last M steps of each layer lie in a ring: a step overwrites the oldest and
nothing else moves. Every environment writes the same slot, so a slot's age follows from one counter,
and what is valid from one count per environment: the steps since its episode began.
"""

from dataclasses import replace

import jax
import jax.numpy as jnp
from flax import struct
from jax.typing import DTypeLike
from jaxtyping import Array, Bool, Float, Int


@struct.dataclass
class Memory:
    """What M past steps were, independent of the parameters."""

    inputs: Float[Array, "E M layers D"]
    """The input of every layer, oldest first."""
    count: Int[Array, " E"]
    """How many of them, counted from the newest, belong to the episode that goes on."""


@struct.dataclass
class Ring:
    """Keys and values of M past steps for each layer, under the parameters of one rollout."""

    keys: tuple[Float[Array, "E H M d"], ...]
    values: tuple[Float[Array, "E H M d"], ...]
    position: tuple[Float[Array, "H 2M d"], ...]
    """Positional keys of the ages M..1, twice, so that any rotation is one contiguous slice."""
    self_position: tuple[Float[Array, "H d"], ...]
    """Positional key of age 0."""
    head: Int[Array, ""]
    """The slot that is written next: the oldest."""
    count: Int[Array, " E"]

    @property
    def size(self) -> int:
        """M."""
        return self.keys[0].shape[2]


def empty_memory(num_envs: int, size: int, layers: int, width: int, dtype: DTypeLike) -> Memory:
    """The memory of environments that have seen nothing."""
    return Memory(jnp.zeros((num_envs, size, layers, width), dtype), jnp.zeros(num_envs, jnp.int32))


def rotated_position(ring: Ring, layer: int) -> Float[Array, "H M d"]:
    """Positional keys in the order of the ring's slots."""
    return jax.lax.dynamic_slice_in_dim(ring.position[layer], ring.size - ring.head, ring.size, axis=1)


def slot_valid(ring: Ring) -> Bool[Array, "E slots"]:
    """Which slots hold a step of the episode that goes on; after them the present step, which does."""
    slot = jnp.arange(ring.size + 1)
    age = jnp.where(slot < ring.size, (ring.head - 1 - slot) % ring.size + 1, 0)
    return age <= ring.count[:, None]


def push(ring: Ring, keys: list[Float[Array, "E H d"]], values: list[Float[Array, "E H d"]]) -> Ring:
    """Overwrite the oldest step by the newest."""

    def write(buffers: tuple[jax.Array, ...], new: list[jax.Array]) -> tuple[jax.Array, ...]:
        place = [jax.lax.dynamic_update_slice_in_dim(b, n[:, :, None].astype(b.dtype), ring.head, axis=2)
                 for b, n in zip(buffers, new, strict=True)]  # fmt: skip
        return tuple(place)

    return replace(
        ring,
        keys=write(ring.keys, keys),
        values=write(ring.values, values),
        head=(ring.head + 1) % ring.size,
        count=jnp.minimum(ring.count + 1, ring.size),
    )


def advance(memory: Memory, inputs: Float[Array, "T E layers D"], count: Int[Array, " E"]) -> Memory:
    """The memory after T more steps."""
    size, steps = memory.inputs.shape[1], inputs.shape[0]
    kept = memory.inputs[:, steps:] if steps < size else memory.inputs[:, :0]
    newest = jnp.swapaxes(inputs[max(0, steps - size) :], 0, 1)
    return Memory(jnp.concatenate([kept, newest.astype(memory.inputs.dtype)], axis=1), count)


def counts(start: Int[Array, " E"], done: Bool[Array, "T E"], size: int) -> Int[Array, "T E"]:
    """Valid past steps at each step of a rollout, given the count before it and where episodes ended."""

    def step(count: jax.Array, ended: jax.Array) -> tuple[jax.Array, jax.Array]:
        return jnp.where(ended, 0, jnp.minimum(count + 1, size)), count

    return jax.lax.scan(step, start, done)[1]
