"""Objective: take the book from the chest and read it to learn the fireball.
Why: books lie in the first chests of sewers and vaults; knowing iceball already, the book must teach fire.
"""

from dicode.levels import Achievement, Floor, Goal, Rules, World

GOAL = Goal.all_of(Achievement.LEARN_FIREBALL)
RULES = Rules(melee_spawn=0.3, ranged_spawn=0.3)


def build(world: World) -> None:
    world.player.floor = Floor.SEWERS
    world.clear(4)
    world.chest(world.random_cell(distance=(2, 5)))
    world.player.iceball = True
    world.player.inventory.sword = 3
