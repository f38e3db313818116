"""Objective: mine two diamonds out of the rock of the mines.
Why: diamonds are more frequent below, and the iron pickaxe is the same.
"""

from dicode.levels import Block, Floor, Goal, Rules, World

GOAL = Goal.all_of(Goal.collect("diamond", 2))
RULES = Rules(melee_spawn=0.3, ranged_spawn=0.3)


def build(world: World) -> None:
    world.player.floor = Floor.GNOMISH_MINES
    world.light_up(level=160)
    world.clear(5)
    world.scatter(Block.STONE, count=10, distance=(2, 7))
    world.scatter(Block.DIAMOND, count=4, distance=(3, 8))
    world.player.inventory.set(pickaxe=3, sword=3)
