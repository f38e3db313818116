"""Objective: mine iron with the stone pickaxe.
Why: iron gates the best swords and armour; here it crops out of the rock all around.
"""

from dicode.levels import Achievement, Block, Goal, World

GOAL = Goal.all_of(Achievement.COLLECT_IRON)


def build(world: World) -> None:
    world.clear(4)
    world.scatter(Block.STONE, count=12, distance=(2, 5))
    world.scatter(Block.IRON, count=6, distance=(1, 4))
    world.player.inventory.pickaxe = 2
