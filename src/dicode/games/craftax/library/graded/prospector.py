"""Objective: mine a diamond in the gnomish mines.
Why: digging in the dark among archers; the rungs take away light, arms and the vein at hand, and let a gnome in.
"""

from dicode.levels import Block, Floor, Goal, Mob, World

RUNG = 1
GOAL = Goal.all_of(Goal.collect("diamond", 1))


def build(world: World) -> None:
    """Darker, farther and worse armed on every rung."""
    world.player.floor = Floor.GNOMISH_MINES
    world.light_up(level=(255, 200, 120, 60, 30)[RUNG - 1])
    if RUNG <= 4:
        world.clear(2 + RUNG)
        world.scatter(Block.DIAMOND, count=(9, 5, 3, 1)[RUNG - 1], distance=(1, 2 * RUNG))
    if RUNG in (3, 4):
        world.spawn(Mob.GNOME_WARRIOR, count=1, distance=(3, 4 + RUNG))
    world.player.inventory.set(pickaxe=3, sword=(4, 4, 3, 2, 2)[RUNG - 1], armour=int(RUNG <= 2), torches=4)
