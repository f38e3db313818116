"""Objective: find the way through the maze to the ladder and go down into the dungeon.
Why: exploration with memory: dead ends must be left again, and only the ladder counts.
"""

from dicode.levels import Achievement, Block, Goal, World

GOAL = Goal.all_of(Achievement.ENTER_DUNGEON)


def build(world: World) -> None:
    world.fill(Block.WALL, rows=(15, 33), columns=(15, 33))  # no way around it
    open_cells = world.maze(rows=(16, 32), columns=(16, 32), wall=Block.WALL)
    world.player.position = open_cells[0]
    steps = world.distance_map()
    # Far, but not the farthest: between 20 and 40 steps to walk.
    cells = [cell for cell in open_cells if 20 <= steps[cell] <= 40]
    world.move_ladder_down(cells[int(world.rng.integers(len(cells)))])
