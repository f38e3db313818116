"""Work on a few slots: the same for each, or a reduction over them.

On a CPU slots are an array. On an accelerator each operation on an array of another length, and each reduction, would be a
kernel of its own; there slots are taken apart into a tuple of single numbers (a tuple of tuples for two axes), on which all
work is written out and joins what is around it. What works here takes both, and arrays on an accelerator, too.
"""

from collections.abc import Callable
from functools import reduce
from itertools import accumulate
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from dicode.accelerator import on_accelerator

Slots = Any
"""An array over slots, or on an accelerator a tuple over them."""


def apart(values: Slots) -> Slots:
    """`values`, on an accelerator as single numbers."""
    return tuple(map(apart, parts(values))) if on_accelerator() and not _is_number(values) else values


def together(values: Slots) -> jax.Array:
    """The array that was taken `apart`."""
    if not isinstance(values, tuple):
        return jnp.asarray(values)
    # One stack of all numbers: of a stack of stacks each would be a kernel.
    return jnp.stack(jax.tree.leaves(values)).reshape(_shape(values))


def slots_of(*values: Any) -> Slots:
    """These values as slots."""
    return values if on_accelerator() else jnp.stack(values)


def chained(*values: Slots) -> Slots:
    """One axis of slots after the other."""
    return sum(map(parts, values), ()) if on_accelerator() else jnp.concatenate(values)


def parts(values: Slots) -> tuple[Any, ...]:
    """The value of each slot."""
    if isinstance(values, tuple):
        return values
    return tuple(jax.lax.index_in_dim(values, number, keepdims=False) for number in range(values.shape[0]))


def pick(values: Slots, slot: jax.Array) -> Any:
    """`values[slot]` for a number that is known to the device alone."""
    if not isinstance(values, tuple):
        return values[slot]
    chosen = values[0]
    for number, value in enumerate(values[1:], start=1):
        chosen = jax.tree.map(lambda new, old, here=slot == number: jnp.where(here, new, old), value, chosen)
    return chosen


def by_slot(work: Callable[..., Any], *values: Slots) -> Any:
    """What `work` gives for each slot of all `values`: `jax.vmap`, written out on an accelerator; a list is several results."""
    if not on_accelerator():
        return jax.vmap(work)(*values)
    each = [work(*of_slot) for of_slot in zip(*map(parts, values), strict=True)]
    return jax.tree.map(lambda *of_slots: of_slots, *each, is_leaf=lambda x: isinstance(x, tuple))


def by_number(work: Callable[..., Any], *values: Slots) -> Any:
    """As `by_slot` along every axis of `values`, from the first on; single numbers go with all."""
    slotted = [x for x in values if not _is_number(x)]
    if not slotted:
        return work(*values)

    def of_slot(*own: Any) -> Any:
        rest = iter(own)
        return by_number(work, *(x if _is_number(x) else next(rest) for x in values))

    return by_slot(of_slot, *slotted)


def any_of(flags: Slots) -> jax.Array:
    """Whether any is true."""
    found: jax.Array = reduce(jnp.logical_or, parts(flags)) if on_accelerator() else flags.any(0)
    return found


def any_marked(flags: Slots, marks: np.ndarray) -> Slots:
    """bool[n]: whether any of the flags [m] is true that row i of `marks`, bool[n, m], picks."""
    if not on_accelerator():
        return (marks & flags[None, :]).any(1)
    all_parts = parts(flags)
    none = jnp.zeros_like(all_parts[0])
    return tuple(reduce(jnp.logical_or, [all_parts[i] for i in np.flatnonzero(row)], none) for row in marks)


def all_of(flags: Slots) -> jax.Array:
    """Whether all are true."""
    found: jax.Array = reduce(jnp.logical_and, parts(flags)) if on_accelerator() else flags.all(0)
    return found


def total(values: Slots) -> jax.Array:
    """The sum; how many, of flags."""
    numbers = [x.astype(jnp.int32) if x.dtype == bool else x for x in parts(values)] if on_accelerator() else []
    found: jax.Array = reduce(jnp.add, numbers) if numbers else values.sum(0)
    return found


def first(flags: Slots) -> jax.Array:
    """int32: number of the first that is true (not zero), 0 where none is."""
    if not on_accelerator():
        return jnp.argmax(flags, 0)
    each = parts(flags)
    found = jnp.zeros(each[0].shape, jnp.int32)
    for number, flag in reversed(list(enumerate(each))):
        found = jnp.where(flag != 0, number, found)
    return found


def first_free(taken: Slots) -> jax.Array:
    """int32: number of the first that is false, 0 where none is."""
    return first(by_slot(jnp.logical_not, taken)) if on_accelerator() else jnp.argmin(taken)


def sums(values: Slots) -> Slots:
    """Of each value: the sum up to it, [n]."""
    return tuple(accumulate(parts(values))) if on_accelerator() else jnp.cumsum(values)


def _is_number(values: Slots) -> bool:
    return not isinstance(values, tuple) and values.ndim == 0


def _shape(values: Slots) -> tuple[int, ...]:
    return (len(values), *_shape(values[0])) if isinstance(values, tuple) else ()
