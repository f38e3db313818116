"""Objective: step onto the open ladder close by and descend into the dungeon.
Why: entering the dungeon pays 3 and opens bow, chests and orcs; DESCEND works only on the ladder.
"""

from dicode.levels import Achievement, Block, Goal, World

GOAL = Goal.all_of(Achievement.ENTER_DUNGEON)


def build(world: World) -> None:
    row, column = world.player.position
    # A yard of 3 x 3, so that the ladder is never more than four steps away.
    world.room(row - 2, column - 2, height=5, width=5, wall=Block.STONE)
    world.move_ladder_down(world.random_cell(distance=(1, 2)))
