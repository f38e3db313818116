"""Objective: hold eight arrows made from wood and stone found around the table.
Why: arrows cost two materials each time; the agent has to keep gathering after the first success.
"""

from dicode.levels import Block, Goal, World

GOAL = Goal.all_of(Goal.hold("arrows", 8))


def build(world: World) -> None:
    world.clear(5)
    world.place(Block.CRAFTING_TABLE, world.random_cell(distance=(1, 2)))
    world.scatter(Block.TREE, count=8, distance=(3, 6))
    world.scatter(Block.STONE, count=8, distance=(3, 6))
    world.player.inventory.pickaxe = 1
