"""Objective: hold the star in the other room, past a closed door.
Why: things lie in rooms that one does not see.
"""

from dicode.games.xland.levels import Goal, World

GOAL = Goal.hold("yellow star")


def build(world: World) -> None:
    world.clear(9)
    world.rooms(1, 2)
    world.put("yellow star", distance=(6, 14))
    world.scatter("yellow ball", "red star")
