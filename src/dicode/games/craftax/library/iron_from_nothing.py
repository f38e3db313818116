"""Objective: make an iron pickaxe, with nothing in hand at the start.
Why: a whole chain of the overworld at once: wood, table, stone, coal, iron and furnace; met by chance it never is.
"""

from dicode.levels import Achievement, Goal, World

GOAL = Goal.all_of(Achievement.MAKE_IRON_PICKAXE)


def build(world: World) -> None:
    """Leave the generated world as it is."""
