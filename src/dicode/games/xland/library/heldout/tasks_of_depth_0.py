"""Objective: solve tasks that need a chain of 0 productions and are kept for evaluation.
Why: how far the agent gets on tasks that nobody trains on.
"""

from dicode.games.xland.levels import Goal, World

GOAL = Goal.task()


def build(world: World) -> None:
    world.task(depth=0, held_out=True)
