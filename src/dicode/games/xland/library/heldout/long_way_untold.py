"""Objective: find out which of four things becomes the star, in four rooms.
Why: search and memory without being told.
"""

from dicode.games.xland.levels import Goal, Rule, Rules, World

GOAL = Goal.near("pink star")
RULES = Rules(Rule.hold("blue ball", makes="pink ball"), Rule.near("blue key", makes="pink star"), told=False)


def build(world: World) -> None:
    world.clear(11)
    world.rooms(2, 2)
    world.scatter("blue ball", "blue key", "blue hex", "blue square")
