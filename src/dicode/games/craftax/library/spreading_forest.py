"""Objective: fell eight trees of a forest that grows back.
Why: one tree is enough to start from, if it is left standing until it has seeded its neighbours.
Mechanic: now and then grass beside a tree becomes a tree.
"""

import jax
import jax.numpy as jnp

from dicode.levels import Block, Goal, Rules, World

GOAL = Goal.all_of(Goal.collect("wood", 8))
RULES = Rules(melee_spawn=0.3, ranged_spawn=0)
GRASS, TREE = int(Block.GRASS), int(Block.TREE)


def build(world: World) -> None:
    world.clear(7)
    world.scatter(Block.TREE, count=8, distance=(2, 7))


def transition(before, action, after, key):
    """Let each free cell of grass beside a tree turn into one with a chance of 1 in 100 a step."""
    overworld = after.blocks[0]
    tree = jnp.pad(overworld == TREE, 1)
    beside = tree[:-2, 1:-1] | tree[2:, 1:-1] | tree[1:-1, :-2] | tree[1:-1, 2:]
    free = (overworld == GRASS) & (after.items[0] == 0) & ~after.mob_map[0]
    free = free.at[after.player_position[0], after.player_position[1]].set(False)
    grows = beside & free & (jax.random.uniform(key, overworld.shape) < 0.01)
    return after.replace(blocks=after.blocks.at[0].set(jnp.where(grows, TREE, overworld).astype(overworld.dtype)))
