"""Objective: make both wooden tools.
Why: the first crafts; the rungs take away wood, table and the trees at hand.
"""

from dicode.levels import Achievement, Block, Goal, World

RUNG = 1
GOAL = Goal.all_of(Achievement.MAKE_WOOD_PICKAXE, Achievement.MAKE_WOOD_SWORD)


def build(world: World) -> None:
    """Fewer gifts on every rung."""
    if RUNG <= 3:
        world.clear(4)
    if RUNG <= 4:
        world.scatter(Block.TREE, count=8, distance=(2, 5))
    if RUNG <= 2:
        world.place(Block.CRAFTING_TABLE, world.random_cell(distance=(1, 3)))
    world.player.inventory.wood = (3, 2, 2, 0, 0)[RUNG - 1]
