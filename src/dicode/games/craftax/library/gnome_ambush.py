"""Objective: defeat a gnome warrior in a cave of the mines that you have to light yourself.
Why: the fight as it is on the target: dark, with heavy blows.
"""

from dicode.levels import Achievement, Floor, Goal, Mob, Rules, World

GOAL = Goal.all_of(Achievement.DEFEAT_GNOME_WARRIOR)
RULES = Rules(ranged_spawn=0, melee_spawn=0.5)


def build(world: World) -> None:
    world.player.floor = Floor.GNOMISH_MINES
    world.clear(6)
    world.torch(world.random_cell(distance=(1, 4)))
    world.player.inventory.set(sword=3, armour=1, torches=4)
    world.spawn(Mob.GNOME_WARRIOR, count=1, distance=(3, 6))
