"""Objective: shoot the deep thing in the lake of the troll mines.
Why: it never leaves the water, so only arrows and spells from the shore can reach it.
"""

from dicode.levels import Achievement, Block, Floor, Goal, Mob, Rules, World

GOAL = Goal.all_of(Achievement.DEFEAT_DEEP_THING)
RULES = Rules(melee_spawn=0, monster_damage=0.4)


def build(world: World) -> None:
    world.player.floor = Floor.TROLL_MINES
    world.light_up()
    row, column = world.player.position
    world.clear(7)
    top, left = max(0, row - 3), max(0, column - 6)
    world.fill(Block.WATER, rows=(top, min(47, row + 3)), columns=(left, max(left, column - 3)))
    world.fill(Block.WATER, rows=(top, min(47, row + 3)), columns=(min(47, column + 3), min(47, column + 6)))
    world.player.inventory.set(bow=1, arrows=25, armour=1)
    world.spawn(Mob.DEEP_THING, count=2, distance=(3, 9))
