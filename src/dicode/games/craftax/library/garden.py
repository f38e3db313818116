"""Objective: plant the sapling, guard it until it is ripe and eat it.
Why: on the target a plant takes 600 steps; ripening faster makes the whole chain learnable.
"""

from dicode.levels import Achievement, Goal, Rules, World

GOAL = Goal.all_of(Achievement.PLACE_PLANT, Achievement.EAT_PLANT)
RULES = Rules(plant_ripening=40, melee_spawn=0, passive_spawn=0)


def build(world: World) -> None:
    world.clear(4)
    world.player.inventory.sapling = 2
    world.player.food = 5
