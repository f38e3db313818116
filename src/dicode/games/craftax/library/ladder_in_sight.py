"""Objective: walk to the ladder in sight and descend into the dungeon.
Why: the same step with a way to walk first, as on the target.
"""

from dicode.levels import Achievement, Goal, World

GOAL = Goal.all_of(Achievement.ENTER_DUNGEON)


def build(world: World) -> None:
    world.clear(4)
    world.move_ladder_down(world.random_cell(distance=(3, 6)))
