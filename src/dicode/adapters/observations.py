"""What an agent in another trainer is shown: one vector, or the compact arrays, the level's goal always with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, UInt32

from dicode.agent.spec import ObservationSpec, Observed
from dicode.errors import ConfigError, nearest

KINDS = ("flat", "compact")
"""`flat`: float32[D], the dense observation and then the goal. `compact`: `cells`, `scalars` and `goal` by name."""

Observation = Float[Array, "... D"] | Mapping[str, jax.Array]


@dataclass(frozen=True)
class Box:
    """The space of arrays of one shape with values from low to high."""

    low: float
    high: float
    shape: tuple[int, ...]
    dtype: Any

    def sample(self, key: UInt32[Array, "2"]) -> jax.Array:
        """A uniform array."""
        if jnp.issubdtype(self.dtype, jnp.integer):
            return jax.random.randint(key, self.shape, int(self.low), int(self.high) + 1).astype(self.dtype)
        return jax.random.uniform(key, self.shape, self.dtype, self.low, self.high)

    def contains(self, value: jax.Array) -> jax.Array:
        """Whether it is one."""
        fits = value.shape == self.shape and value.dtype == self.dtype
        return fits & jnp.all((value >= self.low) & (value <= self.high))


@dataclass(frozen=True)
class Dict:
    """The space of mappings with an array of each name."""

    spaces: Mapping[str, Box]

    def sample(self, key: UInt32[Array, "2"]) -> dict[str, jax.Array]:
        """Uniform arrays."""
        return {name: box.sample(jax.random.fold_in(key, i)) for i, (name, box) in enumerate(self.spaces.items())}

    def contains(self, value: Mapping[str, jax.Array]) -> jax.Array:
        """Whether it is one."""
        same = value.keys() == self.spaces.keys()
        return jnp.all(jnp.array([same, *(box.contains(value[name]) for name, box in self.spaces.items() if same)]))


def check_kind(kind: str) -> str:
    """The kind. Raises ConfigError for an unknown one."""
    if kind not in KINDS:
        raise ConfigError(f"observation={kind!r} is not one of {', '.join(KINDS)}{nearest(kind, KINDS)}")
    return kind


def shown(kind: str, spec: ObservationSpec, observed: Observed, goal: Float[Array, "... C"]) -> Observation:
    """An observation as the agent gets it; leading axes free."""
    if kind == "compact":
        return {"cells": observed.cells, "scalars": observed.scalars, "goal": goal}
    return jnp.concatenate([spec.expand(observed), goal], axis=-1)


def space(kind: str, spec: ObservationSpec) -> Box | Dict:
    """The space of what `shown` gives for one environment."""
    size = spec.conditioning
    if kind == "flat":
        return Box(-np.inf, np.inf, (spec.dense_size + size,), jnp.float32)
    return Dict(
        {
            "cells": Box(0, 255, (*spec.cells, len(spec.channels)), jnp.uint8),
            "scalars": Box(-np.inf, np.inf, (spec.scalars,), jnp.float32),
            "goal": Box(0.0, 1.0, (size,), jnp.float32),
        }
    )
