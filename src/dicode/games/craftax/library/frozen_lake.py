"""Objective: slide over the frozen lake to the ladder and enter the graveyard.
Why: on ice every step carries on until something is in the way, so moves have to be planned ahead.
Mechanic: a step onto ice slides on until rock or open ground stops it.
"""

import jax
import jax.numpy as jnp

from dicode.levels import MAP_SIZE, Achievement, Block, Floor, Goal, Rules, World

GOAL = Goal.all_of(Achievement.ENTER_GRAVEYARD)
RULES = Rules(melee_spawn=0, ranged_spawn=0)
ICE = int(Block.ICE_GRASS)
GROUND = int(Block.PATH)


def build(world: World) -> None:
    floor = Floor.ICE_REALM
    world.light_up(floor)
    world.fill(Block.STONE, rows=(16, 32), columns=(16, 32), floor=floor)
    world.fill(Block.ICE_GRASS, rows=(18, 30), columns=(18, 30), floor=floor)
    # The four edges of the lake have firm ground in them, among it the ladder's; rocks stop a slide midway.
    ladder = (18, int(world.rng.integers(20, 29)))
    world.place(Block.PATH, ladder, floor=floor)
    world.move_ladder_down(ladder, floor=floor)
    world.open_ladder(floor)
    world.player.floor = floor
    world.player.position = (30, int(world.rng.integers(20, 29)))
    world.scatter(Block.STONE, count=8, distance=(3, 12), on=[Block.ICE_GRASS])
    world.scatter(Block.PATH, count=14, distance=(2, 14), on=[Block.ICE_GRASS])


def transition(before, action, after, key):
    """Slide in the direction of the step for as long as ice is underfoot and the way is free."""
    step = after.player_position - before.player_position
    floor = after.player_level
    same_floor = before.player_level == floor

    def slide(_, position):
        ahead = jnp.clip(position + step, 0, MAP_SIZE - 1)
        here, there = after.blocks[floor, position[0], position[1]], after.blocks[floor, ahead[0], ahead[1]]
        free = ((there == ICE) | (there == GROUND)) & ~after.mob_map[floor, ahead[0], ahead[1]]
        return jnp.where(same_floor & free & (here == ICE), ahead, position)

    return after.replace(player_position=jax.lax.fori_loop(0, 12, slide, after.player_position))
