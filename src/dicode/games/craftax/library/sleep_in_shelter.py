"""Objective: tired and walled in, sleep and wake up rested.
Why: sleep restores energy; it takes patience, and a shelter to be safe in.
"""

from dicode.levels import Achievement, Block, Goal, Rules, World

GOAL = Goal.all_of(Achievement.WAKE_UP)
RULES = Rules(energy_recovery=3.0, melee_spawn=0, ranged_spawn=0)


def build(world: World) -> None:
    row, column = world.player.position
    world.room(row - 2, column - 2, height=5, width=5, wall=Block.STONE)
    world.player.energy = 4
    world.time_of_day = 0.55
