"""Objective: in the ice realm, mine diamonds and make a piece of diamond armour.
Why: the best armour takes three diamonds and a table brought along.
"""

from dicode.levels import Achievement, Block, Floor, Goal, Rules, World

GOAL = Goal.all_of(Achievement.MAKE_DIAMOND_ARMOUR)
RULES = Rules(melee_spawn=0.2, ranged_spawn=0.2)


def build(world: World) -> None:
    world.player.floor = Floor.ICE_REALM
    world.light_up()
    world.clear(5)
    world.scatter(Block.DIAMOND, count=4, distance=(2, 6))
    world.player.inventory.set(pickaxe=3, wood=4, sword=4, armour=1)
