"""Objective: reach the ladder to the ice realm before the lava has closed the way.
Why: a straight and quick descent; whoever wanders about is cut off.
Mechanic: lava creeps over the open ground beside it.
"""

import jax
import jax.numpy as jnp

from dicode.levels import Achievement, Block, Floor, Goal, Rules, World

GOAL = Goal.all_of(Achievement.ENTER_ICE_REALM)
RULES = Rules(melee_spawn=0, ranged_spawn=0)
GROUND, LAVA, FLOOR = int(Block.FIRE_GRASS), int(Block.LAVA), int(Floor.FIRE_REALM)


def build(world: World) -> None:
    floor = Floor.FIRE_REALM
    world.fill(Block.STONE, rows=(14, 34), columns=(10, 38), floor=floor)
    world.fill(Block.FIRE_GRASS, rows=(20, 28), columns=(12, 36), floor=floor)
    world.fill(Block.LAVA, rows=(20, 20), columns=(12, 36), floor=floor)
    world.move_ladder_down((int(world.rng.integers(24, 28)), int(world.rng.integers(24, 32))), floor=floor)
    world.open_ladder(floor)
    world.player.floor = floor
    world.player.position = (26, 16)
    world.player.facing = "right"


def transition(before, action, after, key):
    """Each free cell beside lava is covered with a chance of 1 in 40 a step."""
    realm = after.blocks[FLOOR]
    lava = jnp.pad(realm == LAVA, 1)
    beside = lava[:-2, 1:-1] | lava[2:, 1:-1] | lava[1:-1, :-2] | lava[1:-1, 2:]
    free = (realm == GROUND) & (after.items[FLOOR] == 0) & ~after.mob_map[FLOOR]
    free = free.at[after.player_position[0], after.player_position[1]].set(False)
    covers = beside & free & (jax.random.uniform(key, realm.shape) < 0.025)
    return after.replace(blocks=after.blocks.at[FLOOR].set(jnp.where(covers, LAVA, realm).astype(realm.dtype)))
