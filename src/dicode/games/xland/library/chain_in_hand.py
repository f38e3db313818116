"""Objective: hold a white hex: walk up, then pick up.
Why: productions of different kinds follow each other.
"""

from dicode.games.xland.levels import Goal, Rule, Rules, World

GOAL = Goal.hold("white hex")
RULES = Rules(
    Rule.near("brown ball", makes="orange ball"),
    Rule.hold("orange ball", makes="white hex"),
)


def build(world: World) -> None:
    world.clear(9)
    world.scatter("brown ball", "pink ball")
