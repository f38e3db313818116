"""Objective: defeat a pigman with the sword of ice.
Why: pigmen feel hardly anything but ice; the level shows what enchanting is for.
"""

from dicode.levels import Achievement, Floor, Goal, Mob, Rules, World

GOAL = Goal.all_of(Achievement.DEFEAT_PIGMAN)
RULES = Rules(ranged_spawn=0, monster_damage=0.6, health_recovery=3.0)


def build(world: World) -> None:
    world.player.floor = Floor.FIRE_REALM
    world.clear(6)
    world.player.inventory.set(sword=4, armour=2)
    world.player.sword_enchantment = "ice"
    world.player.armour_enchantments = ["fire", "fire", "none", "none"]
    world.player.intelligence = 3
    world.spawn(Mob.PIGMAN, count=1, distance=(3, 7))
