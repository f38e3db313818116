"""Objective: mine a sapphire and a ruby with the diamond pickaxe.
Why: gems enchant; they need the best pickaxe, which the agent rarely holds on its own.
"""

from dicode.levels import Achievement, Block, Floor, Goal, Rules, World

GOAL = Goal.all_of(Achievement.COLLECT_SAPPHIRE, Achievement.COLLECT_RUBY)
RULES = Rules(melee_spawn=0.2, ranged_spawn=0.2)


def build(world: World) -> None:
    world.player.floor = Floor.GNOMISH_MINES
    world.light_up()
    world.clear(4)
    world.scatter(Block.STONE, count=15, distance=(2, 6))
    world.scatter(Block.SAPPHIRE, count=2, distance=(2, 6))
    world.scatter(Block.RUBY, count=2, distance=(2, 6))
    world.player.inventory.pickaxe = 4
