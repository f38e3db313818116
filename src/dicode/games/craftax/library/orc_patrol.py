"""Objective: defeat an orc soldier in the open with a stone sword.
Why: nine health and heavier blows than a zombie's, in rooms that the agent does not know.
"""

from dicode.levels import Achievement, Floor, Goal, Mob, Rules, World

GOAL = Goal.all_of(Achievement.DEFEAT_ORC_SOLIDER)
RULES = Rules(ranged_spawn=0)


def build(world: World) -> None:
    world.player.floor = Floor.DUNGEON
    world.clear(5)
    world.player.inventory.sword = 2
    world.spawn(Mob.ORC_SOLDIER, count=1, distance=(3, 6))
