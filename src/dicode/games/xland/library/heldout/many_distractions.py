"""Objective: make the white key although six productions lead nowhere.
Why: more that misleads than on the target.
"""

from dicode.games.xland.levels import Goal, Rule, Rules, World

GOAL = Goal.hold("white key")
RULES = Rules(
    Rule.together("red hex", "blue hex", makes="white key"),
    Rule.together("red hex", "green hex", makes="black ball"),
    Rule.together("red hex", "pink hex"),
    Rule.together("blue hex", "green hex"),
    Rule.together("blue hex", "pink hex", makes="grey ball"),
    Rule.hold("green hex", makes="green ball"),
    Rule.near("orange hex", makes="brown hex"),
)


def build(world: World) -> None:
    world.clear(11)
    world.rooms(2, 2)
    world.scatter("red hex", "blue hex", "green hex", "pink hex", "orange hex")
