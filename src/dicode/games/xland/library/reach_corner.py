"""Objective: walk to the far corner.
Why: a goal may be a place.
"""

from dicode.games.xland.levels import Goal, World

GOAL = Goal.reach((7, 7))


def build(world: World) -> None:
    world.clear(9)
    world.player(at=(1, 1))
    world.scatter("red ball", "blue ball", "green ball")
