"""Putting things into the world: stone, stations, saplings, torches."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from dicode.games.craftax.dynamics.few import Slots, all_of, any_of, by_number, by_slot, first_free, slots_of
from dicode.games.craftax.dynamics.layer import Layer
from dicode.games.craftax.dynamics.light import torch_light
from dicode.games.craftax.dynamics.rare import cut, rare
from dicode.games.craftax.dynamics.scene import Scene, inside, is_solid, occupied
from dicode.games.craftax.levels.counted import PLACEABLES
from dicode.games.craftax.levels.grid import TORCH_BLOCKS
from dicode.games.craftax.levels.names import MAP_SIZE, Achievement, Action, Block, Item
from dicode.games.craftax.rules import RuleTable
from dicode.games.craftax.state import GameState

_STONE, _TABLE, _FURNACE, _PLANT, _TORCH = range(len(PLACEABLES))
_KIND_OF_ACTION = np.full(len(Action), -1)
for _kind, _name in enumerate(PLACEABLES):
    _KIND_OF_ACTION[Action[f"PLACE_{_name.upper()}"]] = _kind
PLACES = _KIND_OF_ACTION >= 0
"""bool[43]: which actions place something."""
_BLOCK_OF_KIND = np.array([Block.STONE, Block.CRAFTING_TABLE, Block.FURNACE, Block.PLANT, 0], np.uint8)


@jax.named_scope("game.placing")
def place(
    needed: jax.Array,
    before: tuple[Scene, Slots],
    action: jax.Array,
    row: jax.Array,
    column: jax.Array,
    block: jax.Array,
    near: tuple[jax.Array, jax.Array],
    rules: RuleTable,
) -> tuple[Scene, Slots]:
    """Put what the action says on the faced cell, if it fits; also returns int32[5], what was placed.

    Tables and furnaces stand on anything that is not solid, even water and lava; stone fills water too;
    torches need ground; saplings need grass.
    """
    scene = before[0]
    game, held = scene.game, scene.game.inventory
    kind = jnp.asarray(_KIND_OF_ACTION)[action]
    # Read once: were it read again by what comes after the map of items is written, the map would be copied.
    item = cut(game.items[game.player_level, _on_map(row), _on_map(column)])
    no_item = item == Item.NONE
    bare = ~is_solid(block) & no_item
    on_ground = any_of(by_slot(lambda kind: block == kind, np.array(TORCH_BLOCKS, np.uint8))) & no_item
    fits = slots_of(bare | (block == Block.WATER), bare, bare, (block == Block.GRASS) & no_item, on_ground)
    stock = slots_of(held.stone, held.wood, held.stone, held.sapling, held.torches)
    able = needed & inside(row, column) & ~occupied(scene, row, column)
    furnace_fits = near[0] | (rules.furnace_needs_table == 0)

    def is_placed(number: jax.Array, fits: jax.Array, stock: jax.Array, cost: jax.Array) -> jax.Array:
        return able & (number == kind) & fits & (stock >= cost) & (furnace_fits | (number != _FURNACE))

    placed = by_slot(is_placed, jnp.arange(len(PLACEABLES)), fits, stock, rules.place_cost)
    paid = by_slot(lambda placed, cost: jnp.where(placed, cost, 0), placed, rules.place_cost)
    held = held.replace(
        stone=held.stone - paid[_STONE] - paid[_FURNACE],
        wood=held.wood - paid[_TABLE],
        sapling=held.sapling - paid[_PLANT],
        torches=held.torches - paid[_TORCH],
    )
    new_block = jnp.asarray(_BLOCK_OF_KIND)[jnp.maximum(kind, 0)]
    items, light = rare(
        placed[_TORCH], _light_torch, (game.items, game.light), game.player_level, slots_of(row, column), rules
    )
    game = game.replace(inventory=held, items=items, light=light)
    scene = scene.replace(
        game=_grow(game, row, column, placed[_PLANT]),
        blocks=scene.blocks.write(row, column, new_block, any_of(placed) & ~placed[_TORCH]),
    )
    earned = {int(Achievement[f"PLACE_{name.upper()}"]): placed[i] for i, name in enumerate(PLACEABLES)}
    return scene.earn(earned), by_slot(lambda flag: flag.astype(jnp.int32), placed)


def _grow(game: GameState, row: jax.Array, column: jax.Array, planted: jax.Array) -> GameState:
    """Remember a sapling in the first free slot; without one it never ripens."""
    plants = game.growing_plants_positions, game.growing_plants_age, game.growing_plants_mask
    free, roots = first_free(plants[2]), ~all_of(plants[2]) & planted

    def grown(number: jax.Array, place: Slots, age: jax.Array, mask: jax.Array) -> list[Slots]:
        new = (number == free) & roots
        place = by_number(partial(jnp.where, new), slots_of(row, column), place)
        return [place, jnp.where(new, 0, age), mask | new]

    position, age, mask = by_slot(grown, jnp.arange(len(plants[2])), *plants)
    return game.replace(growing_plants_positions=position, growing_plants_age=age, growing_plants_mask=mask)


def _light_torch(
    lit: jax.Array, maps: tuple[jax.Array, jax.Array], floor: jax.Array, position: Slots, rules: RuleTable
) -> tuple[jax.Array, jax.Array]:
    items, light = maps
    light, around = torch_light(lit, light, items, floor, position, rules)
    # The map of items is written after it has been read, and so in place; the second condition is always true.
    written = Layer(items, floor).write(position[0], position[1], Item.TORCH, lit & (around >= 0))
    return written.settled().cells, light


def _on_map(index: jax.Array) -> jax.Array:
    return jnp.clip(jnp.where(index < 0, index + MAP_SIZE, index), 0, MAP_SIZE - 1)
