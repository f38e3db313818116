"""Exact resets that touch only the environments that ended.

The state is 87 kB an environment, nearly all of it maps, so nothing here may copy or select over the
whole of it. Large arrays are written one ended environment at a time (CPU) or a chunk of them at a
time (accelerators), by updates that XLA does in place; small ones by one select, run only in steps in
which some environment ended. Both are loops without a trip when none did: unlike a conditional, a
loop leaves the buffers that it carries where they are.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int

from dicode.games.device import State

SMALL_BYTES = 64
"""Arrays of at most this many bytes an environment are reset by a select."""


def default_chunk() -> int:
    """Ended environments written at a time: one on a CPU, 64 where kernels are worth filling."""
    return 1 if jax.default_backend() == "cpu" else 64


def restart(game: State, ended: Bool[Array, " E"], source: Int[Array, " E"], pool: State, chunk: int) -> State:
    """`game` with every ended environment e replaced by world `source[e]` of `pool` [W]."""
    leaves, tree = jax.tree.flatten(game)
    worlds = jax.tree.leaves(pool)
    small = [i for i, leaf in enumerate(leaves) if leaf[0].size * leaf.dtype.itemsize <= SMALL_BYTES]
    large = [i for i in range(len(leaves)) if i not in small]
    write = _write_one if chunk == 1 else _write_chunk
    selected = _select(ended, source, [leaves[i] for i in small], [worlds[i] for i in small])
    written = write(ended, source, [leaves[i] for i in large], [worlds[i] for i in large], chunk)
    for indices, values in ((small, selected), (large, written)):
        for i, value in zip(indices, values, strict=True):
            leaves[i] = value
    return jax.tree.unflatten(tree, leaves)


def gather(pool: State, source: Int[Array, " E"]) -> State:
    """World `source[e]` of `pool` for every environment."""
    return jax.tree.map(lambda worlds: worlds[source], pool)


def _select(ended: jax.Array, source: jax.Array, values: list[jax.Array], worlds: list[jax.Array]) -> list[jax.Array]:
    def body(carry: tuple[jax.Array, list[jax.Array]]) -> tuple[jax.Array, list[jax.Array]]:
        pending, values = carry
        # Depends on the carry, so that XLA cannot move the gathers out of the loop and into every step.
        take = jnp.where(pending, source, 0)
        fresh = [world[take] for world in worlds]
        masks = [pending.reshape(-1, *[1] * (value.ndim - 1)) for value in values]
        new = [jnp.where(mask, f, value) for mask, f, value in zip(masks, fresh, values, strict=True)]
        return jnp.zeros_like(pending), new

    return jax.lax.while_loop(lambda carry: jnp.any(carry[0]), body, (ended, values))[1]


def _write_one(
    ended: jax.Array, source: jax.Array, values: list[jax.Array], worlds: list[jax.Array], chunk: int
) -> list[jax.Array]:
    def body(carry: tuple[jax.Array, list[jax.Array]]) -> tuple[jax.Array, list[jax.Array]]:
        pending, values = carry
        env = jnp.argmax(pending)
        fresh = [jax.lax.dynamic_index_in_dim(world, source[env], keepdims=False) for world in worlds]
        new = [jax.lax.dynamic_update_index_in_dim(v, f, env, 0) for v, f in zip(values, fresh, strict=True)]
        return pending.at[env].set(False), new

    return jax.lax.while_loop(lambda carry: jnp.any(carry[0]), body, (ended, values))[1]


def _write_chunk(
    ended: jax.Array, source: jax.Array, values: list[jax.Array], worlds: list[jax.Array], chunk: int
) -> list[jax.Array]:
    num_envs = ended.shape[0]

    def body(carry: tuple[jax.Array, list[jax.Array]]) -> tuple[jax.Array, list[jax.Array]]:
        pending, values = carry
        envs = jnp.nonzero(pending, size=min(chunk, num_envs), fill_value=num_envs)[0]
        take = source[jnp.minimum(envs, num_envs - 1)]
        new = [
            value.at[envs].set(world[take], mode="drop", unique_indices=False)
            for value, world in zip(values, worlds, strict=True)
        ]
        return pending.at[envs].set(False, mode="drop"), new

    return jax.lax.while_loop(lambda carry: jnp.any(carry[0]), body, (ended, values))[1]
