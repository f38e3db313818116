"""Objective: defeat a gnome warrior in a torchlit hollow of the gnomish mines.
Why: the mines are dark and their warriors are hardly ever beaten; light and weak blows give time to learn.
"""

from dicode.levels import Achievement, Block, Floor, Goal, Mob, Rules, World

GOAL = Goal.all_of(Achievement.DEFEAT_GNOME_WARRIOR)
RULES = Rules(monster_damage=0.2, ranged_spawn=0, passive_spawn=0)


def build(world: World) -> None:
    floor = Floor.GNOMISH_MINES
    world.room(20, 20, height=7, width=7, floor=floor, wall=Block.STONE)
    world.player.floor = floor
    world.player.position = (23, 23)
    for _ in range(2):
        world.torch(world.random_cell(distance=(2, 4)))
    world.player.inventory.set(sword=4, armour=1)
    world.spawn(Mob.GNOME_WARRIOR, count=2, distance=(2, 4))
