"""Objective: cross the sand to the well and drink four times.
Why: thirst with nothing else around; the water is at the edge of the view.
"""

from dicode.levels import Block, Goal, World

GOAL = Goal.all_of(Goal.at_least("drunk", 4))


def build(world: World) -> None:
    row, column = world.player.position
    world.fill(Block.SAND, rows=(row - 9, row + 9), columns=(column - 9, column + 9))
    world.scatter(Block.WATER, count=3, distance=(5, 8))
    world.player.drink = 4
