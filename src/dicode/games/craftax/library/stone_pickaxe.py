"""Objective: mine one stone and make a stone pickaxe at the table.
Why: the step from wood to stone: gather with one tool, craft the next.
"""

from dicode.levels import Achievement, Block, Goal, World

GOAL = Goal.all_of(Achievement.MAKE_STONE_PICKAXE)


def build(world: World) -> None:
    row, column = world.player.position
    world.clear(3)
    world.player.inventory.set(wood=3, pickaxe=1)
    world.place(Block.CRAFTING_TABLE, (row - 1, column + 1))
    world.scatter(Block.STONE, count=8, distance=(1, 3))
