"""Recipes: tools, armour, arrows and torches from materials, next to the right stations."""

import jax
import jax.numpy as jnp
import numpy as np

from dicode.games.craftax.dynamics.few import Slots, all_of, any_of, by_slot, first, slots_of
from dicode.games.craftax.dynamics.layer import Layer
from dicode.games.craftax.dynamics.scene import Scene, inside
from dicode.games.craftax.levels.names import Achievement, Action, Block
from dicode.games.craftax.levels.rule_axes import MATERIALS, RECIPES
from dicode.games.craftax.rules import RuleTable

_RECIPE_OF_ACTION = np.full(len(Action), -1)
for _number, _recipe in enumerate(RECIPES):
    _RECIPE_OF_ACTION[Action[f"MAKE_{_recipe.upper()}"]] = _number
CRAFTS = _RECIPE_OF_ACTION >= 0
"""bool[43]: which actions follow a recipe."""
_IRON_ARMOUR, _DIAMOND_ARMOUR, _ARROW, _TORCH = (RECIPES.index(r) for r in RECIPES[8:])

_REACH = 2
_AROUND = np.array([(r, c) for r in range(-_REACH, _REACH + 1) for c in range(-_REACH, _REACH + 1) if (r, c) != (0, 0)])
_FAR = np.abs(_AROUND).max(axis=1)


@jax.named_scope("game.crafting")
def near_stations(
    needed: jax.Array, unknown: tuple[jax.Array, jax.Array], map_: Layer, position: Slots, rules: RuleTable
) -> tuple[jax.Array, jax.Array]:
    """Whether a crafting table and a furnace are within reach of the player; false where it is not needed."""
    row, column = position[0] + _AROUND[:, 0], position[1] + _AROUND[:, 1]
    near = inside(row, column) & (rules.station_reach >= _FAR) & needed
    blocks = map_.read(row, column)
    return any_of(near & (blocks == Block.CRAFTING_TABLE)), any_of(near & (blocks == Block.FURNACE))


@jax.named_scope("game.crafting")
def craft(
    needed: jax.Array, scene: Scene, action: jax.Array, near: tuple[jax.Array, jax.Array], rules: RuleTable
) -> Scene:
    """Follow the recipe that the action asks for, if materials and stations are at hand."""
    held = scene.game.inventory
    recipe = jnp.asarray(_RECIPE_OF_ACTION)[action]
    known = recipe >= 0
    recipe = jnp.maximum(recipe, 0)
    cost = rules.recipe_cost[recipe]
    stock = slots_of(*(getattr(held, material) for material in MATERIALS))
    at_hand = all_of(by_slot(jnp.greater_equal, stock, cost))
    at_table = near[0] | (rules.recipe_needs_table[recipe] == 0)
    at_furnace = near[1] | (rules.recipe_needs_furnace[recipe] == 0)

    pickaxe, sword = recipe < 4, (recipe >= 4) & (recipe < 8)
    level = recipe % 4 + 1
    bare, below_diamond = by_slot(lambda level: [level < 1, level < 2], held.armour)
    wanted = jnp.where(pickaxe, held.pickaxe < level, held.sword < level)
    wanted = jnp.where(recipe == _IRON_ARMOUR, any_of(bare), wanted)
    wanted = jnp.where(recipe == _DIAMOND_ARMOUR, any_of(below_diamond), wanted)
    wanted = jnp.where(recipe == _ARROW, held.arrows < rules.inventory_limit, wanted)
    wanted = jnp.where(recipe == _TORCH, held.torches < rules.inventory_limit, wanted)

    made = needed & known & at_hand & at_table & at_furnace & wanted
    left = by_slot(lambda stock, cost: stock - jnp.where(made, cost, 0), stock, cost)
    iron, diamond = made & (recipe == _IRON_ARMOUR), made & (recipe == _DIAMOND_ARMOUR)
    first_bare, first_below = first(bare), first(below_diamond)

    def worn(number: jax.Array, own: jax.Array) -> jax.Array:
        own = jnp.where(iron & (number == first_bare), 1, own)
        return jnp.where(diamond & (number == first_below), 2, own)

    held = held.replace(
        **{material: left[i] for i, material in enumerate(MATERIALS)},
        pickaxe=jnp.where(made & pickaxe, level, held.pickaxe),
        sword=jnp.where(made & sword, level, held.sword),
        armour=by_slot(worn, jnp.arange(4), held.armour),
        arrows=held.arrows + jnp.where(made & (recipe == _ARROW), rules.arrow_yield, 0),
        torches=held.torches + jnp.where(made & (recipe == _TORCH), rules.torch_yield, 0),
    )
    scene = scene.replace(game=scene.game.replace(inventory=held))
    return scene.earn({Achievement.MAKE_IRON_ARMOUR: iron, Achievement.MAKE_DIAMOND_ARMOUR: diamond})
