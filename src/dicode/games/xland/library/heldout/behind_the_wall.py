"""Objective: open a hidden door, take the star out, put it beside the ball.
Why: a hidden door and a way back with something in hand.
"""

from dicode.games.xland.levels import Goal, Rule, Rules, World

GOAL = Goal.together("white star", "grey ball")
RULES = Rules(Rule.near("orange wall"))


def build(world: World) -> None:
    world.clear(9)
    world.wall((1, 5), (7, 5))
    world.door((int(world.rng.integers(1, 8)), 5), colour="orange", state="hidden")
    world.player(at=(int(world.rng.integers(1, 8)), 2))
    world.put("grey ball", distance=(1, 8))
    world.put("white star", at=(int(world.rng.integers(1, 8)), 7))
