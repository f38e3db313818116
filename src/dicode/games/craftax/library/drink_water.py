"""Objective: drink from the pond close by.
Why: thirst is the fastest of the needs; an agent that never drinks dies within a few hundred steps.
"""

from dicode.levels import Achievement, Block, Goal, World

GOAL = Goal.all_of(Achievement.COLLECT_DRINK)


def build(world: World) -> None:
    world.clear(5)
    world.scatter(Block.WATER, count=8, distance=(2, 5))
    world.player.drink = 3
