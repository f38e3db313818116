"""Objective: step onto the green goal tile.
Why: the simplest goal that is a tile of the floor.
"""

from dicode.games.xland.levels import Goal, World

GOAL = Goal.on("green goal tile")


def build(world: World) -> None:
    world.clear(9)
    world.rooms(1, 2)
    world.put("green goal tile", distance=(4, 14))
