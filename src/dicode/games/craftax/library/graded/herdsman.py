"""Objective: eat a meal and drink twice.
Why: both needs in one episode; the rungs move herd and water away and begin hungrier.
"""

from dicode.levels import Block, Goal, Mob, World

RUNG = 1
GOAL = Goal.all_of(Goal.at_least("eaten", 1), Goal.at_least("drunk", 2))


def build(world: World) -> None:
    """Farther and hungrier on every rung."""
    if RUNG <= 4:
        world.clear(2 + RUNG)
        world.scatter(Block.WATER, count=9 - 2 * RUNG, distance=(1, 1 + 2 * RUNG))
        world.spawn(Mob.COW, count=3, distance=(1, 1 + 2 * RUNG))
    world.player.food = world.player.drink = 10 - RUNG
