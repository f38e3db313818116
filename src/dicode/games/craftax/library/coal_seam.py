"""Objective: collect coal from the rock face beside you.
Why: coal feeds torches and the furnace; it lies inside of rock, so the agent has to dig towards it.
"""

from dicode.levels import Achievement, Block, Goal, World

GOAL = Goal.all_of(Achievement.COLLECT_COAL)


def build(world: World) -> None:
    row, column = world.player.position
    world.clear(3)
    # Rock on two sides of the player, with coal in its first and second row.
    world.fill(Block.STONE, rows=(row + 1, row + 4), columns=(column - 5, column + 5))
    world.fill(Block.STONE, rows=(row - 4, row - 2), columns=(column - 5, column + 5))
    for near in (row + 1, row + 2, row - 2):
        for offset in world.rng.choice(range(-3, 4), size=3, replace=False):
            # `fill` leaves a ladder or torch alone where `place` would refuse to bury it.
            at = column + int(offset)
            world.fill(Block.COAL, rows=(near, near), columns=(at, at))
    world.player.inventory.pickaxe = 1
