"""Objective: open a chest in the dungeon.
Why: what the dungeon pays for; the rungs take away light, arms and the short way, and put a guard on it.
"""

from dicode.levels import Achievement, Floor, Goal, Mob, World

RUNG = 1
GOAL = Goal.all_of(Achievement.OPEN_CHEST)


def build(world: World) -> None:
    """Darker, farther and worse armed on every rung."""
    world.player.floor = Floor.DUNGEON
    if RUNG <= 3:
        world.light_up()
    if RUNG <= 4:
        world.clear(2 + RUNG)
        for _ in range(5 - RUNG):
            world.chest(world.random_cell(distance=(1, 2 * RUNG)))
    if RUNG in (3, 4):
        world.spawn(Mob.ORC_SOLDIER, count=1, distance=(3, 4 + RUNG))
    world.player.inventory.set(sword=(4, 4, 3, 2, 1)[RUNG - 1], armour=int(RUNG <= 2))
