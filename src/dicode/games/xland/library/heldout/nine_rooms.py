"""Objective: hold the black star in one of nine rooms.
Why: search in more rooms than the target has.
"""

from dicode.games.xland.levels import Goal, World

GOAL = Goal.hold("black star")


def build(world: World) -> None:
    world.clear(13)
    world.rooms(3, 3)
    world.put("black star", distance=(8, 30))
    world.scatter("black ball", "black key", "white star")
