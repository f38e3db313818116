"""Objective: collect a stone, with nothing in hand at the start.
Why: wood, a table, a pickaxe of wood, and the way to a rock: one step more than chance ever takes.
"""

from dicode.levels import Achievement, Goal, World

GOAL = Goal.all_of(Achievement.COLLECT_STONE)


def build(world: World) -> None:
    """Leave the generated world as it is."""
