"""Objective: from the troll mines through fire and ice down to the graveyard.
Why: the four deepest floors in one dive; the rungs take away kills that count already and move the ladders apart.
"""

from dicode.levels import Floor, Goal, World

RUNG = 1
GOAL = Goal.all_of(Goal.reach_floor(Floor.GRAVEYARD))


def build(world: World) -> None:
    """More to defeat and farther to walk on every rung."""
    world.player.floor = Floor.TROLL_MINES
    for floor in (Floor.TROLL_MINES, Floor.FIRE_REALM, Floor.ICE_REALM):
        world.set_kills((8, 8, 8, 7, 6)[RUNG - 1], floor=floor)
        if RUNG <= 3:
            world.light_up(floor)
        if RUNG <= 4:
            world.clear(3 + 2 * RUNG, near=world.ladder_up(floor), floor=floor)
            world.move_ladder_down(world.random_cell(distance=(2 * RUNG, 2 + 3 * RUNG), floor=floor), floor=floor)
    world.player.strength = world.player.dexterity = (4, 3, 2, 2, 1)[RUNG - 1]
    world.player.health = world.player.most("health")
    world.player.inventory.set(sword=4, armour=2, pickaxe=4, stone=30)
