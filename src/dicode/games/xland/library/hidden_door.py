"""Objective: find the hidden door: the purple wall opens when one walks up to it.
Why: a wall of another colour may be a door.
"""

from dicode.games.xland.levels import Goal, Rule, Rules, World

GOAL = Goal.hold("green star")
RULES = Rules(Rule.near("purple wall", makes="purple open door"))


def build(world: World) -> None:
    world.clear(9)
    world.wall((4, 1), (4, 7))
    world.door((4, int(world.rng.integers(1, 8))), colour="purple", state="hidden")
    world.player(at=(2, int(world.rng.integers(1, 8))))
    world.put("green star", at=(6, int(world.rng.integers(1, 8))))
