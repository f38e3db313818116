"""Objective: open the chest of the vaults, read the book and cast what it teaches.
Why: learning and using a spell are two achievements that belong together.
"""

from dicode.levels import Achievement, Floor, Goal, Rules, World

GOAL = Goal.all_of(Achievement.LEARN_ICEBALL, Achievement.CAST_ICEBALL)
RULES = Rules(melee_spawn=0.2, ranged_spawn=0.2)


def build(world: World) -> None:
    world.player.floor = Floor.VAULTS
    world.clear(5)
    world.chest(world.random_cell(distance=(3, 6)))
    world.player.fireball = True
    world.player.inventory.set(sword=3, armour=1)
