"""Initial weights: where they come from by name, and layers that hold several gates side by side."""

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

Initializer = Callable[..., Any]


def trunk(kind: str, gain: float) -> Initializer:
    """Weights of encoder, feed-forward blocks and gates: `orthogonal` with a gain, or LeCun-normal (`lecun`)."""
    return nn.initializers.orthogonal(gain) if kind == "orthogonal" else nn.initializers.lecun_normal()


def side_by_side(initializer: Initializer, count: int) -> Initializer:
    """`count` blocks along the last axis, each drawn on its own.

    One orthogonal matrix cut into blocks has its gain only as a whole: a square block of it has one of 0.5 to 0.7.
    """

    def init(key: jax.Array, shape: tuple[int, ...], dtype: Any = jnp.float32) -> jax.Array:
        block = (*shape[:-1], shape[-1] // count)
        return jnp.concatenate([initializer(k, block, dtype) for k in jax.random.split(key, count)], axis=-1)

    return init
