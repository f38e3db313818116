"""Objective: with torches in the bag, find and defeat a gnome archer in the dark mines.
Why: light has to be brought along; whoever stays in the dark is shot at unseen.
"""

from dicode.levels import Achievement, Floor, Goal, Mob, Rules, World

GOAL = Goal.all_of(Achievement.DEFEAT_GNOME_ARCHER, Goal.place("torch", 1))
RULES = Rules(melee_spawn=0.3)


def build(world: World) -> None:
    world.player.floor = Floor.GNOMISH_MINES
    world.clear(6)
    world.player.inventory.set(torches=6, sword=3, armour=1)
    world.spawn(Mob.GNOME_ARCHER, count=1, distance=(4, 7))
