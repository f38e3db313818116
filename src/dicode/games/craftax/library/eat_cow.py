"""Objective: eat one of the cows in the small pen you share with them.
Why: eating needs a target that moves; in a pen it is never far, so the habit forms quickly.
"""

from dicode.levels import Achievement, Block, Goal, Mob, Rules, World

GOAL = Goal.all_of(Achievement.EAT_COW)
RULES = Rules(melee_spawn=0, ranged_spawn=0, passive_spawn=0, passive_speed=0.5)


def build(world: World) -> None:
    row, column = world.player.position
    world.room(row - 3, column - 3, height=7, width=7, wall=Block.STONE)
    world.spawn(Mob.COW, count=3, distance=(1, 3))
    world.player.food = 4
    # With a sword one or two blows are enough.
    world.player.inventory.sword = 2
