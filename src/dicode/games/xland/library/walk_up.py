"""Objective: walk up to the green star among other things.
Why: the goal's thing must be told from others by shape and colour.
"""

from dicode.games.xland.levels import Goal, World

GOAL = Goal.near("green star")


def build(world: World) -> None:
    world.clear(7)
    world.scatter("green star", "green ball", "red star")
