"""Objective: drink a potion of a colour you carry.
Why: potions pay 3 the first time and are simply left in the bag by most agents.
"""

from dicode.levels import Achievement, Floor, Goal, World

GOAL = Goal.all_of(Achievement.DRINK_POTION)


def build(world: World) -> None:
    world.player.floor = Floor.DUNGEON
    world.clear(3)
    potions = [0] * 6
    potions[int(world.rng.integers(6))] = 2
    world.player.inventory.potions = potions
