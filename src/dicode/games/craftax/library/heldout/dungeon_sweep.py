"""Objective: defeat three orc soldiers and leave by the ladder that then opens.
Why: a longer fight whose reward is the way on.
"""

from dicode.levels import Achievement, Floor, Goal, Mob, Rules, World

GOAL = Goal.all_of(Goal.defeat(Mob.ORC_SOLDIER, 3), Achievement.ENTER_GNOMISH_MINES)
RULES = Rules(health_recovery=2.0)


def build(world: World) -> None:
    world.player.floor = Floor.DUNGEON
    world.set_kills(5)
    world.clear(6)
    world.move_ladder_down(world.random_cell(distance=(4, 8)))
    world.player.inventory.set(sword=3, armour=[1, 1, 0, 0])
    world.spawn(Mob.ORC_SOLDIER, count=3, distance=(4, 8))
