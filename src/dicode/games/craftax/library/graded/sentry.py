"""Objective: defeat three zombies after dark.
Why: one fight after another with what one has; the rungs take away arms, armour and health.
"""

from dicode.levels import Goal, Mob, World

RUNG = 1
GOAL = Goal.all_of(Goal.defeat(Mob.ZOMBIE, 3))


def build(world: World) -> None:
    """Worse armed on every rung."""
    world.time_of_day = 0.6
    if RUNG <= 4:
        world.clear(5)
        world.spawn(Mob.ZOMBIE, count=(3, 3, 3, 2)[RUNG - 1], distance=(3, 3 + 2 * RUNG))
    world.player.inventory.set(sword=(4, 3, 2, 1, 0)[RUNG - 1], armour=int(RUNG == 1))
    world.player.strength = 3 if RUNG <= 2 else 1
