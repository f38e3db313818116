"""Objective: walk between pools of lava to the ladder and enter the ice realm.
Why: lava blocks the straight way; there is always one around it, and it has to be found.
"""

from dicode.levels import Achievement, Block, Floor, Goal, Rules, World

GOAL = Goal.all_of(Achievement.ENTER_ICE_REALM)
RULES = Rules(melee_spawn=0.2, ranged_spawn=0.2)


def build(world: World) -> None:
    world.player.floor = Floor.FIRE_REALM
    world.clear(8)
    goal = world.random_cell(distance=(6, 11))
    world.move_ladder_down(goal)
    world.open_ladder()
    # Where the lava has closed the last way it is taken back, cell by cell.
    for cell in world.scatter(Block.LAVA, count=30, distance=(2, 10)):
        if not world.reachable(world.player.position, goal):
            world.place(Block.FIRE_GRASS, cell)
    world.player.inventory.set(sword=4, armour=2)
