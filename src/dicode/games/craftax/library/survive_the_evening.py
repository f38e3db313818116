"""Objective: survive 100 steps of the evening on a meadow with zombies about.
Why: staying alive: keep away or fight back, and never sleep in the open.
"""

from dicode.levels import Goal, Mob, Rules, World

GOAL = Goal.all_of(Goal.survive(100))
RULES = Rules(ranged_spawn=0, monster_damage=0.4, sleeping_damage=0.8)


def build(world: World) -> None:
    world.clear(6)
    world.time_of_day = 0.35
    world.player.inventory.sword = int(world.rng.integers(0, 3))
    world.spawn(Mob.ZOMBIE, count=1, distance=(5, 9))
