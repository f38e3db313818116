"""Objective: defeat a zombie without any weapon.
Why: five blows instead of three, so timing and retreat matter.
"""

from dicode.levels import Achievement, Goal, Mob, Rules, World

GOAL = Goal.all_of(Achievement.DEFEAT_ZOMBIE)
RULES = Rules(ranged_spawn=0, passive_spawn=0.5)


def build(world: World) -> None:
    world.clear(5)
    world.time_of_day = float(world.rng.uniform(0.0, 0.4))
    world.spawn(Mob.ZOMBIE, count=1, distance=(2, 6))
