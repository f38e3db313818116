"""How a rollout's arrays lie in memory on an accelerator, where each array that is turned or written is a kernel to launch."""

from collections.abc import Callable
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
from jax.experimental.custom_partitioning import custom_partitioning
from jax.experimental.layout import Layout, with_layout_constraint

from dicode.accelerator import on_accelerator

Now = TypeVar("Now", bound=Any)
TURNED_BYTES = 1024
"""Arrays of at most this many bytes an environment lie with the environments side by side."""


def scan(step: Callable[[Now, Any], tuple[Now, Any]], first: Now, draws: Any, num_envs: int) -> tuple[Now, Any]:
    """`jax.lax.scan` of a step, a record with the field `env_state`; on an accelerator laid out for it, with the same results.

    A step works on each slot, item and flag of all environments: within the scan these lie side by side, so that they are
    read and written as they lie. All numbers that a step tells of an environment are written as one array.
    """
    if not on_accelerator():
        return jax.lax.scan(step, first, draws)
    small = jax.tree.map(lambda x: x.ndim > 1 and x[0].size * x.dtype.itemsize <= TURNED_BYTES, first.env_state)

    def turned(now: Now, source: int, target: int) -> Now:
        moved = [jnp.moveaxis(x, source, target) if turns else x for x, turns in _pairs(now.env_state, small)]
        after: Now = now._replace(env_state=jax.tree.unflatten(jax.tree.structure(now.env_state), moved))
        return after

    def laid_out(now: Now, drawn: Any) -> tuple[Now, Any]:
        after, told = step(turned(now, -1, 0), drawn)
        return _as_they_lie(turned(after, 0, -1), small), _bundled(told, num_envs)

    one = jax.tree.map(lambda x: x[0], draws)
    like = jax.eval_shape(lambda now, drawn: step(now, drawn)[1], first, one)
    last, (numbers, others) = jax.lax.scan(laid_out, turned(first, 0, -1), draws)
    return turned(last, -1, 0), _apart(numbers, others, like, num_envs)


def _as_they_lie(now: Now, small: Any) -> Now:
    """The same; without being told, XLA would turn some arrays back at the end of each step, and again at the start of the next."""
    held = [_held(x) if turns else x for x, turns in _pairs(now.env_state, small)]
    after: Now = now._replace(env_state=jax.tree.unflatten(jax.tree.structure(now.env_state), held))
    return after


def _row_major(x: jax.Array) -> jax.Array:
    held: jax.Array = with_layout_constraint(x, Layout(tuple(range(x.ndim))))
    return held


# Of a constraint alone XLA does not know that it can be cut, and would gather the array from all devices.
_held = custom_partitioning(_row_major)
_held.def_partition(
    partition=lambda mesh, given, made: (mesh, _row_major, made.sharding, (given[0].sharding,)),
    infer_sharding_from_operands=lambda mesh, given, made: given[0].sharding,
    sharding_rule="... -> ...",
)


def _pairs(first: Any, second: Any) -> Any:
    return zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True)


def _bundled(told: Any, num_envs: int) -> tuple[jax.Array, list[jax.Array]]:
    """All numbers [E] of a step as one array int32[k, E], and the step's other arrays."""
    leaves = jax.tree.leaves(told)
    numbers = [_as_int(x) for x in leaves if x.shape == (num_envs,)]
    return jnp.stack(numbers), [x for x in leaves if x.shape != (num_envs,)]


def _apart(numbers: jax.Array, others: list[jax.Array], like: Any, num_envs: int) -> Any:
    """What steps told, [T, ...], of their bundles; `like` has the shapes and types of one step."""
    leaves, tree = jax.tree.flatten(like)
    each, rest = iter(jnp.moveaxis(numbers, 1, 0)), iter(others)
    found = [_from_int(next(each), x.dtype) if x.shape == (num_envs,) else next(rest) for x in leaves]
    return jax.tree.unflatten(tree, found)


def _as_int(x: jax.Array) -> jax.Array:
    return jax.lax.bitcast_convert_type(x, jnp.int32) if x.dtype == jnp.float32 else x.astype(jnp.int32)


def _from_int(x: jax.Array, dtype: Any) -> jax.Array:
    return jax.lax.bitcast_convert_type(x, dtype) if dtype == jnp.float32 else x.astype(dtype)
