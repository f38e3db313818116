"""Objective: defeat an orc soldier in the guardroom with an iron sword.
Why: the first enemy below ground has nine health; weak blows give time to learn to face it.
"""

from dicode.levels import Achievement, Block, Floor, Goal, Mob, Rules, World

GOAL = Goal.all_of(Achievement.DEFEAT_ORC_SOLIDER)
RULES = Rules(monster_damage=0.2, ranged_spawn=0, passive_spawn=0)


def build(world: World) -> None:
    floor = Floor.DUNGEON
    world.room(20, 20, height=7, width=7, floor=floor, wall=Block.WALL)
    world.player.floor = floor
    world.player.position = (23, 23)
    world.player.inventory.set(sword=3, armour=1)
    world.spawn(Mob.ORC_SOLDIER, count=2, distance=(2, 4))
