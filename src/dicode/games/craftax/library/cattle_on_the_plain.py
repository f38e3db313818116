"""Objective: eat two cows that roam the open plain.
Why: following an animal without a fence; hunger makes it urgent.
"""

from dicode.levels import Goal, Mob, Rules, World

GOAL = Goal.all_of(Goal.at_least("eaten", 2))
RULES = Rules(melee_spawn=0, ranged_spawn=0)


def build(world: World) -> None:
    world.clear(6)
    world.spawn(Mob.COW, count=3, distance=(2, 6))
    world.player.food = 3
