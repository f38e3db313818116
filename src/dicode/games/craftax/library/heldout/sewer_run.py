"""Objective: run past lizards and kobolds to the open ladder and enter the vaults.
Why: not every fight is worth having.
"""

from dicode.levels import Achievement, Block, Floor, Goal, Mob, World

GOAL = Goal.all_of(Achievement.ENTER_VAULT)


def build(world: World) -> None:
    world.player.floor = Floor.SEWERS
    world.clear(7)
    world.scatter(Block.WATER, count=20, distance=(2, 8))
    world.move_ladder_down(world.random_cell(distance=(5, 10)))
    world.open_ladder()
    world.player.inventory.set(sword=2, armour=1)
    world.spawn(Mob.LIZARD, count=2, distance=(4, 9))
    world.spawn(Mob.KOBOLD, count=1, distance=(4, 9))
