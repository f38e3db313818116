"""Objective: find the ladder of the mines while there is light, and enter the sewers.
Why: remembering where the ladder was seen pays once it can no longer be seen.
Mechanic: the light of the floor fades by two parts in 255 every step.
"""

import jax.numpy as jnp

from dicode.levels import Achievement, Floor, Goal, Rules, World

GOAL = Goal.all_of(Achievement.ENTER_SEWERS)
RULES = Rules(melee_spawn=0.1, ranged_spawn=0)
MINES = int(Floor.GNOMISH_MINES)


def build(world: World) -> None:
    world.player.floor = Floor.GNOMISH_MINES
    world.light_up()
    world.clear(7)
    world.move_ladder_down(world.random_cell(distance=(5, 10)))
    world.open_ladder()
    world.player.inventory.set(sword=3, torches=1, armour=1)


def transition(before, action, after, key):
    """Dim the mines."""
    light = after.light[MINES].astype(jnp.int32) - 2
    return after.replace(light=after.light.at[MINES].set(jnp.maximum(light, 0).astype(after.light.dtype)))
