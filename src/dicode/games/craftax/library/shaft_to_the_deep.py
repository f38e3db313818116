"""Objective: go down from the overworld through the opened dungeon to the gnomish mines.
Why: passing quickly through a cleared floor is worth two descents; the way down must be found each time.
"""

from dicode.levels import Achievement, Floor, Goal, Rules, World

GOAL = Goal.all_of(Achievement.ENTER_GNOMISH_MINES)
RULES = Rules(monster_damage=0.5)


def build(world: World) -> None:
    world.clear(3)
    world.move_ladder_down(world.random_cell(distance=(2, 4)))
    landing = world.ladder_up(Floor.DUNGEON)
    world.clear(4, near=landing, floor=Floor.DUNGEON)
    world.move_ladder_down(world.random_cell(distance=(3, 6), near=landing, floor=Floor.DUNGEON), floor=Floor.DUNGEON)
    world.open_ladder(Floor.DUNGEON)
    world.player.inventory.sword = 2
