"""Sums of table rows: the sparse half of a dense layer whose inputs are mostly zero.

Two ways, equal but for rounding. `rows` walks along the looked-up rows, which the CPU does at memory
speed (a plain gather-and-sum or scatter-add there is ten to forty times slower); `onehot` is a matrix
product, for processors whose matrix units are idle otherwise and whose scatters collide.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.experimental.custom_partitioning import custom_partitioning
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P
from jaxtyping import Array, Float, Int, UInt8

from dicode.accelerator import on_accelerator
from dicode.agent.settings import Lookup

_UNROLL = 11


def best_lookup() -> Lookup:
    """The way that suits what programs are written for."""
    return "onehot" if on_accelerator() else "rows"


def sum_rows(table: Float[Array, "R D"], index: Int[Array, "... K"], lookup: Lookup) -> Float[Array, "... D"]:
    """Sum over K of `table[index]`; an index of R or more adds nothing."""
    lead = index.shape[:-1]
    if not index.shape[-1]:
        return jnp.zeros((*lead, table.shape[-1]), jnp.float32)
    total: jax.Array = _sum_by_rows(table, index) if lookup == "rows" else _sum_by_onehot(table, index)
    return total


def _sum_by_onehot(table: jax.Array, index: jax.Array) -> jax.Array:
    counts = jax.nn.one_hot(index, table.shape[0], dtype=table.dtype).sum(axis=-2)
    return jnp.dot(counts, table, preferred_element_type=jnp.float32)


@jax.custom_vjp
def _sum_by_rows(table: jax.Array, index: jax.Array) -> jax.Array:
    total: jax.Array = _looked_up(table, index)
    return total


def _forward(table: jax.Array, index: jax.Array) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    return _looked_up(table, index), (index, jnp.zeros((0, table.shape[0]), table.dtype))


def _backward(residual: tuple[jax.Array, jax.Array], gradient: jax.Array) -> tuple[jax.Array, None]:
    index, like = residual
    return _added_up(index, gradient, like.shape[1]).astype(like.dtype), None


_sum_by_rows.defvjp(_forward, _backward)


@custom_partitioning
def _looked_up(table: jax.Array, index: jax.Array) -> jax.Array:
    rows, width = table.shape
    flat = index.reshape(-1, index.shape[-1])

    def add(total: jax.Array, column: jax.Array) -> tuple[jax.Array, None]:
        found = (column < rows).astype(table.dtype)[:, None]
        return total + found * table[jnp.minimum(column, rows - 1)], None

    zero = jnp.zeros((flat.shape[0], width), jnp.float32)
    total = jax.lax.scan(add, zero, flat.T, unroll=min(_UNROLL, flat.shape[1]))[0]
    return total.reshape(*index.shape[:-1], width)


@partial(custom_partitioning, static_argnums=(2,))
def _added_up(index: jax.Array, gradient: jax.Array, rows: int) -> jax.Array:
    """The gradient of a table of so many rows."""
    flat, each = index.reshape(-1, index.shape[-1]), gradient.reshape(-1, gradient.shape[-1]).astype(jnp.float32)

    def add(total: jax.Array, places: jax.Array) -> tuple[jax.Array, None]:
        return total.at[places].add(each, mode="drop"), None

    return jax.lax.scan(add, jnp.zeros((rows, each.shape[-1]), jnp.float32), flat.T)[0]


def set_bits(groups: UInt8[Array, "... N bytes"], most: int) -> Int[Array, "... most"]:
    """Positions of the set bits, lowest first: 8 x (byte number) + bit; 8 x N x bytes where there are fewer than `most`.

    Written as small matrix products and comparisons: a cumulative sum over all bits, a sort or a
    `nonzero` costs more than the rows that are looked up with the answer.
    """
    found: jax.Array = _found(groups, most)
    return found


@partial(custom_partitioning, static_argnums=(1,))
def _found(groups: jax.Array, most: int) -> jax.Array:
    lead, (num, width) = groups.shape[:-2], groups.shape[-2:]
    groups = groups.reshape(-1, num, width)
    counts = jax.lax.population_count(groups).astype(jnp.float32).sum(axis=-1)
    upto = counts @ jnp.triu(jnp.ones((num, num), jnp.float32))
    rank = jnp.arange(most, dtype=jnp.float32)
    group = (upto[:, None, :] <= rank[:, None]).sum(axis=-1)
    inside = jnp.minimum(group, num - 1)
    before = jnp.take_along_axis(upto - counts, inside, axis=1)
    # Only the groups that hold a bit are spread out.
    chosen = jnp.take_along_axis(groups, inside[..., None], axis=1)[..., None] >> jnp.arange(8, dtype=jnp.uint8)
    chosen = (chosen & 1).astype(jnp.float32).reshape(-1, most, width * 8)
    position_rank = chosen @ jnp.triu(jnp.ones((width * 8, width * 8), jnp.float32))
    bit = (position_rank <= (rank - before)[..., None]).sum(axis=-1)
    place = jnp.where(group < num, inside * (width * 8) + bit, num * width * 8)
    return place.astype(jnp.int32).reshape(*lead, most)


# Where environments lie on several devices, each finds and looks up its own. XLA would gather all of them on every device, as it
# can't divide samples that steps and environments make together.


def _lead(samples: Any, own: int) -> P:
    """How the axes before a sample's `own` ones are divided."""
    return P(*samples.sharding.spec[: len(samples.shape) - own])


def _look_up_each(mesh: Mesh, inputs: tuple[Any, ...], out: Any) -> tuple[Any, ...]:
    divided = NamedSharding(mesh, P(*_lead(inputs[1], 1), None))
    return mesh, _looked_up.fun, divided, (NamedSharding(mesh, P()), divided)


def _add_up_each(rows: int, mesh: Mesh, inputs: tuple[Any, ...], out: Any) -> tuple[Any, ...]:
    lead = _lead(inputs[0], 1)
    divided = NamedSharding(mesh, P(*lead, None))

    def add(index: jax.Array, gradient: jax.Array) -> jax.Array:
        own: jax.Array = _added_up.fun(index, gradient, rows)
        total: jax.Array = jax.lax.psum(own, tuple(axis for axis in lead if axis is not None))
        return total

    return mesh, add, NamedSharding(mesh, P()), (divided, divided)


def _find_each(most: int, mesh: Mesh, inputs: tuple[Any, ...], out: Any) -> tuple[Any, ...]:
    lead = _lead(inputs[0], 2)
    found, groups = NamedSharding(mesh, P(*lead, None)), NamedSharding(mesh, P(*lead, None, None))
    return mesh, partial(_found.fun, most=most), found, (groups,)


_looked_up.def_partition(_look_up_each, sharding_rule="r d, ... k -> ... d")
_added_up.def_partition(_add_up_each, sharding_rule="... k, ... d -> r d")
_found.def_partition(_find_each, sharding_rule="... n w -> ... m")
