"""Objective: make a diamond sword and a diamond pickaxe at the table.
Why: the recipes of the last tier, practised before the agent can ever gather five diamonds.
"""

from dicode.levels import Achievement, Block, Goal, World

GOAL = Goal.all_of(Achievement.MAKE_DIAMOND_SWORD, Achievement.MAKE_DIAMOND_PICKAXE)


def build(world: World) -> None:
    world.clear(3)
    world.place(Block.CRAFTING_TABLE, world.random_cell(distance=(1, 3)))
    world.player.inventory.set(wood=3, diamond=5, pickaxe=3, sword=3)
