"""Objective: make an orange hex of a red ball and a green ball, and walk up to it.
Why: the first production of two things, with nothing that misleads.
"""

from dicode.games.xland.levels import Goal, Rule, Rules, World

GOAL = Goal.near("orange hex")
RULES = Rules(Rule.together("red ball", "green ball", makes="orange hex"))


def build(world: World) -> None:
    world.clear(7)
    world.scatter("red ball", "green ball", distance=(1, 6))
