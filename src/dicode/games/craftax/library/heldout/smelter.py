"""Objective: forge an iron sword with ore from the ground and stations you place yourself.
Why: the longest crafting chain of the overworld, from a stone pickaxe on.
"""

from dicode.levels import Achievement, Block, Goal, World

GOAL = Goal.all_of(Achievement.MAKE_IRON_SWORD)


def build(world: World) -> None:
    world.clear(6)
    world.scatter(Block.TREE, count=6, distance=(2, 6))
    world.scatter(Block.STONE, count=6, distance=(2, 6))
    world.scatter(Block.COAL, count=2, distance=(3, 7))
    world.scatter(Block.IRON, count=2, distance=(3, 7))
    world.player.inventory.set(pickaxe=2, wood=1)
