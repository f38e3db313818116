"""Objective: get down to the gnomish mines, with nothing in hand at the start.
Why: tools, a ladder to find, eight kills in the dungeon and another ladder: deeper than an unguided agent comes.
"""

from dicode.levels import Achievement, Goal, World

GOAL = Goal.all_of(Achievement.ENTER_GNOMISH_MINES)


def build(world: World) -> None:
    """Leave the generated world as it is."""
