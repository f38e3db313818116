"""Objective: keep the oath: defeat three zombies while your life runs out.
Why: turns fighting from a risk into the only way to live, the opposite of the habit to hide.
Mechanic: health drains by one every 20 steps and every kill gives three back; kills earn a bonus.
"""

import jax.numpy as jnp

from dicode.levels import Goal, Mob, Rules, World

GOAL = Goal.all_of(Goal.defeat(Mob.ZOMBIE, 3))
RULES = Rules(ranged_spawn=0, passive_spawn=0, melee_spawn=3.0, health_recovery=0)


def build(world: World) -> None:
    world.clear(6)
    world.time_of_day = 0.6
    world.player.inventory.set(sword=2, armour=1)
    world.spawn(Mob.ZOMBIE, count=3, distance=(3, 8))


def transition(before, action, after, key):
    """Drain, and give back for each monster killed in this step."""
    kills = (jnp.sum(after.monsters_killed) - jnp.sum(before.monsters_killed)).astype(jnp.float32)
    health = after.player_health - (after.timestep % 20 == 0) + 3.0 * kills
    return after.replace(player_health=jnp.minimum(health, 9.0))


def bonus(before, action, after):
    """Half a point a kill."""
    return 0.5 * (jnp.sum(after.monsters_killed) - jnp.sum(before.monsters_killed)).astype(jnp.float32)
