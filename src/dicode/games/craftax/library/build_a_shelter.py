"""Objective: wall yourself in with stone on all four sides.
Why: a closed shelter is the safe place to sleep; no quantity of the game can ask for its shape.
Mechanic: the goal is a success hook that looks at the four cells around the player.
"""

import jax.numpy as jnp

from dicode.levels import Block, Goal, Rules, World

GOAL = Goal.all_of(Goal.place("stone", 2))
RULES = Rules(ranged_spawn=0, passive_spawn=0)
STONE = int(Block.STONE)
SIDES = jnp.array([[0, -1], [0, 1], [-1, 0], [1, 0]])


def build(world: World) -> None:
    world.clear(5)
    world.time_of_day = 0.45
    world.player.inventory.set(stone=9, pickaxe=1, sword=1)
    # Half of the shelter stands already, in one corner of two.
    row, column = world.player.position
    world.place(Block.STONE, (row + int(world.rng.choice([-1, 1])), column))


def success(state):
    """Stone on all four sides of the player."""
    cells = state.player_position + SIDES
    return jnp.all(state.blocks[state.player_level, cells[:, 0], cells[:, 1]] == STONE)
