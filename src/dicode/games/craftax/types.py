"""What happened in one step, counted by the mechanic that caused it; summed over an episode for goals and statistics."""

import jax
import jax.numpy as jnp
from flax import struct

from dicode.games.craftax.levels.counted import COLLECTABLES, PLACEABLES

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


def no_events(*lead: int) -> Events:
    """Nothing has happened; `lead` are leading axes."""
    return Events(
        kills=jnp.zeros((*lead, NUM_MOB_CLASSES, NUM_MOB_TYPES), jnp.int32),
        collected=jnp.zeros((*lead, len(COLLECTABLES)), jnp.int32),
        placed=jnp.zeros((*lead, len(PLACEABLES)), jnp.int32),
        eaten=jnp.zeros(lead, jnp.int32),
        drunk=jnp.zeros(lead, jnp.int32),
        damage_taken=jnp.zeros(lead, jnp.float32),
    )
