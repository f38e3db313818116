"""Objective: dig down the shaft of solid rock to a diamond.
Why: diamonds lie deep in the mountain, beyond lava; an iron pickaxe alone does not find them.
"""

from dicode.levels import Achievement, Block, Goal, World

GOAL = Goal.all_of(Achievement.COLLECT_DIAMOND)


def build(world: World) -> None:
    row, column = world.player.position
    world.fill(Block.STONE, rows=(row - 10, row - 2), columns=(column - 7, column + 7))
    for _ in range(3):
        down, right = row - int(world.rng.integers(5, 9)), column + int(world.rng.integers(-5, 6))
        world.fill(Block.DIAMOND, rows=(down, down), columns=(right, right))
    for _ in range(2):
        rock = world.find(Block.STONE)
        cell = rock[int(world.rng.integers(len(rock)))]
        if abs(cell[0] - row) + abs(cell[1] - column) > 3:
            world.place(Block.LAVA, cell)
    world.player.inventory.set(pickaxe=3, stone=5)
