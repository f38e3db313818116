"""Objective: cast iceballs at the fire elemental until it is gone.
Why: spells are the only strong weapon here; mana has to last, so every cast should hit.
"""

from dicode.levels import Achievement, Floor, Goal, Mob, Rules, World

GOAL = Goal.all_of(Achievement.CAST_ICEBALL, Achievement.DEFEAT_FIRE_ELEMENTAL)
RULES = Rules(melee_spawn=0, mana_recovery=5.0, monster_damage=0.5)


def build(world: World) -> None:
    world.player.floor = Floor.FIRE_REALM
    world.clear(6)
    world.player.iceball = True
    world.player.intelligence = 4
    world.player.mana = 18
    world.player.inventory.set(armour=2, sword=4)
    world.player.armour_enchantments = "fire"
    world.spawn(Mob.FIRE_ELEMENTAL, count=1, distance=(3, 7))
