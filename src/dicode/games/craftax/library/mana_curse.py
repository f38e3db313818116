"""Objective: destroy the ice elemental before the curse has eaten your mana.
Why: with mana running out every cast must count, and hesitation is punished.
Mechanic: a curse takes one point of mana every six steps and never lets it recover.
"""

import jax.numpy as jnp

from dicode.levels import Achievement, Floor, Goal, Mob, Rules, World

GOAL = Goal.all_of(Achievement.DEFEAT_ICE_ELEMENTAL)
RULES = Rules(melee_spawn=0, ranged_spawn=0, monster_damage=0.4)


def build(world: World) -> None:
    world.player.floor = Floor.ICE_REALM
    world.light_up()
    world.clear(6)
    world.player.fireball = True
    world.player.intelligence = 5
    world.player.mana = 21
    world.player.inventory.set(sword=4, armour=2)
    world.spawn(Mob.ICE_ELEMENTAL, count=1, distance=(3, 6), health=12)


def transition(before, action, after, key):
    """Take mana every sixth step; what the game has just given back is taken too."""
    drained = jnp.minimum(after.player_mana, before.player_mana) - (after.timestep % 6 == 0)
    return after.replace(player_mana=jnp.maximum(drained, 0).astype(after.player_mana.dtype))
