"""Objective: get down to the graveyard.
Why: the deepest floors in one dive; the rungs begin higher up and take away kills that count already and the short way.
"""

from dicode.levels import Floor, Goal, World

RUNG = 1
GOAL = Goal.all_of(Goal.reach_floor(Floor.GRAVEYARD))


def build(world: World) -> None:
    """More floors, more to defeat and farther to walk on every rung."""
    floors = (Floor.TROLL_MINES, Floor.FIRE_REALM, Floor.ICE_REALM)[(2, 2, 1, 0, 0)[RUNG - 1] :]
    world.player.floor = floors[0]
    for floor in floors:
        world.set_kills((8, 8, 8, 8, 7)[RUNG - 1], floor=floor)
        if RUNG <= 4:
            near = world.player.position if floor == floors[0] else world.ladder_up(floor)
            world.light_up(floor)
            world.clear(1 + 2 * RUNG, near=near, floor=floor)
            cell = world.random_cell(distance=((1, 1), (1, 1), (1, 4), (2, 6))[RUNG - 1], near=near, floor=floor)
            world.move_ladder_down(cell, floor=floor)
            if RUNG == 1:
                world.player.position = cell
    world.player.strength = world.player.dexterity = (4, 4, 3, 2, 1)[RUNG - 1]
    world.player.health = world.player.most("health")
    world.player.inventory.set(sword=4, armour=2, pickaxe=4, stone=30)
