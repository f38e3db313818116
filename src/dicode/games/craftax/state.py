"""One game's state in narrow types, and the way to and from the package's state and NumPy arrays.

Field names, shapes and dtypes are those of `dicode.games.craftax.levels.schema.STATE_FIELDS`. Any leading axes are
allowed everywhere, as long as all fields share them. Light is stored as round(255 x level); a cell
counts as lit where the package's level exceeds 0.05, and the rounding never moves a cell across that
line: 13 and above is lit.
"""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct

from dicode.games.craftax import package
from dicode.games.craftax.levels.schema import STATE_FIELDS

LIT = 13
"""The smallest stored light of a lit cell."""
LIT_LEVEL = 0.05
"""The package's threshold: a cell is visible where its light level is above this."""
_MAPS = {"blocks": "map", "items": "item_map", "mob_map": "mob_map", "light": "light_map"}


class Inventory(struct.PyTreeNode):
    """What the player carries."""

    wood: jax.Array
    stone: jax.Array
    coal: jax.Array
    iron: jax.Array
    diamond: jax.Array
    sapling: jax.Array
    arrows: jax.Array
    torches: jax.Array
    ruby: jax.Array
    sapphire: jax.Array
    pickaxe: jax.Array
    sword: jax.Array
    bow: jax.Array
    armour: jax.Array
    potions: jax.Array
    books: jax.Array


class Mobs(struct.PyTreeNode):
    """The slots of one class of mobs, or of projectiles, on every floor."""

    position: jax.Array
    health: jax.Array
    mask: jax.Array
    attack_cooldown: jax.Array
    type_id: jax.Array


class GameState(struct.PyTreeNode):
    """Everything that one game is; see `dicode.games.craftax.levels.schema` for shapes, dtypes and ranges."""

    blocks: jax.Array
    items: jax.Array
    mob_map: jax.Array
    light: jax.Array
    down_ladders: jax.Array
    up_ladders: jax.Array
    chests_opened: jax.Array
    monsters_killed: jax.Array
    player_position: jax.Array
    player_level: jax.Array
    player_direction: jax.Array
    player_health: jax.Array
    player_food: jax.Array
    player_drink: jax.Array
    player_energy: jax.Array
    player_mana: jax.Array
    is_sleeping: jax.Array
    is_resting: jax.Array
    player_recover: jax.Array
    player_hunger: jax.Array
    player_thirst: jax.Array
    player_fatigue: jax.Array
    player_recover_mana: jax.Array
    player_xp: jax.Array
    player_dexterity: jax.Array
    player_strength: jax.Array
    player_intelligence: jax.Array
    inventory: Inventory
    passive_mobs: Mobs
    melee_mobs: Mobs
    ranged_mobs: Mobs
    mob_projectiles: Mobs
    player_projectiles: Mobs
    mob_projectile_directions: jax.Array
    player_projectile_directions: jax.Array
    growing_plants_positions: jax.Array
    growing_plants_age: jax.Array
    growing_plants_mask: jax.Array
    potion_mapping: jax.Array
    learned_spells: jax.Array
    sword_enchantment: jax.Array
    bow_enchantment: jax.Array
    armour_enchantments: jax.Array
    boss_progress: jax.Array
    boss_timesteps_to_spawn_this_round: jax.Array
    light_level: jax.Array
    achievements: jax.Array
    state_rng: jax.Array
    timestep: jax.Array


_RECORDS: dict[str, type] = {
    "inventory": Inventory,
    "passive_mobs": Mobs,
    "melee_mobs": Mobs,
    "ranged_mobs": Mobs,
    "mob_projectiles": Mobs,
    "player_projectiles": Mobs,
}


def _build(arrays: Mapping[str, Any]) -> GameState:
    top: dict[str, Any] = {}
    for name, value in arrays.items():
        record, _, field = name.partition(".")
        if field:
            top.setdefault(record, {})[field] = value
        else:
            top[record] = value
    for record, kind in _RECORDS.items():
        top[record] = kind(**top[record])
    return GameState(**top)


def _flat(state: Any) -> dict[str, Any]:
    flat = {}
    for name in STATE_FIELDS:
        value = state
        for part in name.split("."):
            value = getattr(value, part)
        flat[name] = value
    return flat


def encode_light(level: jax.Array) -> jax.Array:
    """Light levels in [0, 1] as bytes, lit cells at `LIT` and above; the error is at most 1/255."""
    nearest = jnp.round(jnp.clip(level, 0.0, 1.0) * 255.0)
    return jnp.where(level > LIT_LEVEL, jnp.maximum(nearest, LIT), jnp.minimum(nearest, LIT - 1)).astype(jnp.uint8)


def decode_light(light: jax.Array) -> jax.Array:
    """Bytes as light levels in [0, 1]."""
    return light.astype(jnp.float32) / 255.0


def from_package(env_state: package.EnvState) -> GameState:
    """The package's state in narrow types; exact but for light, which is rounded to bytes."""
    arrays = {}
    for name, field in STATE_FIELDS.items():
        value: Any = env_state
        for part in _MAPS.get(name, name).split("."):
            value = getattr(value, part)
        arrays[name] = encode_light(jnp.asarray(value)) if name == "light" else jnp.asarray(value, field.dtype)
    return _build(arrays)


def to_package(game_state: GameState) -> package.EnvState:
    """The package's wide types; the inverse of `from_package` but for the rounding of light."""
    wide: dict[str, Any] = {}
    for name in GameState.__dataclass_fields__:
        value = getattr(game_state, name)
        if name == "inventory":
            value = package.Inventory(**{part: getattr(value, part) for part in Inventory.__dataclass_fields__})
        elif name in _RECORDS:
            value = package.Mobs(**{part: getattr(value, part) for part in Mobs.__dataclass_fields__})
        wide[_MAPS.get(name, name)] = value
    wide["map"] = game_state.blocks.astype(jnp.int32)
    wide["item_map"] = game_state.items.astype(jnp.int32)
    wide["light_map"] = decode_light(game_state.light)
    return package.EnvState(**wide)


def to_arrays(state: GameState) -> dict[str, np.ndarray]:
    """Host arrays by dotted name, leading axes kept."""
    return {name: np.asarray(value) for name, value in _flat(jax.device_get(state)).items()}


def from_arrays(arrays: Mapping[str, np.ndarray | jax.Array]) -> GameState:
    """The inverse of `to_arrays`; every name of the schema must be there, dtypes are the schema's."""
    return _build({name: jnp.asarray(arrays[name], field.dtype) for name, field in STATE_FIELDS.items()})
