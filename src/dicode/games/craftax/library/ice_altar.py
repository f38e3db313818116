"""Objective: enchant the sword with ice at the altar of the sewers.
Why: enchanting takes a gem, nine mana and facing the altar; ice is what the fire realm fears.
"""

from dicode.levels import Achievement, Block, Floor, Goal, Rules, World

GOAL = Goal.all_of(Achievement.ENCHANT_SWORD)
RULES = Rules(melee_spawn=0.2, ranged_spawn=0.2)


def build(world: World) -> None:
    world.player.floor = Floor.SEWERS
    world.clear(4)
    world.place(Block.ENCHANTMENT_TABLE_ICE, world.random_cell(distance=(2, 4)))
    world.player.inventory.set(sapphire=1, sword=2)
