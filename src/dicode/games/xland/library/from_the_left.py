"""Objective: put the blue ball to the right of the red ball.
Why: sides matter in some goals.
"""

from dicode.games.xland.levels import Goal, World

GOAL = Goal.together("red ball", "blue ball", side="right")


def build(world: World) -> None:
    world.clear(7)
    world.scatter("red ball", "blue ball")
