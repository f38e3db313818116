"""Objective: make a wood pickaxe at the table next to you.
Why: crafting works only beside a table; here nothing else is missing.
"""

from dicode.levels import Achievement, Block, Goal, World

GOAL = Goal.all_of(Achievement.MAKE_WOOD_PICKAXE)


def build(world: World) -> None:
    world.clear(3)
    world.place(Block.CRAFTING_TABLE, world.random_cell(distance=(1, 2)))
    world.player.inventory.wood = 3
