"""Objective: make a star of what is made first.
Why: the first chain: a product is the input of another production.
"""

from dicode.games.xland.levels import Goal, Rule, Rules, World

GOAL = Goal.near("yellow star")
RULES = Rules(
    Rule.together("red ball", "blue ball", makes="purple ball"),
    Rule.together("purple ball", "grey key", makes="yellow star"),
)


def build(world: World) -> None:
    world.clear(9)
    world.scatter("red ball", "blue ball", "grey key")
