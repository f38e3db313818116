"""Objective: defeat a zombie in the ring with an iron sword.
Why: melee combat: keep facing the enemy and strike; its blows are weak here, so there is time to learn.
"""

from dicode.levels import Achievement, Block, Goal, Mob, Rules, World

GOAL = Goal.all_of(Achievement.DEFEAT_ZOMBIE)
RULES = Rules(monster_damage=0.2, ranged_spawn=0, passive_spawn=0)


def build(world: World) -> None:
    row, column = world.player.position
    world.room(row - 3, column - 3, height=7, width=7, wall=Block.STONE)
    world.player.inventory.sword = 3
    world.spawn(Mob.ZOMBIE, count=2, distance=(2, 4))
