"""Objective: make a hex of a ball above a square, then stand below it.
Why: sides in a production and in a goal.
"""

from dicode.games.xland.levels import Goal, Rule, Rules, World

GOAL = Goal.near("green hex", side="up")
RULES = Rules(Rule.together("red square", "red ball", makes="green hex", side="up"))


def build(world: World) -> None:
    world.clear(9)
    world.scatter("red square", "red ball")
