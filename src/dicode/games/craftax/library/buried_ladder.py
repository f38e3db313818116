"""Objective: tunnel through the mountain to the hollow with the ladder and go down.
Why: ladders are often behind rock; a pickaxe makes its own way where no path leads.
"""

from dicode.levels import Achievement, Block, Goal, World

GOAL = Goal.all_of(Achievement.ENTER_DUNGEON, Goal.collect("stone", 2))


def build(world: World) -> None:
    row, column = world.player.position
    world.fill(Block.STONE, rows=(row - 7, row + 7), columns=(column - 7, column + 7))
    world.room(row - 2, column - 2, height=5, width=5, wall=Block.STONE)
    # The hollow lies in one of the corners of the massif.
    down = row + int(world.rng.choice([-5, 5]))
    right = column + int(world.rng.choice([-5, 5]))
    world.carve([(down, right), (down, right + 1)], block=Block.PATH)
    world.move_ladder_down((down, right))
    world.player.inventory.pickaxe = 1
