"""What a player carries and meets where: usual equipment by floor, sources of materials, fair blades."""

from collections.abc import Mapping

from dicode.games.craftax.levels.creatures import CREATURES
from dicode.games.craftax.levels.rule_spec import RULES
from dicode.levels import Block, Floor, Mob

_B, _F = Block, Floor

SOURCE: dict[str, tuple[Block, int]] = {
    "wood": (_B.TREE, 0),
    "stone": (_B.STONE, 1),
    "coal": (_B.COAL, 1),
    "iron": (_B.IRON, 2),
    "diamond": (_B.DIAMOND, 3),
    "sapphire": (_B.SAPPHIRE, 4),
    "ruby": (_B.RUBY, 4),
}
"""The block that gives a material, and the least pickaxe for it."""

USUAL_KIT: dict[Floor, Mapping[str, int]] = {
    _F.OVERWORLD: {},
    _F.DUNGEON: {"pickaxe": 2, "sword": 2, "wood": 4, "stone": 6},
    _F.GNOMISH_MINES: {"pickaxe": 2, "sword": 2, "bow": 1, "arrows": 4, "wood": 4, "stone": 6, "torches": 4},
    _F.SEWERS: {"pickaxe": 3, "sword": 3, "bow": 1, "arrows": 6, "wood": 4, "stone": 8, "torches": 6},
    _F.VAULTS: {"pickaxe": 3, "sword": 3, "armour": 1, "bow": 1, "arrows": 8, "stone": 8, "torches": 6},
    _F.TROLL_MINES: {"pickaxe": 4, "sword": 4, "armour": 1, "bow": 1, "arrows": 8, "stone": 8, "torches": 8},
    _F.FIRE_REALM: {"pickaxe": 4, "sword": 4, "armour": 2, "bow": 1, "arrows": 10, "stone": 9, "torches": 4},
    _F.ICE_REALM: {"pickaxe": 4, "sword": 4, "armour": 2, "bow": 1, "arrows": 10, "stone": 9, "torches": 8},
    _F.GRAVEYARD: {"pickaxe": 4, "sword": 4, "armour": 2, "bow": 1, "arrows": 12, "stone": 9, "torches": 8},
}
"""What a player who gets to a floor usually carries."""

DARK_FLOORS = frozenset(Floor) - {_F.OVERWORLD}
WARDS = {_F.FIRE_REALM: "ice", _F.ICE_REALM: "fire"}
"""The enchantment that bites on a floor whose creatures shrug off plain blades."""


def material_kit(
    one: Mapping[str, int], other: Mapping[str, int], usual: Mapping[str, int] | None = None
) -> dict[str, int]:
    """Both kits' materials, what is `usual` in either of them once; of tools the better one."""
    tools, shared = {"pickaxe", "sword", "bow", "armour"}, usual or {}
    both = {
        name: one.get(name, 0) + other.get(name, 0) - min(one.get(name, 0), other.get(name, 0), shared.get(name, 0))
        for name in {**one, **other}
    }
    return both | {name: max(one.get(name, 0), other.get(name, 0)) for name in both if name in tools}


def blade(mob: Mob) -> int:
    """The sword that makes a fair fight of it."""
    health = float(RULES["mob_health"].default[mob])
    home = CREATURES[mob].floors[0]
    if home >= _F.VAULTS:
        return 4
    return 0 if mob.mob_class == 0 else 1 if health <= 5 else 2 if health <= 7 else 3
