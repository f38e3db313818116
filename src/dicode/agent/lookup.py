"""Sums of table rows: the sparse half of a dense layer whose inputs are mostly zero.

Two ways, equal but for rounding. `rows` walks along the looked-up rows, which the CPU does at memory
speed (a plain gather-and-sum or scatter-add there is ten to forty times slower); `onehot` is a matrix
product, for processors whose matrix units are idle otherwise and whose scatters collide.
"""

from functools import partial

import jax
import jax.numpy as jnp
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
    flat = index.reshape(-1, index.shape[-1])
    total = _sum_by_rows(table, flat) if lookup == "rows" else _sum_by_onehot(table, flat)
    return total.reshape(*lead, table.shape[-1])


def _sum_by_onehot(table: jax.Array, index: jax.Array) -> jax.Array:
    counts = jax.nn.one_hot(index, table.shape[0], dtype=table.dtype).sum(axis=-2)
    return jnp.dot(counts, table, preferred_element_type=jnp.float32)


@jax.custom_vjp
def _sum_by_rows(table: jax.Array, index: jax.Array) -> jax.Array:
    rows = table.shape[0]

    def add(total: jax.Array, column: jax.Array) -> tuple[jax.Array, None]:
        found = (column < rows).astype(table.dtype)[:, None]
        return total + found * table[jnp.minimum(column, rows - 1)], None

    zero = jnp.zeros((index.shape[0], table.shape[1]), jnp.float32)
    return jax.lax.scan(add, zero, index.T, unroll=min(_UNROLL, index.shape[1]))[0]


def _forward(table: jax.Array, index: jax.Array) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    return _sum_by_rows(table, index), (index, jnp.zeros((0, table.shape[0]), table.dtype))


def _backward(residual: tuple[jax.Array, jax.Array], gradient: jax.Array) -> tuple[jax.Array, None]:
    index, like = residual

    rows = gradient.astype(jnp.float32)

    def add(total: jax.Array, places: jax.Array) -> tuple[jax.Array, None]:
        return total.at[places].add(rows, mode="drop"), None

    zero = jnp.zeros((like.shape[1], gradient.shape[-1]), jnp.float32)
    total = jax.lax.scan(add, zero, index.T)[0]
    return total.astype(like.dtype), None


_sum_by_rows.defvjp(_forward, _backward)


@partial(jax.jit, static_argnames="most")
def set_bits(groups: UInt8[Array, "... N bytes"], most: int) -> Int[Array, "... most"]:
    """Positions of the set bits, lowest first: 8 x (byte number) + bit; 8 x N x bytes where there are fewer than `most`.

    Written as small matrix products and comparisons: a cumulative sum over all bits, a sort or a
    `nonzero` costs more than the rows that are looked up with the answer.
    """
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
