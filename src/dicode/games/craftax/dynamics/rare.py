"""Work that few steps need, done only when some environment of the batch needs it, and loops over slots.

Under `jax.vmap` a `lax.cond` becomes a select: every environment pays for both branches. Here the
condition is reduced over the batch first, so that a real branch skips the work for all.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from dicode.accelerator import on_accelerator
from dicode.games.craftax.dynamics.few import Slots, parts

State = TypeVar("State")


Slot = jax.Array | int
"""Number of a slot: an array within a loop, a plain number where the loop is written out."""


def one_by_one(slots: range, act: Callable[[State, Slot], State], state: State) -> State:
    """`act` for one slot after the other: a loop, written out on an accelerator."""
    if on_accelerator():
        for slot in slots:
            state = act(state, slot)
        return state
    after: State = jax.lax.fori_loop(slots.start, slots.stop, lambda slot, s: act(s, slot), state)
    return after


def each(act: Callable[..., tuple[State, Any]], state: State, *values: Slots) -> tuple[State, Slots]:
    """`act(state, *values of a slot)` one slot after the other, with what it says of each."""
    if on_accelerator():
        told = []
        for own in zip(*map(parts, values), strict=True):
            state, says = act(state, *own)
            told.append(says)
        return state, tuple(told)
    after: tuple[State, jax.Array] = jax.lax.scan(lambda state, own: act(state, *own), state, values)
    return after


def put(values: Slots, slot: Slot, new: Any) -> Slots:
    """`values`, taken apart, with `new` at a slot."""
    if isinstance(values, tuple):
        return tuple(new if number == slot else value for number, value in enumerate(values))
    return values.at[slot].set(new)


def cut(values: State) -> State:
    """`values`, on an accelerator all known before anything of what follows is begun.

    So every map has been read before it is written, in place; and the compiler's time to fuse, which grows with the
    square of what is connected, stays bounded.
    """
    held: State = jax.lax.optimization_barrier(values) if on_accelerator() else values
    return held


def rare(needed: jax.Array, work: Callable[..., State], state: State, *arguments: Any) -> State:
    """`work(needed, state, *arguments)`, skipped if no environment of the batch needs it.

    `work` must return `state` unchanged where `needed` is false, and close over no traced array. On an
    accelerator, where the host would have to wait for the condition, it is done unasked.
    """
    if on_accelerator():
        return work(needed, state, *arguments)

    @jax.custom_batching.custom_vmap
    def run(needed: jax.Array, state: State, arguments: tuple[Any, ...]) -> State:
        after: State = jax.lax.cond(needed, lambda s: work(needed, s, *arguments), lambda s: s, state)
        return after

    @run.def_vmap
    def run_batch(size: int, batched: Any, needed: Any, state: Any, arguments: Any) -> tuple[Any, Any]:
        def spread(value: jax.Array, has_axis: bool) -> jax.Array:
            return value if has_axis else jnp.broadcast_to(value, (size, *jnp.shape(value)))

        # Arguments without the batch's axis stay single: they may be large tables.
        needed, state = jax.tree.map(spread, (needed, state), (batched[0], batched[1]))
        axes = jax.tree.map(lambda has_axis: 0 if has_axis else None, batched[2])
        mapped: Callable[..., Any] = jax.vmap(lambda n, s, a: work(n, s, *a), in_axes=(0, 0, axes))
        result = jax.lax.cond(jnp.any(needed), lambda s: mapped(needed, s, arguments), lambda s: s, state)
        return result, jax.tree.map(lambda _: True, result)

    after: State = run(needed, state, arguments)
    return after


def some(needed: jax.Array, work: Callable[..., State], otherwise: State, maps: Any, *arguments: Any) -> State:
    """`work(maps, index, *arguments)` where `needed`, else `otherwise`; done for those environments alone.

    For work that a part of the batch needs in every step: those environments are gathered into small
    groups, one after the other, as many as it takes. `maps` are large arrays that are not gathered:
    `work` sees those of all environments, [N, ...], and its own `index`. It closes over no traced array.
    On an accelerator it is done for all at once.
    """
    if on_accelerator():
        one = jax.tree.map(lambda array: array[None], maps)
        done = work(one, jnp.int32(0), *arguments)
        chosen: State = jax.tree.map(partial(jnp.where, needed), done, otherwise)
        return chosen

    @jax.custom_batching.custom_vmap
    def run(needed: jax.Array, otherwise: State, maps: Any, arguments: tuple[Any, ...]) -> State:
        one = jax.tree.map(lambda array: array[None], maps)
        after: State = jax.lax.cond(needed, lambda: work(one, jnp.int32(0), *arguments), lambda: otherwise)
        return after

    @run.def_vmap
    def run_batch(size: int, batched: Any, needed: Any, otherwise: Any, maps: Any, arguments: Any) -> tuple[Any, Any]:
        def spread(value: jax.Array, has_axis: bool) -> jax.Array:
            return value if has_axis else jnp.broadcast_to(value, (size, *jnp.shape(value)))

        needed, otherwise, maps = jax.tree.map(spread, (needed, otherwise, maps), tuple(batched[:3]))
        axes = jax.tree.map(lambda has_axis: 0 if has_axis else None, batched[3])
        done = _in_groups(
            size, needed, otherwise, lambda index: _gathered(arguments, batched[3], index), maps, work, axes
        )
        return done, jax.tree.map(lambda _: True, done)

    after: State = run(needed, otherwise, maps, arguments)
    return after


def _gathered(arguments: Any, batched: Any, index: jax.Array) -> Any:
    return jax.tree.map(lambda value, has_axis: value[index] if has_axis else value, arguments, batched)


def _in_groups(
    size: int,
    needed: jax.Array,
    otherwise: Any,
    pick: Callable[[jax.Array], Any],
    maps: Any,
    work: Callable[..., Any],
    axes: Any,
) -> Any:
    group = max(1, min(size, max(8, size // 8)))
    together: Callable[..., Any] = jax.vmap(lambda index, arguments: work(maps, index, *arguments), in_axes=(0, axes))
    if group == size:
        done = together(jnp.arange(size), pick(jnp.arange(size)))
        return jax.tree.map(
            lambda new, old: jnp.where(needed.reshape(-1, *[1] * (new.ndim - 1)), new, old), done, otherwise
        )
    rank = jnp.where(needed, jnp.cumsum(needed) - 1, size + group)
    queue = jnp.zeros(size + group, jnp.int32).at[rank].set(np.arange(size, dtype=np.int32), mode="drop")
    count = needed.sum()

    def advance(carry: tuple[jax.Array, Any]) -> tuple[jax.Array, Any]:
        start, result = carry
        index = jax.lax.dynamic_slice(queue, (start,), (group,))
        done = together(index, pick(index))
        place = jnp.where(start + np.arange(group) < count, index, size)
        result = jax.tree.map(lambda old, new: old.at[place].set(new, mode="drop"), result, done)
        return start + group, result

    return jax.lax.while_loop(lambda carry: carry[0] < count, advance, (jnp.int32(0), otherwise))[1]
