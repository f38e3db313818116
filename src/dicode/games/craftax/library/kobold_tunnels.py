"""Objective: defeat a kobold in the crossing tunnels of the sewers.
Why: daggers fly along the tunnels; stepping aside in time is what saves health.
"""

from dicode.levels import Achievement, Block, Floor, Goal, Mob, Rules, World

GOAL = Goal.all_of(Achievement.DEFEAT_KOBOLD)
RULES = Rules(melee_spawn=0)


def build(world: World) -> None:
    row = column = 24
    world.fill(Block.WALL, rows=(row - 8, row + 8), columns=(column - 8, column + 8), floor=Floor.SEWERS)
    for offset in (-4, 0, 4):
        world.corridor((row + offset, column - 7), (row + offset, column + 7), floor=Floor.SEWERS)
        world.corridor((row - 7, column + offset), (row + 7, column + offset), floor=Floor.SEWERS)
    world.player.floor = Floor.SEWERS
    world.player.position = (row, column)
    world.player.inventory.set(sword=3, bow=1, arrows=10, armour=1)
    world.spawn(Mob.KOBOLD, count=1, distance=(4, 8))
