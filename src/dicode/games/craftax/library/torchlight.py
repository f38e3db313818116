"""Objective: make torches from wood and coal, and put up three of them in the dark.
Why: light is needed on every dark floor, and torches are the cheapest way to be able to see.
"""

from dicode.levels import Achievement, Block, Goal, World

GOAL = Goal.all_of(Achievement.MAKE_TORCH, Goal.place("torch", 3))


def build(world: World) -> None:
    world.clear(4)
    world.time_of_day = 0.7
    world.place(Block.CRAFTING_TABLE, world.random_cell(distance=(1, 2)))
    world.player.inventory.set(wood=3, coal=2, sword=1)
