"""Objective: place a furnace beside the table and forge an iron pickaxe.
Why: iron tools need two stations within one cell at once, the hardest crafting condition of the overworld.
"""

from dicode.levels import Achievement, Block, Goal, World

GOAL = Goal.all_of(Achievement.PLACE_FURNACE, Achievement.MAKE_IRON_PICKAXE)


def build(world: World) -> None:
    world.clear(3)
    world.place(Block.CRAFTING_TABLE, world.random_cell(distance=(1, 2)))
    world.player.inventory.set(wood=2, stone=4, coal=2, iron=2, pickaxe=2)
