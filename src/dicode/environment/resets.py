"""Exact resets that touch only the environments that ended.

The state is 87 kB an environment, nearly all of it maps, so nothing here may copy or select over the
whole of it. On a CPU large arrays are written one ended environment at a time, by updates that XLA does in place;
small ones by one select, run only in steps in which some environment ended. Both are loops without a trip when none
did: unlike a conditional, a loop leaves the buffers that it carries where they are. On an accelerator, where the host
would have to wait for how often such a loop runs, every step selects the small arrays, and scatters the large ones of
the ended environments; where none ended nothing is read or written.
"""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int

from dicode.accelerator import on_accelerator
from dicode.games.device import State

SMALL_BYTES = 64
"""Arrays of at most this many bytes an environment are reset by a select on a CPU."""
SMALL_BYTES_ACCELERATOR = 1024
"""The same on an accelerator: all but the maps, so that the select joins what computes the value."""


@jax.named_scope("env.resets")
def restart(game: State, ended: Bool[Array, " E"], source: Int[Array, " E"], pool: State, chunk: int | None) -> State:
    """`game` with every ended environment e replaced by world `source[e]` of `pool` [W].

    `chunk`: environments written at a time by a loop; None: what suits what the program is written for.
    """
    leaves, tree = jax.tree.flatten(game)
    worlds = jax.tree.leaves(pool)
    straight = on_accelerator() and chunk is None
    most = SMALL_BYTES_ACCELERATOR if straight else SMALL_BYTES
    small = [i for i, leaf in enumerate(leaves) if leaf[0].size * leaf.dtype.itemsize <= most]
    large = [i for i in range(len(leaves)) if i not in small]
    select, write = (_select_in_step, _scatter) if straight else (_select, _writer(chunk or 1))
    selected = select(ended, source, [leaves[i] for i in small], [worlds[i] for i in small])
    written = write(ended, source, [leaves[i] for i in large], [worlds[i] for i in large])
    for indices, values in ((small, selected), (large, written)):
        for i, value in zip(indices, values, strict=True):
            leaves[i] = value
    return jax.tree.unflatten(tree, leaves)


@jax.named_scope("env.resets")
def gather(pool: State, source: Int[Array, " E"]) -> State:
    """World `source[e]` of `pool` for every environment."""
    return jax.tree.map(lambda worlds: worlds[source], pool)


def _select_in_step(
    ended: jax.Array, source: jax.Array, values: list[jax.Array], worlds: list[jax.Array]
) -> list[jax.Array]:
    take = jnp.where(ended, source, 0)

    def choose(value: jax.Array, world: jax.Array) -> jax.Array:
        return jnp.where(ended.reshape(-1, *[1] * (value.ndim - 1)), world[take], value)

    return [choose(value, world) for value, world in zip(values, worlds, strict=True)]


def _scatter(ended: jax.Array, source: jax.Array, values: list[jax.Array], worlds: list[jax.Array]) -> list[jax.Array]:
    num_envs = ended.shape[0]
    # Those that go on are written outside, each at its own place, so that no two places are the same.
    place = jnp.where(ended, 0, num_envs) + jnp.arange(num_envs)
    return [
        value.at[place].set(world[source], mode="drop", unique_indices=True)
        for value, world in zip(values, worlds, strict=True)
    ]


def _writer(chunk: int) -> Callable[..., list[jax.Array]]:
    return _write_one if chunk == 1 else partial(_write_chunk, chunk=chunk)


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
    ended: jax.Array, source: jax.Array, values: list[jax.Array], worlds: list[jax.Array]
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
