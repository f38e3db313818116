"""Objective: put the pink star into the middle of the room.
Why: a thing may be asked for in a place.
"""

from dicode.games.xland.levels import Goal, World

GOAL = Goal.place("pink star", at=(4, 4))


def build(world: World) -> None:
    world.clear(9)
    world.player(at=(1, 1))
    world.put("pink star", distance=(2, 5))
