"""Objective: cross the dark mines by torchlight to the open ladder and enter the sewers.
Why: finding a ladder in the dark is what stops most agents at the second floor.
"""

from dicode.levels import Achievement, Floor, Goal, Rules, World

GOAL = Goal.all_of(Achievement.ENTER_SEWERS)
RULES = Rules(melee_spawn=0.3, ranged_spawn=0.3)


def build(world: World) -> None:
    world.player.floor = Floor.GNOMISH_MINES
    start = world.player.position
    far = world.random_cell(distance=(8, 14), reachable=False)
    world.corridor(start, far, width=3)
    world.move_ladder_down(far)
    world.open_ladder()
    # Torches mark the way without showing all of it.
    world.torch(far if world.items[2][far] == 0 else world.random_cell(distance=(1, 3), near=far))
    world.player.inventory.set(torches=5, sword=3, pickaxe=2)
