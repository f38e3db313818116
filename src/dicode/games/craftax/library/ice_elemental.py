"""Objective: burn down an ice elemental with fireballs.
Why: elementals fly and keep away; casting along rows and columns is the only way to reach them.
"""

from dicode.levels import Achievement, Floor, Goal, Mob, Rules, World

GOAL = Goal.all_of(Achievement.CAST_FIREBALL, Achievement.DEFEAT_ICE_ELEMENTAL)
RULES = Rules(melee_spawn=0, mana_recovery=5.0, monster_damage=0.5)


def build(world: World) -> None:
    world.player.floor = Floor.ICE_REALM
    world.clear(6)
    world.light_up()
    world.player.fireball = True
    world.player.intelligence = 4
    world.player.mana = 18
    world.player.inventory.set(armour=2, sword=4)
    world.player.armour_enchantments = "ice"
    world.spawn(Mob.ICE_ELEMENTAL, count=1, distance=(3, 7))
