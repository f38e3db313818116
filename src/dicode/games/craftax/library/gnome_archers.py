"""Objective: defeat two gnome archers by closing in under cover of stalagmites.
Why: archers back off; cornering them or shooting back is a skill that the mines ask for.
"""

from dicode.levels import Block, Floor, Goal, Mob, Rules, World

GOAL = Goal.all_of(Goal.defeat(Mob.GNOME_ARCHER, 2))
RULES = Rules(melee_spawn=0, monster_damage=0.5)


def build(world: World) -> None:
    world.player.floor = Floor.GNOMISH_MINES
    world.clear(6)
    world.light_up(level=200)
    world.scatter(Block.STALAGMITE, count=8, distance=(2, 6))
    world.player.inventory.set(sword=3, armour=1, bow=1, arrows=12)
    world.spawn(Mob.GNOME_ARCHER, count=2, distance=(4, 8))
