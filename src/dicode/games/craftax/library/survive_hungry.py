"""Objective: survive 300 steps although you start hungry and thirsty.
Why: survival on the target is a habit of eating and drinking in time; here waiting is deadly.
"""

from dicode.levels import Block, Goal, Mob, Rules, World

GOAL = Goal.all_of(Goal.survive(300), Goal.at_least("drunk", 3), Goal.at_least("eaten", 1))
RULES = Rules(melee_spawn=0.3, ranged_spawn=0)


def build(world: World) -> None:
    world.clear(6)
    world.scatter(Block.WATER, count=6, distance=(3, 6))
    world.spawn(Mob.COW, count=3, distance=(3, 7))
    world.player.food = 2
    world.player.drink = 2
