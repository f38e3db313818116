"""Objective: make a wood pickaxe, with nothing in hand at the start.
Why: wood for a table and wood again for the tool: the first chain of the game, which chance takes once in a hundred episodes.
"""

from dicode.levels import Achievement, Goal, World

GOAL = Goal.all_of(Achievement.MAKE_WOOD_PICKAXE)


def build(world: World) -> None:
    """Leave the generated world as it is."""
