"""Objective: place a crafting table with the wood in hand.
Why: the table gates every tool, and placing needs free ground ahead.
"""

from dicode.levels import Achievement, Goal, World

GOAL = Goal.all_of(Achievement.PLACE_TABLE)


def build(world: World) -> None:
    world.clear(2)
    world.player.inventory.wood = int(world.rng.integers(2, 8))
