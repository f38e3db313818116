"""Objective: open a chest in the dungeon and defeat an orc soldier.
Why: the dungeon's two rewards; the rungs take away light, arms and the short way.
"""

from dicode.levels import Achievement, Floor, Goal, Mob, World

RUNG = 1
GOAL = Goal.all_of(Achievement.OPEN_CHEST, Goal.defeat(Mob.ORC_SOLDIER, 1))


def build(world: World) -> None:
    """Darker, farther and worse armed on every rung."""
    world.player.floor = Floor.DUNGEON
    if RUNG <= 3:
        world.light_up()
    if RUNG <= 4:
        world.clear(3 + RUNG)
        world.chest(world.random_cell(distance=(RUNG, 2 + 2 * RUNG)))
        world.spawn(Mob.ORC_SOLDIER, count=1, distance=(3, 4 + RUNG))
    world.player.inventory.set(sword=(4, 3, 2, 1, 1)[RUNG - 1], armour=int(RUNG <= 2))
