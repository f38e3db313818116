"""Objective: reach the white star behind a locked door.
Why: a key of the door's colour must be in hand.
"""

from dicode.games.xland.levels import Goal, World

GOAL = Goal.near("white star")


def build(world: World) -> None:
    world.clear(7)
    world.wall((3, 1), (3, 5))
    door = world.door((3, int(world.rng.integers(1, 6))), state="locked")
    world.player(at=(1, int(world.rng.integers(1, 6))))
    world.put(f"{door.colour.name.lower()} key", distance=(1, 9))
    world.put("white star", at=(5, int(world.rng.integers(1, 6))))
