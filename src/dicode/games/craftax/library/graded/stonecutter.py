"""Objective: dig up two pieces of coal and make a sword of stone.
Why: the pickaxe opens the rock; the rungs take away first the tool, then what lies close by.
"""

from dicode.levels import Achievement, Block, Goal, World

RUNG = 1
GOAL = Goal.all_of(Goal.collect("coal", 2), Achievement.MAKE_STONE_SWORD)


def build(world: World) -> None:
    """Fewer gifts on every rung."""
    if RUNG <= 4:
        world.clear(5)
        world.scatter(Block.TREE, count=5, distance=(2, 6))
        world.scatter(Block.STONE, count=5, distance=(2, 6))
        world.scatter(Block.COAL, count=4, distance=(2, 6))
    if RUNG <= 2:
        world.place(Block.CRAFTING_TABLE, world.random_cell(distance=(1, 3)))
    world.player.inventory.set(pickaxe=int(RUNG <= 3), wood=(2, 1, 3, 0, 0)[RUNG - 1], stone=int(RUNG == 1))
