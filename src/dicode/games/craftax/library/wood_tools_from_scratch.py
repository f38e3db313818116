"""Objective: gather wood, place a table and make both a pickaxe and a sword of wood.
Why: chains collecting, placing and crafting, with enough trees that searching is not the difficulty.
"""

from dicode.levels import Achievement, Block, Goal, World

GOAL = Goal.all_of(Achievement.MAKE_WOOD_PICKAXE, Achievement.MAKE_WOOD_SWORD)


def build(world: World) -> None:
    world.clear(5)
    world.scatter(Block.TREE, count=12, distance=(2, 6))
