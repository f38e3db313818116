"""Objective: defeat an archer of the vaults with fire arrows.
Why: an enchanted bow gets through armour that plain arrows do not.
"""

from dicode.levels import Achievement, Floor, Goal, Mob, Rules, World

GOAL = Goal.all_of(Achievement.DEFEAT_ARCHER)
RULES = Rules(melee_spawn=0, monster_damage=0.7)


def build(world: World) -> None:
    world.player.floor = Floor.VAULTS
    world.clear(7)
    world.player.inventory.set(bow=1, arrows=30, armour=1, sword=3)
    world.player.bow_enchantment = "fire"
    world.player.dexterity = 3
    world.spawn(Mob.KNIGHT_ARCHER, count=2, distance=(4, 8))
