"""Objective: lay stones across the lava to the ladder and enter the ice realm.
Why: lava stops everyone on foot; bridging it is what the fire realm asks for.
"""

from dicode.levels import Achievement, Block, Floor, Goal, Rules, World

GOAL = Goal.all_of(Achievement.ENTER_ICE_REALM)
RULES = Rules(melee_spawn=0.2, ranged_spawn=0)


def build(world: World) -> None:
    floor = Floor.FIRE_REALM
    row, column = 24, 24
    world.fill(Block.FIRE_GRASS, rows=(row - 6, row + 6), columns=(column - 8, column + 8), floor=floor)
    width = int(world.rng.integers(1, 4))
    world.fill(Block.LAVA, rows=(row - 6, row + 6), columns=(column, column + width - 1), floor=floor)
    world.move_ladder_down((row + int(world.rng.integers(-3, 4)), column + width + 3), floor=floor)
    world.open_ladder(floor)
    world.player.floor = floor
    world.player.position = (row, column - 4)
    world.player.inventory.set(stone=9, pickaxe=2, armour=1)
