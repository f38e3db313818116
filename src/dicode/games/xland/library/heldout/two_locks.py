"""Objective: reach the orange star behind two locked doors, the second key behind the first.
Why: keys in a chain.
"""

from dicode.games.xland.levels import Goal, World

GOAL = Goal.near("orange star")


def build(world: World) -> None:
    world.clear(11)
    world.wall((3, 1), (3, 9))
    world.wall((7, 1), (7, 9))
    world.door((3, int(world.rng.integers(1, 10))), colour="green", state="locked")
    world.door((7, int(world.rng.integers(1, 10))), colour="pink", state="locked")
    world.player(at=(1, 1))
    world.put("green key", distance=(1, 12))
    world.put("pink key", at=(5, int(world.rng.integers(1, 10))))
    world.put("orange star", at=(9, int(world.rng.integers(1, 10))))
