"""Objective: find the ladder in the dark ice realm and go down to the graveyard.
Why: the last descent; the realm is dark, and only what torches show can be found.
"""

from dicode.levels import Achievement, Floor, Goal, Rules, World

GOAL = Goal.all_of(Achievement.ENTER_GRAVEYARD)
RULES = Rules(melee_spawn=0.2, ranged_spawn=0.2)


def build(world: World) -> None:
    world.player.floor = Floor.ICE_REALM
    world.clear(5)
    world.move_ladder_down(world.random_cell(distance=(4, 9)))
    world.open_ladder()
    world.torch(world.random_cell(distance=(1, 4)))
    world.player.inventory.set(torches=6, sword=4, armour=2)
