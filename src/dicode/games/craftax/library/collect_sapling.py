"""Objective: find a sapling by working the grass.
Why: one try in ten succeeds, so the agent must repeat an action that mostly seems to do nothing.
"""

from dicode.levels import Achievement, Goal, World

GOAL = Goal.all_of(Achievement.COLLECT_SAPLING)


def build(world: World) -> None:
    world.clear(6)
