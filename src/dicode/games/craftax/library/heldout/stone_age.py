"""Objective: from nothing to a stone pickaxe.
Why: the whole first chain of tools in one episode, with everything it takes nearby.
"""

from dicode.levels import Achievement, Block, Goal, World

GOAL = Goal.all_of(Achievement.MAKE_STONE_PICKAXE)


def build(world: World) -> None:
    world.clear(6)
    world.scatter(Block.TREE, count=8, distance=(2, 6))
    world.scatter(Block.STONE, count=8, distance=(3, 6))
