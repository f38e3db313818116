"""Objective: take the bow from the chest and shoot an orc mage.
Why: find a weapon, then use it at once.
"""

from dicode.levels import Achievement, Floor, Goal, Mob, Rules, World

GOAL = Goal.all_of(Achievement.FIND_BOW, Achievement.DEFEAT_ORC_MAGE)
RULES = Rules(melee_spawn=0)


def build(world: World) -> None:
    world.player.floor = Floor.DUNGEON
    world.clear(6)
    world.chest(world.random_cell(distance=(1, 3)))
    world.player.inventory.set(arrows=15, sword=2, armour=1)
    world.spawn(Mob.ORC_MAGE, count=1, distance=(5, 9))
