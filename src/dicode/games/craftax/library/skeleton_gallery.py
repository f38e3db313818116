"""Objective: shoot a skeleton with bow and arrows from a distance.
Why: ranged combat: line up in a row or column, face the target and shoot; on the target arrows hardly get used.
"""

from dicode.levels import Achievement, Block, Goal, Mob, Rules, World

GOAL = Goal.all_of(Achievement.FIRE_BOW, Achievement.DEFEAT_SKELETON)
RULES = Rules(melee_spawn=0)


def build(world: World) -> None:
    row, column = world.player.position
    # A gallery three cells wide: whoever is in it is nearly always lined up.
    world.room(row - 2, column - 8, height=5, width=17, wall=Block.STONE)
    world.player.inventory.set(bow=1, arrows=20)
    for side in (-6, 6):
        world.spawn(Mob.SKELETON, at=(row, column + side))
