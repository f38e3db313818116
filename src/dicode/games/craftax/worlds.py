"""Base worlds: the package's world generator, compiled once for a fixed number of worlds a call.

World i of a key depends on (key, i) alone, so asking for more worlds keeps the first ones.
"""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np

from dicode.games.craftax import package
from dicode.games.craftax.state import GameState, from_package, to_arrays

CHUNK = 16
"""Worlds a call of the compiled program."""


def world_key(key: jax.Array, index: jax.Array | int) -> jax.Array:
    """The package's key of world `index`: `generate_world(world_key(key, i), ...)` is world i."""
    return jax.random.fold_in(key, index)


@cache
def _generator() -> jax.stages.Compiled:
    """The one compiled program: (key uint32[2], first index int32[]) -> GameState[CHUNK]."""

    def build(key: jax.Array, first: jax.Array) -> GameState:
        def one(index: jax.Array) -> GameState:
            return from_package(
                package.generate_world(world_key(key, index), package.ENV_PARAMS, package.STATIC_PARAMS)
            )

        return jax.vmap(one)(first + jnp.arange(CHUNK))

    key, first = jax.ShapeDtypeStruct((2,), jnp.uint32), jax.ShapeDtypeStruct((), jnp.int32)
    return jax.jit(build).lower(key, first).compile()


def generate(key: jax.Array, count: int, first: int = 0) -> dict[str, np.ndarray]:
    """`count` fresh worlds as host arrays by dotted name, leading axis `count`: worlds first, first + 1, ...

    Unmodified Craftax at step 0, as the package makes it; key is raw, uint32[2]. The first call in a
    process compiles (some half a minute of CPU without a compile cache).
    """
    if count < 1:
        raise ValueError(f"count is {count}; at least one world can be generated")
    build = _generator()
    starts = range(first, first + count, CHUNK)
    chunks = [to_arrays(build(key, jnp.asarray(start, jnp.int32))) for start in starts]
    return {name: np.concatenate([chunk[name] for chunk in chunks])[:count] for name in chunks[0]}
