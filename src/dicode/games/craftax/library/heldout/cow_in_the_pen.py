"""Objective: break into the stone pen and eat the cow.
Why: combines mining with following an animal; the pickaxe opens the way to food.
"""

from dicode.levels import Achievement, Block, Goal, Mob, Rules, World

GOAL = Goal.all_of(Achievement.EAT_COW)
RULES = Rules(passive_spawn=0, melee_spawn=0.2)


def build(world: World) -> None:
    row, column = world.player.position
    world.clear(6)
    side = int(world.rng.choice([-5, 3]))
    inside = world.room(row - 2, column + side, height=5, width=3 + int(world.rng.integers(0, 2)), wall=Block.STONE)
    world.spawn(Mob.COW, at=inside[int(world.rng.integers(len(inside)))])
    world.player.inventory.pickaxe = 1
    world.player.food = 3
