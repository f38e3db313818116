"""Reductions over an axis of a few slots.

On an accelerator each reduction would be a kernel of its own; written out, it joins the operations around it.
"""

from collections.abc import Callable
from functools import reduce
from itertools import accumulate

import jax
import jax.numpy as jnp

from dicode.accelerator import on_accelerator


def any_of(flags: jax.Array, axis: int = 0) -> jax.Array:
    """Whether any is true."""
    return _fold(jnp.logical_or, flags, axis) if on_accelerator() else flags.any(axis)


def all_of(flags: jax.Array, axis: int = 0) -> jax.Array:
    """Whether all are true."""
    return _fold(jnp.logical_and, flags, axis) if on_accelerator() else flags.all(axis)


def total(values: jax.Array, axis: int = 0) -> jax.Array:
    """The sum; how many, of flags."""
    if not on_accelerator():
        return values.sum(axis)
    return _fold(jnp.add, values.astype(jnp.int32) if values.dtype == bool else values, axis)


def first(flags: jax.Array, axis: int = 0) -> jax.Array:
    """int32: number of the first that is true (not zero), 0 where none is."""
    if not on_accelerator():
        return jnp.argmax(flags, axis)
    found = jnp.zeros(_parts(flags, axis)[0].shape, jnp.int32)
    for number, flag in reversed(list(enumerate(_parts(flags, axis)))):
        found = jnp.where(flag != 0, number, found)
    return found


def first_free(taken: jax.Array) -> jax.Array:
    """int32: number of the first that is false, 0 where none is."""
    return first(~taken) if on_accelerator() else jnp.argmin(taken)


def sums(values: jax.Array) -> jax.Array:
    """Of each value: the sum up to it, [n]."""
    return jnp.stack(list(accumulate(_parts(values, 0)))) if on_accelerator() else jnp.cumsum(values)


def _fold(join: Callable[[jax.Array, jax.Array], jax.Array], values: jax.Array, axis: int) -> jax.Array:
    return reduce(join, _parts(values, axis))


def _parts(values: jax.Array, axis: int) -> list[jax.Array]:
    return [jax.lax.index_in_dim(values, number, axis, keepdims=False) for number in range(values.shape[axis])]
