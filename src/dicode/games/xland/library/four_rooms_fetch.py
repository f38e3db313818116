"""Objective: bring the two hexes of four rooms together.
Why: search over several rooms with something in hand.
"""

from dicode.games.xland.levels import Goal, World

GOAL = Goal.together("red hex", "blue hex")


def build(world: World) -> None:
    world.clear(11)
    world.rooms(2, 2)
    world.scatter("red hex", "blue hex", "green hex")
