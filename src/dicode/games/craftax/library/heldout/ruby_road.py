"""Objective: pick up a ruby on the way to the ladder of the troll mines.
Why: a detour for a gem, with trolls about.
"""

from dicode.levels import Achievement, Block, Floor, Goal, Rules, World

GOAL = Goal.all_of(Achievement.COLLECT_RUBY, Achievement.ENTER_FIRE_REALM)
RULES = Rules(monster_damage=0.5, melee_spawn=0.5, ranged_spawn=0)


def build(world: World) -> None:
    world.player.floor = Floor.TROLL_MINES
    world.light_up()
    world.clear(7)
    world.scatter(Block.RUBY, count=3, distance=(3, 8))
    world.move_ladder_down(world.random_cell(distance=(5, 10)))
    world.open_ladder()
    world.player.inventory.set(pickaxe=4, sword=4, armour=1)
