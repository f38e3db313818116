"""Objective: defeat a frost troll with the sword of fire.
Why: ice armour stops nearly all plain steel; fire is the answer, as ice is one floor above.
"""

from dicode.levels import Achievement, Floor, Goal, Mob, Rules, World

GOAL = Goal.all_of(Achievement.DEFEAT_FROST_TROLL)
RULES = Rules(ranged_spawn=0, monster_damage=0.6, health_recovery=3.0)


def build(world: World) -> None:
    world.player.floor = Floor.ICE_REALM
    world.clear(6)
    world.light_up()
    world.player.inventory.set(sword=4, armour=2)
    world.player.sword_enchantment = "fire"
    world.player.armour_enchantments = "ice"
    world.player.intelligence = 3
    world.spawn(Mob.FROST_TROLL, count=1, distance=(3, 7))
