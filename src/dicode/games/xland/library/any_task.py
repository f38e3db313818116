"""Objective: solve a task of the target that needs one production.
Why: the target's own tasks, the easier half.
"""

from dicode.games.xland.levels import Goal, World

GOAL = Goal.task()


def build(world: World) -> None:
    world.task(depth=int(world.rng.integers(2)))
