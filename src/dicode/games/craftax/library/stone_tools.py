"""Objective: mine stone, then make a stone pickaxe and a stone sword at the table.
Why: the step from wood to stone doubles damage and opens iron.
"""

from dicode.levels import Achievement, Block, Goal, World

GOAL = Goal.all_of(Achievement.MAKE_STONE_PICKAXE, Achievement.MAKE_STONE_SWORD)


def build(world: World) -> None:
    world.clear(4)
    world.player.inventory.set(wood=3, pickaxe=1)
    world.place(Block.CRAFTING_TABLE, world.random_cell(distance=(1, 2)))
    world.scatter(Block.STONE, count=10, distance=(2, 5))
