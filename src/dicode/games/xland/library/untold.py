"""Objective: find out what makes the orange star: nothing is told.
Why: the agent must learn from what happens.
"""

from dicode.games.xland.levels import Goal, Rule, Rules, World

GOAL = Goal.near("orange star")
RULES = Rules(Rule.near("green pyramid", makes="orange star"), told=False)


def build(world: World) -> None:
    world.clear(7)
    world.scatter("green pyramid", "red pyramid", "blue pyramid")
