"""Objective: open the first chest of the dungeon and take the bow.
Why: the bow lies in the first chest that is opened there, and it opens all ranged combat.
"""

from dicode.levels import Achievement, Floor, Goal, Rules, World

GOAL = Goal.all_of(Achievement.OPEN_CHEST, Achievement.FIND_BOW)
RULES = Rules(melee_spawn=0.2, ranged_spawn=0.2)


def build(world: World) -> None:
    world.player.floor = Floor.DUNGEON
    world.clear(4)
    for _ in range(2):
        world.chest(world.random_cell(distance=(2, 5)))
