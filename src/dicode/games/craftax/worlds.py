"""Base worlds: the package's world generator, compiled once for at most a fixed number of worlds a call.

World i of a key depends on (key, i) alone, so asking for more worlds keeps the first ones.
"""

from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np

from dicode.accelerator import on_accelerator
from dicode.games.craftax import package
from dicode.games.craftax.state import GameState, from_package, to_arrays

CHUNK, SIDE_BY_SIDE = 16, 64
"""Worlds a call of the compiled program, at most: one after the other, or side by side, where a call costs what its launches do."""


def world_key(key: jax.Array, index: jax.Array | int) -> jax.Array:
    """The package's key of world `index`: `generate_world(world_key(key, i), ...)` is world i."""
    return jax.random.fold_in(key, index)


@cache
def _generator(size: int) -> jax.stages.Compiled:
    """The one compiled program: (key uint32[2], first index int32[], count int32[]) -> GameState[size], `count` of them made.

    On a CPU world after world: a level is often one world, and side by side sixteen take longer than one after another.
    """

    def build(key: jax.Array, first: jax.Array, count: jax.Array) -> GameState:
        def one(index: jax.Array) -> GameState:
            return from_package(
                package.generate_world(world_key(key, index), package.ENV_PARAMS, package.STATIC_PARAMS)
            )

        if on_accelerator():
            return jax.vmap(one)(first + jnp.arange(size))

        def add(made: tuple[jax.Array, GameState]) -> tuple[jax.Array, GameState]:
            number, worlds = made
            put = partial(jax.lax.dynamic_update_index_in_dim, index=number, axis=0)
            return number + 1, jax.tree.map(put, worlds, one(first + number))

        none: GameState = jax.tree.map(
            lambda array: jnp.zeros((size, *array.shape), array.dtype), jax.eval_shape(one, first)
        )
        made: tuple[jax.Array, GameState] = jax.lax.while_loop(lambda made: made[0] < count, add, (jnp.int32(0), none))
        return made[1]

    key, number = jax.ShapeDtypeStruct((2,), jnp.uint32), jax.ShapeDtypeStruct((), jnp.int32)
    return jax.jit(build).lower(key, number, number).compile()


def generate(key: jax.Array, count: int, first: int = 0) -> dict[str, np.ndarray]:
    """`count` fresh worlds as host arrays by dotted name, leading axis `count`: worlds first, first + 1, ...

    Unmodified Craftax at step 0, as the package makes it; key is raw, uint32[2]. The first call in a
    process compiles (some half a minute of CPU without a compile cache).
    """
    if count < 1:
        raise ValueError(f"count is {count}; at least one world can be generated")
    size, end = SIDE_BY_SIDE if on_accelerator() else CHUNK, first + count
    build = _generator(size)
    chunks = [to_arrays(build(key, jnp.int32(at), jnp.int32(min(size, end - at)))) for at in range(first, end, size)]
    return {name: np.concatenate([chunk[name] for chunk in chunks])[:count] for name in chunks[0]}
