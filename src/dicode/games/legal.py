"""The legal values nearest to what a `transition` hook made of a state: ranges, types, no NaN."""

from collections.abc import Collection, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from dicode.games.hook_state import to_values
from dicode.games.host import Field


def legal(fields: Mapping[str, Field], untouchable: Collection[str], before: Any, after: Any) -> dict[str, jax.Array]:
    """Arrays by name: those of `after` (as a state or by dotted names), made legal; `untouchable` ones those of `before`.

    `before` is legal. Floats that are not finite are put back to it; every value is clipped to its field's range and
    cast to its dtype. Arrays may have any leading axes, the same in both.
    """
    old = dict(zip(fields, to_values(fields, before), strict=True))
    new = dict(zip(fields, to_values(fields, after), strict=True))
    return {
        name: old[name] if name in untouchable else _legal(old[name], new[name], field)
        for name, field in fields.items()
    }


def _legal(old: jax.Array, new: Any, field: Field) -> jax.Array:
    value = jnp.asarray(new)
    if field.dtype == bool:
        return value.astype(bool)
    if jnp.issubdtype(value.dtype, jnp.floating):
        value = jnp.where(jnp.isfinite(value), value, old.astype(value.dtype))
    if value.dtype == field.dtype and _whole_range(field):
        return value
    return jnp.clip(value, jnp.asarray(field.low, value.dtype), jnp.asarray(field.high, value.dtype)).astype(
        field.dtype
    )


def _whole_range(field: Field) -> bool:
    if field.dtype.kind not in "iu":
        return False
    info = np.iinfo(field.dtype)
    return field.low <= info.min and field.high >= info.max
