"""Objective: defeat a zombie on open ground with a wood sword.
Why: the fight as it is on the target: its blows hurt and three of your own are needed.
"""

from dicode.levels import Achievement, Goal, Mob, Rules, World

GOAL = Goal.all_of(Achievement.DEFEAT_ZOMBIE)
RULES = Rules(ranged_spawn=0)


def build(world: World) -> None:
    world.clear(5)
    world.player.inventory.sword = 1
    world.spawn(Mob.ZOMBIE, count=1, distance=(2, 5))
