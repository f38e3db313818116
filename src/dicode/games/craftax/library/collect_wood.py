"""Objective: chop wood from one of the trees around.
Why: every tool begins with wood, and facing a block to use DO on it is the first habit of the game.
"""

from dicode.levels import Achievement, Block, Goal, World

GOAL = Goal.all_of(Achievement.COLLECT_WOOD)


def build(world: World) -> None:
    world.clear(4)
    world.scatter(Block.TREE, count=10, distance=(1, 4))
