"""Objective: make the pink pyramid by three productions.
Why: the longest chain of the target, without what misleads.
"""

from dicode.games.xland.levels import Goal, Rule, Rules, World

GOAL = Goal.near("pink pyramid")
RULES = Rules(
    Rule.together("red ball", "green ball", makes="yellow ball"),
    Rule.hold("yellow ball", makes="orange ball"),
    Rule.together("orange ball", "white star", makes="pink pyramid"),
)


def build(world: World) -> None:
    world.clear(9)
    world.scatter("red ball", "green ball", "white star")
