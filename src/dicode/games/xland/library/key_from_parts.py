"""Objective: make the key that opens the way to the star.
Why: a production serves a door, not the goal itself.
"""

from dicode.games.xland.levels import Goal, Rule, Rules, World

GOAL = Goal.near("white star")
RULES = Rules(Rule.together("grey ball", "brown ball", makes="red key"))


def build(world: World) -> None:
    world.clear(9)
    world.wall((5, 1), (5, 7))
    world.door((5, int(world.rng.integers(1, 8))), colour="red", state="locked")
    world.player(at=(1, int(world.rng.integers(1, 8))))
    world.scatter("grey ball", "brown ball", distance=(1, 9))
    world.put("white star", at=(7, int(world.rng.integers(1, 8))))
