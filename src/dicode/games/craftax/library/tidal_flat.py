"""Objective: cross the tidal flat at low water and chop wood on the far shore.
Why: the way is there only half of the time; the agent has to wait, then to hurry.
Mechanic: every 40 steps the flat between the shores floods, 20 steps later it falls dry.
"""

import jax.numpy as jnp

from dicode.levels import MAP_SIZE, Achievement, Block, Goal, Rules, World

GOAL = Goal.all_of(Achievement.COLLECT_WOOD)
RULES = Rules(melee_spawn=0.2, ranged_spawn=0)
FLAT = jnp.arange(MAP_SIZE)[None, :] // 5 == 5  # columns 25 to 29
SAND, WATER = int(Block.SAND), int(Block.WATER)


def build(world: World) -> None:
    world.fill(Block.GRASS, rows=(14, 34), columns=(14, 38))
    world.fill(Block.SAND, rows=(0, 47), columns=(25, 29))
    for _ in range(8):
        row, column = int(world.rng.integers(18, 31)), int(world.rng.integers(31, 35))
        world.fill(Block.TREE, rows=(row, row), columns=(column, column))
    world.player.position = (24, 22)
    # Start somewhere in the tide's course.
    world.set("timestep", int(world.rng.integers(0, 40)))


def transition(before, action, after, key):
    """Flood the flat in the second half of each tide; where someone stands it stays dry."""
    high = (after.timestep % 40) >= 20
    rows, columns = jnp.arange(MAP_SIZE)[:, None], jnp.arange(MAP_SIZE)[None, :]
    player = (rows == after.player_position[0]) & (columns == after.player_position[1]) & (after.player_level == 0)
    overworld = after.blocks[0]
    floods = FLAT & (overworld == SAND) & ~player & ~after.mob_map[0] & (after.items[0] == 0)
    dries = FLAT & (overworld == WATER)
    tide = jnp.where(high & floods, WATER, jnp.where(~high & dries, SAND, overworld)).astype(after.blocks.dtype)
    return after.replace(blocks=after.blocks.at[0].set(tide))
