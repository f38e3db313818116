"""Objective: defeat a lizard in the sewers, get down to the vaults and defeat a knight there.
Why: two floors in one episode; the rungs take away kills that count already, arms and the short way.
"""

from dicode.levels import Floor, Goal, Mob, World

RUNG = 1
GOAL = Goal.all_of(Goal.defeat(Mob.LIZARD, 1), Goal.defeat(Mob.KNIGHT, 1))


def build(world: World) -> None:
    """More to defeat, farther and worse armed on every rung."""
    world.player.floor = Floor.SEWERS
    world.set_kills((8, 7, 6, 5, 4)[RUNG - 1])
    world.clear(4 + RUNG)
    world.move_ladder_down(world.random_cell(distance=(RUNG, 3 + 2 * RUNG)))
    if RUNG <= 4:
        world.spawn(Mob.LIZARD, count=1, distance=(3, 5 + RUNG))
    # A world's own knights are not everywhere: one is certain, and far on the upper rungs.
    world.spawn(Mob.KNIGHT, count=1, distance=(3, 7) if RUNG <= 2 else (8, 20), floor=Floor.VAULTS)
    world.player.strength = (5, 4, 3, 2, 1)[RUNG - 1]
    world.player.inventory.set(sword=4 if RUNG <= 3 else 3, armour=2 if RUNG <= 2 else 1)
