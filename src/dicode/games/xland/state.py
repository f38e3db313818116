"""One game's state and rule table on the device."""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct

from dicode.games.xland.levels.schema import FIELDS


class GameState(struct.PyTreeNode):
    """Everything that one game is; see `dicode.games.xland.levels.schema` for shapes, dtypes and ranges."""

    grid: jax.Array
    position: jax.Array
    direction: jax.Array
    pocket: jax.Array
    goal: jax.Array
    productions: jax.Array
    step: jax.Array
    limit: jax.Array
    depth: jax.Array
    made: jax.Array
    solved: jax.Array
    achievements: jax.Array
    trial: jax.Array
    trials: jax.Array
    start_grid: jax.Array
    start_position: jax.Array
    start_direction: jax.Array
    start_pocket: jax.Array

    @property
    def is_last(self) -> jax.Array:
        """Whether no trial comes after the one that has just ended."""
        return self.trial >= self.trials


class RuleTable(struct.PyTreeNode):
    """What a level changes beside goal and productions; any leading axes."""

    episode_length: jax.Array
    """int32: the environment ends episodes by it."""
    told: jax.Array
    """bool: the agent sees goal and productions."""


class Events(struct.PyTreeNode):
    """What happened in one step; int32, any leading axes."""

    made: jax.Array
    """Steps in which a production changed something."""


def from_arrays(arrays: Mapping[str, np.ndarray | jax.Array]) -> GameState:
    """Host arrays by the schema's names as a state, any leading axes."""
    return GameState(**{name: jnp.asarray(arrays[name], field.dtype) for name, field in FIELDS.items()})


def from_values(arrays: Mapping[str, jax.Array]) -> GameState:
    """Device arrays by the schema's names as a state."""
    return GameState(**arrays)


def no_events(*lead: int) -> Events:
    """Nothing has happened; `lead` are leading axes."""
    return Events(made=jnp.zeros(lead, jnp.int32))
