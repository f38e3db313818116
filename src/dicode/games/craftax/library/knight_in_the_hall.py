"""Objective: defeat a knight in the pillared hall with an iron sword and full armour.
Why: knights shrug off half of every blow, so the fight is long and health must be kept.
"""

from dicode.levels import Achievement, Block, Floor, Goal, Mob, Rules, World

GOAL = Goal.all_of(Achievement.DEFEAT_KNIGHT)
RULES = Rules(ranged_spawn=0, health_recovery=2.0)


def build(world: World) -> None:
    world.player.floor = Floor.VAULTS
    row, column = world.player.position
    world.clear(6)
    world.player.position = world.random_cell(distance=(0, 3))
    for r in range(row - 4, row + 5, 4):
        for c in range(column - 4, column + 5, 4):
            if (r, c) != world.player.position and 0 <= r < 48 and 0 <= c < 48 and world.items[Floor.VAULTS][r, c] == 0:
                world.place(Block.WALL_MOSS, (r, c))
    world.player.inventory.set(sword=3, armour=1)
    world.player.strength = 3
    world.spawn(Mob.KNIGHT, count=1, distance=(3, 7))
