"""Objective: collect the bounty on two skeletons.
Why: a price on every wound teaches to aim long before the first kill.
Mechanic: the reward has a bounty of 0.5 for every point of health that a skeleton loses.
"""

import jax.numpy as jnp

from dicode.levels import Goal, Mob, Rules, World

GOAL = Goal.all_of(Goal.defeat(Mob.SKELETON, 2))
RULES = Rules(melee_spawn=0)


def build(world: World) -> None:
    world.clear(6)
    world.player.inventory.set(bow=1, arrows=25, sword=1)
    world.spawn(Mob.SKELETON, count=2, distance=(4, 8))


def bonus(before, action, after):
    """0.5 a point of health lost by the ranged mobs of the player's floor that were alive before."""
    floor = before.player_level
    alive = before.ranged_mobs.mask[floor]
    left = jnp.where(after.ranged_mobs.mask[floor], after.ranged_mobs.health[floor], 0.0)
    near = jnp.sum(jnp.abs(before.ranged_mobs.position[floor] - before.player_position), axis=-1) < 13
    lost = jnp.where(alive & near, before.ranged_mobs.health[floor] - left, 0.0)
    return 0.5 * jnp.clip(jnp.sum(lost), 0.0, 10.0)
