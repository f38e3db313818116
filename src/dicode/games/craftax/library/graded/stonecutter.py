"""Objective: dig up a piece of coal.
Why: the pickaxe opens the rock; the rungs take away first what lies close by, then the tool.
"""

from dicode.levels import Block, Goal, World

RUNG = 1
GOAL = Goal.all_of(Goal.collect("coal", 1))


def build(world: World) -> None:
    """Fewer gifts on every rung."""
    if RUNG <= 4:
        world.clear(5)
        world.scatter(Block.COAL, count=(12, 5, 5, 3)[RUNG - 1], distance=(1, (2, 5, 5, 6)[RUNG - 1]))
    if RUNG in (3, 4):
        world.place(Block.CRAFTING_TABLE, world.random_cell(distance=(1, 2)))
        world.scatter(Block.TREE, count=6, distance=(2, 5))
    world.player.inventory.set(pickaxe=int(RUNG <= 2), wood=(0, 0, 4, 0, 0)[RUNG - 1])
