"""Objective: go into the open door of the other room's wall.
Why: doors are opened by toggling them; rooms are separated by nothing else.
"""

from dicode.games.xland.levels import Goal, World

GOAL = Goal.near("blue hex")


def build(world: World) -> None:
    world.clear(7)
    world.wall((3, 1), (3, 5))
    world.door((3, int(world.rng.integers(1, 6))))
    world.player(at=(1, int(world.rng.integers(1, 6))))
    world.put("blue hex", at=(5, int(world.rng.integers(1, 6))))
