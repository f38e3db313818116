"""Objective: enchant a piece of armour at the fire altar of the vaults.
Why: fire armour is what survives the fire realm; the recipe is needed once and hard to find by chance.
"""

from dicode.levels import Achievement, Block, Floor, Goal, Rules, World

GOAL = Goal.all_of(Achievement.ENCHANT_ARMOUR)
RULES = Rules(melee_spawn=0.2, ranged_spawn=0.2)


def build(world: World) -> None:
    world.player.floor = Floor.VAULTS
    world.clear(4)
    world.place(Block.ENCHANTMENT_TABLE_FIRE, world.random_cell(distance=(2, 5)))
    world.player.inventory.set(ruby=2, armour=[1, 1, 0, 0], sword=3)
