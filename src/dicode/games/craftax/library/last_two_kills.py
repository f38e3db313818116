"""Objective: defeat the last monsters of the dungeon, so that the ladder opens, and go down.
Why: a ladder opens after eight kills; with six done the agent sees what the last two change.
"""

from dicode.levels import Achievement, Floor, Goal, Mob, World

GOAL = Goal.all_of(Achievement.ENTER_GNOMISH_MINES)


def build(world: World) -> None:
    world.player.floor = Floor.DUNGEON
    world.set_kills(6)
    world.clear(5)
    world.move_ladder_down(world.random_cell(distance=(2, 5)))
    world.player.inventory.set(sword=3, armour=1)
    world.spawn(Mob.ORC_SOLDIER, count=2, distance=(3, 7))
