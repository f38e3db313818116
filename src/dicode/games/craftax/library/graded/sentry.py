"""Objective: defeat a zombie after dark.
Why: a fight with what one has; the rungs take away arms, health, open ground and the enemy at hand.
"""

from dicode.levels import Goal, Mob, World

RUNG = 1
GOAL = Goal.all_of(Goal.defeat(Mob.ZOMBIE, 1))


def build(world: World) -> None:
    """Worse armed on every rung."""
    world.time_of_day = 0.6
    if RUNG <= 4:
        world.clear(5)
        world.spawn(Mob.ZOMBIE, count=(3, 3, 2, 1)[RUNG - 1], distance=(2, 3 + RUNG))
    world.player.inventory.set(sword=(4, 2, 1, 0, 0)[RUNG - 1], armour=int(RUNG == 1))
    world.player.strength = (5, 3, 2, 1, 1)[RUNG - 1]
    world.player.health = (9, 9, 9, 9, 6)[RUNG - 1]
