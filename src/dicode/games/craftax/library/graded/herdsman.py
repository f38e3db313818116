"""Objective: eat two meals and drink five times.
Why: both needs in one episode; the rungs move herd and water away and begin hungrier.
"""

from dicode.levels import Block, Goal, Mob, World

RUNG = 1
GOAL = Goal.all_of(Goal.at_least("eaten", 2), Goal.at_least("drunk", 5))


def build(world: World) -> None:
    """Farther and hungrier on every rung."""
    if RUNG <= 3:
        world.clear(3 + RUNG)
    if RUNG <= 4:
        near, far = 1 + RUNG, 3 + 2 * RUNG
        world.scatter(Block.WATER, count=6 - RUNG, distance=(near, far))
        world.spawn(Mob.COW, count=3, distance=(near, far))
    world.player.food = world.player.drink = 10 - RUNG
