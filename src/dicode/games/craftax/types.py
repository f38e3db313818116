"""What a step returns: the device side's small records.

`Events` is what happened in one step, counted by the mechanic that caused it; the environment sums it
over an episode for goals and statistics.
"""

import jax
from flax import struct

from dicode.games.craftax.state import GameState

NUM_MOB_CLASSES = 3
NUM_MOB_TYPES = 8


class Events(struct.PyTreeNode):
    """What happened in one step, per environment (leading axes may precede those below)."""

    kills: jax.Array
    """int32[3, 8]: mobs killed by (class, type): class 0 passive, 1 melee, 2 ranged."""
    collected: jax.Array
    """int32[8]: gained by the action DO, in the order of `dicode.games.craftax.levels.counted.COLLECTABLES`."""
    placed: jax.Array
    """int32[5]: put into the world, in the order of `dicode.games.craftax.levels.counted.PLACEABLES`."""
    eaten: jax.Array
    """int32: meals: passive mobs and ripe plants."""
    drunk: jax.Array
    """int32: drinks from water or a fountain."""
    damage_taken: jax.Array
    """float32: health lost to mobs and their projectiles."""


class StepResult(struct.PyTreeNode):
    """The outcome of one step."""

    state: GameState
    reward: jax.Array
    """float32: worth of new achievements, and a tenth of the change in health by default."""
    done: jax.Array
    """bool: the player died, the boss is beaten, or the game's own time is up."""
    events: Events
