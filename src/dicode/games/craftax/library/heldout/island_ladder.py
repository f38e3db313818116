"""Objective: bridge the moat to the ladder and enter the dungeon.
Why: the ladder is in sight, the way to it has to be built.
"""

from dicode.levels import Achievement, Block, Floor, Goal, World

GOAL = Goal.all_of(Achievement.ENTER_DUNGEON)


def build(world: World) -> None:
    row, column = world.player.position
    world.clear(8)
    island = (row + int(world.rng.choice([-6, 6])), column + int(world.rng.integers(-3, 4)))
    world.fill(Block.WATER, rows=(island[0] - 2, island[0] + 2), columns=(island[1] - 2, island[1] + 2))
    world.fill(Block.GRASS, rows=(island[0] - 1, island[0] + 1), columns=(island[1] - 1, island[1] + 1))
    world.move_ladder_down(island, floor=Floor.OVERWORLD)
    world.player.inventory.set(stone=3, pickaxe=1)
