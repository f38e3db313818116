"""Objective: dig out coal, with nothing in hand at the start.
Why: wood, a table and a pickaxe come first, and then coal has to be found; met by chance it hardly ever is.
"""

from dicode.levels import Achievement, Goal, World

GOAL = Goal.all_of(Achievement.COLLECT_COAL)


def build(world: World) -> None:
    """Leave the generated world as it is."""
