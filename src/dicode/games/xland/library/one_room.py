"""Objective: solve a task of the target in one small room.
Why: where tasks are often solved by chance there is something to learn from.
"""

from dicode.games.xland.levels import Goal, World

GOAL = Goal.task()


def build(world: World) -> None:
    world.task(size=7)
