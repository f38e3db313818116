"""Objective: mine a diamond in the gnomish mines and defeat a gnome on the way.
Why: digging in the dark among archers; the rungs take away light, armour and the vein at hand.
"""

from dicode.levels import Block, Floor, Goal, Mob, World

RUNG = 1
GOAL = Goal.all_of(Goal.collect("diamond", 1), Goal.defeat(Mob.GNOME_WARRIOR, 1))


def build(world: World) -> None:
    """Darker, farther and worse armed on every rung."""
    world.player.floor = Floor.GNOMISH_MINES
    world.light_up(level=(255, 200, 120, 60, 30)[RUNG - 1])
    if RUNG <= 4:
        world.clear(3 + RUNG)
        world.scatter(Block.DIAMOND, count=5 - RUNG, distance=(RUNG, 3 + 2 * RUNG))
        world.spawn(Mob.GNOME_WARRIOR, count=1, distance=(3, 4 + RUNG))
    world.player.inventory.set(pickaxe=3, sword=(4, 3, 3, 2, 2)[RUNG - 1], armour=int(RUNG <= 2), torches=4)
