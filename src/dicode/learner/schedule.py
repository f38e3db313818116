"""The learning rate: linear over the updates of a run, held in the learner's state as data."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from dicode.errors import ConfigError
from dicode.learner.types import Schedule


def linear(start_rate: float, end_rate: float, start_update: int, end_update: int) -> Schedule:
    """A rate that goes linearly from `start_rate` at one update to `end_rate` at a later one, and stays there."""
    if end_update <= start_update:
        raise ConfigError(f"the schedule ends at update {end_update}; it must be later than {start_update}")
    return Schedule(jnp.float32(start_rate), jnp.float32(end_rate), jnp.int32(start_update), jnp.int32(end_update))


def stretched(schedule: Schedule, update: int, end_rate: float, end_update: int, start_rate: float | None) -> Schedule:
    """The schedule from `update` on to another end; it begins with `start_rate`, or with the rate that it has there."""
    now = float(rate(schedule, jnp.int32(update))) if start_rate is None else start_rate
    return linear(now, end_rate, update, end_update)


def rate(schedule: Schedule, update: Int[Array | np.ndarray, ""]) -> Float[Array, ""]:
    """The rate of the given update; constant within one."""
    span = (schedule.end_update - schedule.start_update).astype(jnp.float32)
    done = jnp.clip((update - schedule.start_update).astype(jnp.float32) / span, 0.0, 1.0)
    return schedule.start_rate + done * (schedule.end_rate - schedule.start_rate)
