"""Objective: make the white ball although a second production would eat the green key.
Why: a production that costs what is needed must be let alone.
"""

from dicode.games.xland.levels import Goal, Rule, Rules, World

GOAL = Goal.near("white ball")
RULES = Rules(
    Rule.together("green key", "red ball", makes="white ball"),
    Rule.together("green key", "blue ball"),
)


def build(world: World) -> None:
    world.clear(9)
    world.scatter("green key", "red ball", "blue ball")
