"""Objective: eat a snail and drink from the fountain in the dungeon.
Why: below ground there are no cows; snails and fountains keep the agent alive there.
"""

from dicode.levels import Achievement, Block, Floor, Goal, Mob, Rules, World

GOAL = Goal.all_of(Achievement.EAT_SNAIL, Achievement.COLLECT_DRINK)
RULES = Rules(melee_spawn=0.1, ranged_spawn=0.1)


def build(world: World) -> None:
    world.player.floor = Floor.DUNGEON
    world.clear(5)
    world.place(Block.FOUNTAIN, world.random_cell(distance=(2, 5)))
    world.spawn(Mob.SNAIL, count=3, distance=(2, 6))
    world.player.inventory.sword = 1
    world.player.food = 3
    world.player.drink = 4
