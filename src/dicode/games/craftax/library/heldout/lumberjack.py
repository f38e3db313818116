"""Objective: hold six pieces of wood, from trees that stand far apart.
Why: collecting on after the first success, with some walking between the trees.
"""

from dicode.levels import Block, Goal, World

GOAL = Goal.all_of(Goal.hold("wood", 6))


def build(world: World) -> None:
    world.clear(8)
    world.scatter(Block.TREE, count=8, distance=(4, 10))
