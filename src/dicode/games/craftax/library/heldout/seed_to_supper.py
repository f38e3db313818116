"""Objective: find a sapling, plant it and eat what grows.
Why: the plant chain from its very beginning, at a fast pace.
"""

from dicode.levels import Achievement, Goal, Rules, World

GOAL = Goal.all_of(Achievement.COLLECT_SAPLING, Achievement.EAT_PLANT)
RULES = Rules(plant_ripening=30, sapling_chance=0.3, melee_spawn=0, ranged_spawn=0, passive_spawn=0)


def build(world: World) -> None:
    world.clear(5)
    world.player.food = 4
