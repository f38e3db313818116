"""Objective: put up three stones and live through 120 steps of the night.
Why: a shelter of a few stones is the cheapest defence there is.
"""

from dicode.levels import Goal, Mob, World

GOAL = Goal.all_of(Goal.place("stone", 3), Goal.survive(120))


def build(world: World) -> None:
    world.clear(6)
    world.time_of_day = 0.6
    world.player.inventory.set(stone=8, pickaxe=1)
    world.player.health = 6
    world.spawn(Mob.ZOMBIE, count=2, distance=(5, 9))
