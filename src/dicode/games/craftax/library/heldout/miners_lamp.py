"""Objective: collect coal and wood and make torches at the table.
Why: the recipe needs two materials that lie in different directions.
"""

from dicode.levels import Achievement, Block, Goal, World

GOAL = Goal.all_of(Achievement.COLLECT_COAL, Achievement.MAKE_TORCH)


def build(world: World) -> None:
    row, column = world.player.position
    world.clear(6)
    world.place(Block.CRAFTING_TABLE, (row, column + 1))
    world.scatter(Block.TREE, count=4, distance=(2, 4), near=(row, column - 3))
    world.scatter(Block.COAL, count=3, distance=(1, 4), near=(row, column + 4))
    world.player.inventory.pickaxe = 1
