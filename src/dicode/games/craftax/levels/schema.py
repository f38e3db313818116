"""The arrays that make up one game state: names, shapes, narrow dtypes and legal ranges.

This table is the contract between level code (which edits NumPy arrays), the wire (npz), the
verifier and the trainer's `GameState`. It imports NumPy only. Dots separate records:
`inventory.wood` is field `wood` of record `inventory`. Floors, rows and columns come in that order.
"""

from collections.abc import Mapping

import numpy as np

from dicode.games.craftax.levels.names import MAP_SIZE, NUM_ACHIEVEMENTS, NUM_FLOORS, Block, Item
from dicode.games.host import Field

WorldArrays = Mapping[str, np.ndarray]
"""One world, or several with a leading axis, by the names of the schema."""

_MAP = (NUM_FLOORS, MAP_SIZE, MAP_SIZE)
MAX_MOBS = {"passive_mobs": 3, "melee_mobs": 3, "ranged_mobs": 2}
MAX_PROJECTILES = 3
MAX_PLANTS = 10


def _field(shape: tuple[int, ...], dtype: str, low: float, high: float) -> Field:
    return Field(shape, np.dtype(dtype), low, high)


def _mobs(slots: int) -> dict[str, Field]:
    return {
        "position": _field((NUM_FLOORS, slots, 2), "int32", 0, MAP_SIZE - 1),
        "health": _field((NUM_FLOORS, slots), "float32", 0, 1000),
        "mask": _field((NUM_FLOORS, slots), "bool", 0, 1),
        "attack_cooldown": _field((NUM_FLOORS, slots), "int32", 0, 1000),
        "type_id": _field((NUM_FLOORS, slots), "int32", 0, 7),
    }


def _projectiles() -> dict[str, Field]:
    return _mobs(MAX_PROJECTILES)


def _records() -> dict[str, Field]:
    fields: dict[str, Field] = {
        "blocks": _field(_MAP, "uint8", Block.OUT_OF_BOUNDS, max(Block)),
        "items": _field(_MAP, "uint8", 0, max(Item)),
        "mob_map": _field(_MAP, "bool", 0, 1),
        "light": _field(_MAP, "uint8", 0, 255),
        "down_ladders": _field((NUM_FLOORS, 2), "int32", 0, MAP_SIZE - 1),
        "up_ladders": _field((NUM_FLOORS, 2), "int32", 0, MAP_SIZE - 1),
        "chests_opened": _field((NUM_FLOORS,), "bool", 0, 1),
        "monsters_killed": _field((NUM_FLOORS,), "int32", 0, 10_000),
        "player_position": _field((2,), "int32", 0, MAP_SIZE - 1),
        "player_level": _field((), "int32", 0, NUM_FLOORS - 1),
        "player_direction": _field((), "int32", 1, 4),
        "player_health": _field((), "float32", 0, 50),
        "player_food": _field((), "int32", 0, 50),
        "player_drink": _field((), "int32", 0, 50),
        "player_energy": _field((), "int32", 0, 50),
        "player_mana": _field((), "int32", 0, 50),
        "is_sleeping": _field((), "bool", 0, 1),
        "is_resting": _field((), "bool", 0, 1),
        "player_recover": _field((), "float32", -1e4, 1e4),
        "player_hunger": _field((), "float32", -1e4, 1e4),
        "player_thirst": _field((), "float32", -1e4, 1e4),
        "player_fatigue": _field((), "float32", -1e4, 1e4),
        "player_recover_mana": _field((), "float32", -1e4, 1e4),
        "player_xp": _field((), "int32", 0, 1000),
        "player_dexterity": _field((), "int32", 1, 20),
        "player_strength": _field((), "int32", 1, 20),
        "player_intelligence": _field((), "int32", 1, 20),
    }
    counted = ["wood", "stone", "coal", "iron", "diamond", "sapling", "arrows", "torches", "ruby", "sapphire"]
    fields |= {f"inventory.{name}": _field((), "int32", 0, 99) for name in counted}
    fields |= {
        "inventory.pickaxe": _field((), "int32", 0, 4),
        "inventory.sword": _field((), "int32", 0, 4),
        "inventory.bow": _field((), "int32", 0, 1),
        "inventory.armour": _field((4,), "int32", 0, 2),
        "inventory.potions": _field((6,), "int32", 0, 99),
        "inventory.books": _field((), "int32", 0, 99),
    }
    for record, slots in MAX_MOBS.items():
        fields |= {f"{record}.{name}": field for name, field in _mobs(slots).items()}
    for record in ("mob_projectiles", "player_projectiles"):
        fields |= {f"{record}.{name}": field for name, field in _projectiles().items()}
    directions = _field((NUM_FLOORS, MAX_PROJECTILES, 2), "int32", -1, 1)
    return fields | {
        "mob_projectile_directions": directions,
        "player_projectile_directions": directions,
        "growing_plants_positions": _field((MAX_PLANTS, 2), "int32", 0, MAP_SIZE - 1),
        "growing_plants_age": _field((MAX_PLANTS,), "int32", 0, 100_000),
        "growing_plants_mask": _field((MAX_PLANTS,), "bool", 0, 1),
        "potion_mapping": _field((6,), "int32", 0, 5),
        "learned_spells": _field((2,), "bool", 0, 1),
        "sword_enchantment": _field((), "int32", 0, 2),
        "bow_enchantment": _field((), "int32", 0, 2),
        "armour_enchantments": _field((4,), "int32", 0, 2),
        "boss_progress": _field((), "int32", 0, 8),
        "boss_timesteps_to_spawn_this_round": _field((), "int32", 0, 1000),
        "light_level": _field((), "float32", 0, 1),
        "achievements": _field((NUM_ACHIEVEMENTS,), "bool", 0, 1),
        "state_rng": _field((2,), "uint32", 0, 2**32 - 1),
        "timestep": _field((), "int32", 0, 1_000_000),
    }


STATE_FIELDS: dict[str, Field] = _records()
"""Every array of a state by dotted name; one world is a dict of these, a pool adds a leading axis."""


def state_bytes() -> int:
    """Bytes of one state."""
    return sum(int(np.prod(f.shape)) * f.dtype.itemsize for f in STATE_FIELDS.values())
