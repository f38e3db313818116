"""Objective: defeat an orc mage with arrows, from behind the cover of pillars.
Why: mages keep their distance and throw fire; running at them in the open costs too much health.
"""

from dicode.levels import Achievement, Block, Floor, Goal, Mob, Rules, World

GOAL = Goal.all_of(Achievement.DEFEAT_ORC_MAGE)
RULES = Rules(melee_spawn=0)


def build(world: World) -> None:
    world.player.floor = Floor.DUNGEON
    world.clear(6)
    world.scatter(Block.WALL, count=5, distance=(2, 5))
    world.player.inventory.set(bow=1, arrows=15, sword=2, armour=1)
    world.spawn(Mob.ORC_MAGE, count=2, distance=(4, 8))
