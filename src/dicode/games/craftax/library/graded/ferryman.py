"""Objective: get from the sewers down to the vaults.
Why: a way down among lizards; the rungs take away kills that count already, arms and the short way.
"""

from dicode.levels import Floor, Goal, Mob, World

RUNG = 1
GOAL = Goal.all_of(Goal.reach_floor(Floor.VAULTS))


def build(world: World) -> None:
    """More to defeat, farther and worse armed on every rung."""
    world.player.floor = Floor.SEWERS
    world.set_kills((8, 8, 8, 7, 6)[RUNG - 1])
    world.clear(1 + 2 * RUNG)
    cell = world.random_cell(distance=((1, 1), (1, 1), (1, 4), (4, 9), (6, 12))[RUNG - 1])
    world.move_ladder_down(cell)
    if RUNG == 1:
        world.player.position = cell
    if RUNG >= 3:
        world.spawn(Mob.LIZARD, count=1, distance=(3, 5 + RUNG))
    world.player.strength = (5, 4, 3, 2, 1)[RUNG - 1]
    world.player.inventory.set(sword=4 if RUNG <= 3 else 3, armour=2 if RUNG <= 2 else 1)
