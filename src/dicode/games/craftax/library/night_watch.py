"""Objective: outlast 150 steps of the night and defeat two zombies on the way.
Why: at night zombies come in numbers; the agent learns to fight on without losing its health.
"""

from dicode.levels import Goal, Mob, Rules, World

GOAL = Goal.all_of(Goal.survive(150), Goal.defeat(Mob.ZOMBIE, 2))
RULES = Rules(health_recovery=2.0)


def build(world: World) -> None:
    world.clear(6)
    world.time_of_day = 0.6
    world.player.inventory.set(sword=2, torches=4)
    world.spawn(Mob.ZOMBIE, count=2, distance=(4, 8))
    for _ in range(2):
        world.torch(world.random_cell(distance=(2, 5)))
