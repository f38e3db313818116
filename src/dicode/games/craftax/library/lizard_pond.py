"""Objective: defeat a lizard at its pond in the sewers.
Why: lizards swim, so they come from where the agent cannot go; fighting at the shore is safest.
"""

from dicode.levels import Achievement, Block, Floor, Goal, Mob, Rules, World

GOAL = Goal.all_of(Achievement.DEFEAT_LIZARD)
RULES = Rules(ranged_spawn=0)


def build(world: World) -> None:
    world.player.floor = Floor.SEWERS
    world.clear(6)
    world.scatter(Block.WATER, count=15, distance=(2, 6))
    world.player.inventory.set(sword=3, armour=1)
    world.spawn(Mob.LIZARD, count=1, distance=(3, 7))
