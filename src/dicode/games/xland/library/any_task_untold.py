"""Objective: solve a task of the target without being told goal and productions, in three trials.
Why: what the first trials show serves the last one, which is the one that counts.
"""

from dicode.games.xland.levels import Goal, Rules, World

GOAL = Goal.task()
RULES = Rules(told=False, trials=3)


def build(world: World) -> None:
    world.task()
