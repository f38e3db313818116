"""Objective: eat two meals from the fenced garden of ripe and growing plants.
Why: shows that a ripe plant looks different from a growing one, and that waiting can pay.
"""

from dicode.levels import Goal, Rules, World

GOAL = Goal.all_of(Goal.at_least("eaten", 2))
RULES = Rules(passive_spawn=0, melee_spawn=0, ranged_spawn=0, plant_ripening=600)


def build(world: World) -> None:
    world.clear(5)
    for _ in range(2):
        world.ripe_plant(world.random_cell(distance=(2, 4)))
    for _ in range(3):
        world.plant(world.random_cell(distance=(2, 5)), age=int(world.rng.integers(400, 560)))
    world.player.food = 2
