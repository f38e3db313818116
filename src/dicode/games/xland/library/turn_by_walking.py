"""Objective: make a blue key by walking up to the grey ball, and stay beside it.
Why: some productions happen by walking up to a thing.
"""

from dicode.games.xland.levels import Goal, Rule, Rules, World

GOAL = Goal.near("blue key")
RULES = Rules(Rule.near("grey ball", makes="blue key"))


def build(world: World) -> None:
    world.clear(7)
    world.put("grey ball")
