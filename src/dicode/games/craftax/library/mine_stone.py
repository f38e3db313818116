"""Objective: mine three stones with the wood pickaxe.
Why: stone is the second material; mining opens a way into the rock at the same time.
"""

from dicode.levels import Block, Goal, World

GOAL = Goal.all_of(Goal.collect("stone", 3))


def build(world: World) -> None:
    world.clear(4)
    world.player.inventory.pickaxe = 1
    world.scatter(Block.STONE, count=14, distance=(2, 5))
