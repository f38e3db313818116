"""Objective: bridge the river with stones and reach the trees on the other bank.
Why: stone placed on water is ground; on the target rivers and lava cut the agent off from what it needs.
"""

from dicode.levels import Achievement, Block, Goal, World

GOAL = Goal.all_of(Goal.place("stone", 2), Achievement.COLLECT_WOOD)


def build(world: World) -> None:
    row, column = world.player.position
    world.fill(Block.GRASS, rows=(row - 8, row + 8), columns=(column - 5, column + 9))
    width = int(world.rng.integers(2, 4))
    # The river runs from edge to edge, so there is no way around it.
    world.fill(Block.WATER, rows=(0, 47), columns=(column + 3, column + 2 + width))
    for _ in range(6):
        tree = row + int(world.rng.integers(-6, 7)), column + 4 + width + int(world.rng.integers(0, 3))
        world.fill(Block.TREE, rows=(tree[0], tree[0]), columns=(tree[1], tree[1]))
    world.player.inventory.set(stone=6, pickaxe=1)
