"""Objective: make a wooden sword.
Why: the first craft; the rungs take away wood, table and the trees at hand.
"""

from dicode.levels import Achievement, Block, Goal, World

RUNG = 1
GOAL = Goal.all_of(Achievement.MAKE_WOOD_SWORD)


def build(world: World) -> None:
    """Fewer gifts on every rung."""
    if RUNG <= 4:
        world.clear(4)
        world.scatter(Block.TREE, count=8, distance=(2, 5))
    if RUNG <= 3:
        world.scatter(Block.CRAFTING_TABLE, count=(8, 2, 1)[RUNG - 1], distance=(1, 1 + RUNG))
    world.player.inventory.wood = (9, 4, 0, 4, 0)[RUNG - 1]
