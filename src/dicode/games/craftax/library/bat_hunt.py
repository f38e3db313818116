"""Objective: eat a bat in the dark of the mines, with torches to see by.
Why: bats fly over anything and move at random; they are the food of the deep floors.
"""

from dicode.levels import Achievement, Floor, Goal, Mob, Rules, World

GOAL = Goal.all_of(Achievement.EAT_BAT)
RULES = Rules(melee_spawn=0, ranged_spawn=0, passive_spawn=2.0)


def build(world: World) -> None:
    world.player.floor = Floor.GNOMISH_MINES
    world.clear(5)
    for _ in range(3):
        world.torch(world.random_cell(distance=(1, 5)))
    world.spawn(Mob.BAT, count=3, distance=(2, 5))
    world.player.inventory.set(sword=2, torches=3)
    world.player.food = 4
