"""Objective: make a stone pickaxe, with nothing in hand at the start.
Why: wood, a table, a pickaxe of wood, stone, and back to a table: five steps in a row that chance never takes.
"""

from dicode.levels import Achievement, Goal, World

GOAL = Goal.all_of(Achievement.MAKE_STONE_PICKAXE)


def build(world: World) -> None:
    """Leave the generated world as it is."""
