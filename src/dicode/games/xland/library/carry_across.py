"""Objective: put the yellow square down beside the pink pyramid.
Why: carrying and putting down beside something is the second half of every task.
"""

from dicode.games.xland.levels import Goal, World

GOAL = Goal.together("yellow square", "pink pyramid")


def build(world: World) -> None:
    world.clear(7)
    world.scatter("yellow square", "pink pyramid")
