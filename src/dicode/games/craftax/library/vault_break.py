"""Objective: break through the vault's guard to the open ladder and enter the troll mines.
Why: combines a fight one need not win with a way out that lies behind it.
"""

from dicode.levels import Achievement, Floor, Goal, Mob, World

GOAL = Goal.all_of(Achievement.ENTER_TROLL_MINES)


def build(world: World) -> None:
    world.player.floor = Floor.VAULTS
    world.clear(6)
    world.move_ladder_down(world.random_cell(distance=(5, 9)))
    world.open_ladder()
    world.player.inventory.set(sword=4, armour=1, potions=1)
    world.spawn("melee", count=2, distance=(3, 7))
    world.spawn(Mob.KNIGHT_ARCHER, count=1, distance=(4, 8))
