"""Objective: pick up the red ball, in an empty room.
Why: turning towards a thing and taking it is the first half of every task.
"""

from dicode.games.xland.levels import Goal, World

GOAL = Goal.hold("red ball")


def build(world: World) -> None:
    world.clear(7)
    world.put("red ball", distance=(1, 4))
