"""Objective: hold a purple square: the brown square becomes one when it is picked up.
Why: some productions happen in hand.
"""

from dicode.games.xland.levels import Goal, Rule, Rules, World

GOAL = Goal.hold("purple square")
RULES = Rules(Rule.hold("brown square", makes="purple square"))


def build(world: World) -> None:
    world.clear(7)
    world.put("brown square")
    world.put("brown pyramid")
