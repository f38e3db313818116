"""Objective: defeat a troll on the narrow causeway with a diamond sword.
Why: twenty health and heavy blows; on the causeway only one troll at a time can reach the agent.
"""

from dicode.levels import Achievement, Block, Floor, Goal, Mob, Rules, World

GOAL = Goal.all_of(Achievement.DEFEAT_TROLL)
RULES = Rules(ranged_spawn=0, health_recovery=3.0)


def build(world: World) -> None:
    floor = Floor.TROLL_MINES
    row, column = 24, 24
    world.fill(Block.WATER, rows=(row - 5, row + 5), columns=(column - 10, column + 10), floor=floor)
    world.corridor((row, column - 10), (row, column + 10), width=1, floor=floor)
    world.light_up(floor)
    world.player.floor = floor
    world.player.position = (row, column - 6)
    world.player.facing = "right"
    world.player.inventory.set(sword=4, armour=1)
    world.player.strength = 3
    world.player.health = 11
    world.spawn(Mob.TROLL, count=1, distance=(5, 10))
