"""Objective: eat two cows on a plain where the wind blows.
Why: the wind moves what the agent has aimed at out of line, so it must correct all the time.
Mechanic: every third step the wind pushes the player one cell to the right, if the way is free.
"""

import jax.numpy as jnp

from dicode.levels import MAP_SIZE, Block, Goal, Mob, Rules, World

GOAL = Goal.all_of(Goal.at_least("eaten", 2))
RULES = Rules(melee_spawn=0, ranged_spawn=0)
GRASS, SAND, PATH = int(Block.GRASS), int(Block.SAND), int(Block.PATH)


def build(world: World) -> None:
    world.clear(7)
    row, column = world.player.position
    # A hedge to the right keeps player and cows on the plain.
    world.fill(Block.TREE, rows=(row - 7, row + 7), columns=(column + 7, column + 7))
    world.spawn(Mob.COW, count=3, distance=(2, 6))
    world.player.food = 3


def transition(before, action, after, key):
    """One cell to the right at every third step."""
    ahead = after.player_position + jnp.array([0, 1])
    column = jnp.minimum(ahead[1], MAP_SIZE - 1)
    block = after.blocks[after.player_level, ahead[0], column]
    open_ground = (block == GRASS) | (block == SAND) | (block == PATH)
    free = open_ground & ~after.mob_map[after.player_level, ahead[0], column] & (ahead[1] < MAP_SIZE)
    blown = free & (after.timestep % 3 == 0) & ~after.is_sleeping
    return after.replace(player_position=jnp.where(blown, ahead, after.player_position))
