"""Which kinds of damage the player could do, by blows, arrows and spells, and how much; and how much mobs could do."""

from collections.abc import Iterable, Mapping

import numpy as np

from dicode.games.craftax.levels.amounts import Amounts
from dicode.games.craftax.levels.names import Mob
from dicode.games.craftax.levels.rule_axes import AXES
from dicode.games.craftax.levels.schema import MAX_MOBS, MAX_PROJECTILES, WorldArrays

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


def strongest(
    amounts: Amounts, mob: Mob, swords: slice, flying: np.ndarray, magic: bool, attributes: Mapping[str, int]
) -> float:
    """No blow with one of `swords`, enchanted if `magic`, and no projectile of the kinds `flying` takes more health from a mob."""
    values, number = amounts.values, amounts.number
    factor = {name: 1 + number(rule) * (attributes[attribute] - 1) for name, (rule, attribute) in _FACTORS.items()}
    guard = 1 - values["mob_defence"][mob]
    element = magic * float(guard[1:].max())
    blow = float(guard[0]) * factor["blow"] + element * number("sword_enchantment") * factor["magic"]
    shots = values["player_projectile_damage"][flying]
    hits = shots @ guard + shots[:, 0] * element * number("arrow_enchantment")
    strokes = float(values["sword_damage"][swords].max()) * blow
    return max(strokes, float(hits.max(initial=0)) * max(factor["arrow"], factor["spell"]))


_FACTORS = {
    "blow": ("strength_damage", "strength"),
    "magic": ("intelligence_enchantment", "intelligence"),
    "arrow": ("dexterity_arrows", "dexterity"),
    "spell": ("intelligence_spells", "intelligence"),
}
"""What damage grows with: a rule and an attribute."""


def worst(world: WorldArrays, amounts: Amounts, mobs: Iterable[Mob], boss: bool) -> float:
    """The most health that `mobs`, and what is in flight at the start, could take from the player in one step."""
    values, near = amounts.values, list(mobs)
    blows = [values["melee_damage"][mob.type_id].sum() for mob in near if mob.mob_class == 1]
    flying = {*world["mob_projectiles.type_id"][world["mob_projectiles.mask"]].tolist()}
    flying |= {int(values["shoots"][mob.type_id]) for mob in near if mob.mob_class == 2}
    shots = [values["mob_projectile_damage"][kind].sum() for kind in flying]
    struck = MAX_MOBS["melee_mobs"] * max(blows, default=0) * (1 + amounts.number("sleeping_damage"))
    return float(struck + MAX_PROJECTILES * max(shots, default=0)) * (1 + boss * amounts.number("boss_damage"))
