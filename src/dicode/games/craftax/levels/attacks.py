"""Which kinds of damage the player could do, by blows, arrows and spells."""

from collections.abc import Mapping

import numpy as np

from dicode.games.craftax.levels.amounts import Amounts
from dicode.games.craftax.levels.rule_axes import AXES
from dicode.games.craftax.levels.schema import WorldArrays

_ARROW, _FIREBALL, _ICEBALL = (AXES["projectile"].index(name) for name in ("heavy_arrow", "fireball", "iceball"))
_ELEMENTS = np.array([1, 2])
"""Enchantments with fire and with ice."""


def blows(world: WorldArrays, amounts: Amounts, sword: int, altars: tuple[bool, bool]) -> np.ndarray:
    """bool[3]: kinds of damage (physical, fire, ice) that blows with swords up to `sword` could do.

    `altars`: whether something can be enchanted with fire, and with ice.
    """
    blow = bool((amounts.values["sword_damage"][int(world["inventory.sword"]) : sword + 1] > 0).any())
    magic = (world["sword_enchantment"] == _ELEMENTS) | (np.array(altars) & (sword > 0))
    return np.array([blow, *(magic & blow & (amounts.number("sword_enchantment") > 0))])


def flies(world: WorldArrays, amounts: Amounts, held: Mapping[str, float]) -> np.ndarray:
    """bool[8]: the player's projectiles that are in flight at the start or could be sent off with what is `held`."""
    flying = np.zeros(len(AXES["projectile"]), dtype=bool)
    flying[world["player_projectiles.type_id"][world["player_projectiles.mask"]]] = True
    if amounts.number("max_player_projectiles") >= 1:
        flying[_ARROW] |= held.get("bow", 0) >= 1 and held.get("arrows", 0) >= amounts.number("arrow_cost")
        flying[[_FIREBALL, _ICEBALL]] |= world["learned_spells"] | (held.get("books", 0) > 0)
    return flying


def shots(world: WorldArrays, amounts: Amounts, held: Mapping[str, float], altars: tuple[bool, bool]) -> np.ndarray:
    """bool[3]: kinds of damage of the projectiles that the player could send off with what is `held`."""
    power, flying = amounts.values["player_projectile_damage"] > 0, flies(world, amounts, held)
    found: np.ndarray = power[flying].any(axis=0)
    magic = (world["bow_enchantment"] == _ELEMENTS) | altars
    found[1:] |= magic & (flying[_ARROW] & power[_ARROW, 0] and amounts.number("arrow_enchantment") > 0)
    return found
