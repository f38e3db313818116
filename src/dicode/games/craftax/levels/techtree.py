"""The technology tree as data: what each of the 67 achievements takes, and what follows from that.

One table (`_ROWS`) says how an achievement is earned in one act: the block faced, the tool, the stations
nearby, what is spent, the creature, the floor. Everything else (prerequisites, depth, order, implied
achievements, sentences) is derived from it, so checks, dreamers and prompts cannot disagree.
Amounts are Craftax's own; rules may change them, see `dicode.games.craftax.levels.possible`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from dicode.games.craftax.levels.creatures import CREATURES
from dicode.games.craftax.levels.names import NUM_ACHIEVEMENTS, Achievement, Action, Block, Floor, Mob
from dicode.games.craftax.levels.schema import WorldArrays
from dicode.games.craftax.levels.worth import WORTH

_A, _B, _F = Achievement, Block, Floor


@dataclass(frozen=True)
class Requirement:
    """What one achievement takes in the act that earns it; empty fields ask for nothing."""

    achievement: Achievement
    act: str
    """The sentence that tells a person what to do."""
    actions: tuple[Action, ...] = (Action.DO,)
    """Any of these earns it."""
    blocks: tuple[Block, ...] = ()
    """One of these must be faced."""
    near: tuple[Block, ...] = ()
    """All of these must be within one cell of the player, diagonals included."""
    pickaxe: int = 0
    """Least pickaxe tier held: 1 wood, 2 stone, 3 iron, 4 diamond."""
    spends: Mapping[str, int] = field(default_factory=dict)
    """Inventory (and `mana`) that is used up."""
    holds: Mapping[str, int] = field(default_factory=dict)
    """Inventory that is needed and kept."""
    gives: Mapping[str, int] = field(default_factory=dict)
    """Inventory that is gained; for `pickaxe` and `sword` the new tier."""
    mob: Mob | None = None
    """The creature to defeat or eat."""
    floors: tuple[Floor, ...] = tuple(Floor)
    """Where the game itself offers it. A level can offer it elsewhere, unless `bound` is true."""
    bound: bool = False
    """True when the act works on `floors` alone, whatever the level places."""

    @property
    def worth(self) -> int:
        """The reward it pays once an episode: 1, 3, 5 or 8."""
        return WORTH[self.achievement]


def _collect(
    achievement: Achievement, item: str, blocks: tuple[Block, ...], pickaxe: int, *floors: Floor
) -> Requirement:
    tool = ("", " with a wood pickaxe or better", " with a stone pickaxe or better", " with an iron pickaxe or better")
    which = (*tool, " with a diamond pickaxe")[pickaxe]
    what = " or ".join(block.name.lower().replace("_", " ") for block in blocks)
    return Requirement(
        achievement, f"face {what} and DO{which}", blocks=blocks, pickaxe=pickaxe, gives={item: 1}, floors=floors
    )


def _craft(action: Action, gives: dict[str, int], stations: tuple[Block, ...], **spends: int) -> Requirement:
    parts = ", ".join(f"{count} {item}" for item, count in spends.items())
    where = " and ".join(station.name.lower().replace("_", " ") for station in stations)
    return Requirement(
        _A[action.name], f"stand beside a {where} with {parts}", (action,), near=stations, spends=spends, gives=gives
    )


def _defeat(mob: Mob) -> Requirement:
    creature = CREATURES[mob]
    verb = "eat" if mob.mob_class == 0 else "defeat"
    name = mob.name.lower().replace("_", " ")
    how = "face it and DO until it is gone" if mob.mob_class == 0 else "hit it with DO, arrows or spells"
    return Requirement(creature.achievement, f"{verb} a {name}: {how}", mob=mob, floors=creature.floors)


def _enter(floor: Floor) -> Requirement:
    above = Floor(floor - 1)
    act = f"stand on the ladder down of the {above.name.lower().replace('_', ' ')} and DESCEND once it is open"
    return Requirement(ENTER[floor], act, (Action.DESCEND,), floors=(above,), bound=True)


ENTER: dict[Floor, Achievement] = {
    _F.DUNGEON: _A.ENTER_DUNGEON,
    _F.GNOMISH_MINES: _A.ENTER_GNOMISH_MINES,
    _F.SEWERS: _A.ENTER_SEWERS,
    _F.VAULTS: _A.ENTER_VAULT,
    _F.TROLL_MINES: _A.ENTER_TROLL_MINES,
    _F.FIRE_REALM: _A.ENTER_FIRE_REALM,
    _F.ICE_REALM: _A.ENTER_ICE_REALM,
    _F.GRAVEYARD: _A.ENTER_GRAVEYARD,
}
"""The achievement of first setting foot on a floor."""

_TABLE, _FURNACE = _B.CRAFTING_TABLE, _B.FURNACE
_BENCH, _FORGE = (_TABLE,), (_TABLE, _FURNACE)
_ENCHANTERS = (_B.ENCHANTMENT_TABLE_FIRE, _B.ENCHANTMENT_TABLE_ICE)
_ROCK = (_F.OVERWORLD, _F.GNOMISH_MINES, _F.TROLL_MINES)
_POTIONS = tuple(action for action in Action if action.name.startswith("DRINK_POTION"))
_CHESTS = (_F.DUNGEON, _F.SEWERS, _F.VAULTS)
_WET = (_F.OVERWORLD, _F.DUNGEON, _F.GNOMISH_MINES, _F.SEWERS, _F.VAULTS, _F.TROLL_MINES, _F.ICE_REALM)

_COLLECT = (
    _collect(
        _A.COLLECT_WOOD, "wood", (_B.TREE, _B.FIRE_TREE, _B.ICE_SHRUB), 0, _F.OVERWORLD, _F.FIRE_REALM, _F.ICE_REALM
    ),
    _collect(_A.COLLECT_STONE, "stone", (_B.STONE, _B.STALAGMITE), 1, *_ROCK, _F.FIRE_REALM, _F.ICE_REALM),
    _collect(_A.COLLECT_COAL, "coal", (_B.COAL,), 1, *_ROCK, _F.FIRE_REALM),
    _collect(_A.COLLECT_IRON, "iron", (_B.IRON,), 2, *_ROCK),
    _collect(_A.COLLECT_DIAMOND, "diamond", (_B.DIAMOND,), 3, *_ROCK, _F.ICE_REALM),
    _collect(_A.COLLECT_SAPPHIRE, "sapphire", (_B.SAPPHIRE,), 4, _F.GNOMISH_MINES, _F.TROLL_MINES, _F.ICE_REALM),
    _collect(_A.COLLECT_RUBY, "ruby", (_B.RUBY,), 4, _F.GNOMISH_MINES, _F.TROLL_MINES, _F.FIRE_REALM),
    Requirement(
        _A.COLLECT_SAPLING,
        "face grass and DO: one time in ten it gives a sapling",
        blocks=(_B.GRASS,),
        gives={"sapling": 1},
        floors=(_F.OVERWORLD,),
    ),
    Requirement(
        _A.COLLECT_DRINK,
        "face water or a fountain and DO",
        blocks=(_B.WATER, _B.FOUNTAIN),
        gives={"drink": 1},
        floors=_WET,
    ),
)

_MAKE = (
    _craft(Action.MAKE_WOOD_PICKAXE, {"pickaxe": 1}, _BENCH, wood=1),
    _craft(Action.MAKE_STONE_PICKAXE, {"pickaxe": 2}, _BENCH, wood=1, stone=1),
    _craft(Action.MAKE_IRON_PICKAXE, {"pickaxe": 3}, _FORGE, wood=1, stone=1, iron=1, coal=1),
    _craft(Action.MAKE_DIAMOND_PICKAXE, {"pickaxe": 4}, _BENCH, wood=1, diamond=3),
    _craft(Action.MAKE_WOOD_SWORD, {"sword": 1}, _BENCH, wood=1),
    _craft(Action.MAKE_STONE_SWORD, {"sword": 2}, _BENCH, wood=1, stone=1),
    _craft(Action.MAKE_IRON_SWORD, {"sword": 3}, _FORGE, wood=1, stone=1, iron=1, coal=1),
    _craft(Action.MAKE_DIAMOND_SWORD, {"sword": 4}, _BENCH, wood=1, diamond=2),
    _craft(Action.MAKE_IRON_ARMOUR, {"armour": 1}, _FORGE, iron=3, coal=3),
    _craft(Action.MAKE_DIAMOND_ARMOUR, {"armour": 2}, _BENCH, diamond=3),
    _craft(Action.MAKE_ARROW, {"arrows": 2}, _BENCH, wood=1, stone=1),
    _craft(Action.MAKE_TORCH, {"torches": 4}, _BENCH, wood=1, coal=1),
)

_PLACE = (
    Requirement(_A.PLACE_TABLE, "PLACE_TABLE on free ground ahead", (Action.PLACE_TABLE,), spends={"wood": 2}),
    Requirement(_A.PLACE_FURNACE, "PLACE_FURNACE on free ground ahead", (Action.PLACE_FURNACE,), spends={"stone": 1}),
    Requirement(
        _A.PLACE_STONE, "PLACE_STONE on free ground, water or lava ahead", (Action.PLACE_STONE,), spends={"stone": 1}
    ),
    Requirement(
        _A.PLACE_TORCH, "PLACE_TORCH on grass, sand or path ahead", (Action.PLACE_TORCH,), spends={"torches": 1}
    ),
    Requirement(
        _A.PLACE_PLANT,
        "face grass and PLACE_PLANT",
        (Action.PLACE_PLANT,),
        blocks=(_B.GRASS,),
        spends={"sapling": 1},
        floors=(_F.OVERWORLD,),
    ),
)

_OTHER = (
    Requirement(
        _A.EAT_PLANT,
        "guard a planted sapling until it ripens (600 steps, overworld only), face it and DO",
        blocks=(_B.RIPE_PLANT,),
        floors=(_F.OVERWORLD,),
    ),
    Requirement(_A.WAKE_UP, "SLEEP with energy below its maximum and wake up rested, or hit", (Action.SLEEP,)),
    Requirement(_A.OPEN_CHEST, "face a chest and DO", blocks=(_B.CHEST,), floors=_CHESTS),
    Requirement(
        _A.FIND_BOW,
        "open the first chest of the dungeon",
        blocks=(_B.CHEST,),
        gives={"bow": 1},
        floors=(_F.DUNGEON,),
        bound=True,
    ),
    Requirement(_A.FIRE_BOW, "SHOOT_ARROW", (Action.SHOOT_ARROW,), spends={"arrows": 1}, holds={"bow": 1}),
    Requirement(_A.DRINK_POTION, "drink a potion of any colour", _POTIONS, spends={"potions": 1}, floors=_CHESTS),
    Requirement(
        _A.LEARN_FIREBALL,
        "READ_BOOK: teaches one unknown spell; the first chests of sewers and vaults hold a book",
        (Action.READ_BOOK,),
        spends={"books": 1},
        floors=(_F.SEWERS, _F.VAULTS),
    ),
    Requirement(
        _A.LEARN_ICEBALL,
        "READ_BOOK: teaches one unknown spell; the first chests of sewers and vaults hold a book",
        (Action.READ_BOOK,),
        spends={"books": 1},
        floors=(_F.SEWERS, _F.VAULTS),
    ),
    Requirement(_A.CAST_FIREBALL, "CAST_FIREBALL", (Action.CAST_FIREBALL,), spends={"mana": 2}, holds={"fireball": 1}),
    Requirement(_A.CAST_ICEBALL, "CAST_ICEBALL", (Action.CAST_ICEBALL,), spends={"mana": 2}, holds={"iceball": 1}),
    Requirement(
        _A.ENCHANT_SWORD,
        "face an enchantment table and ENCHANT_SWORD (fire table: ruby, ice table: sapphire; 9 mana)",
        (Action.ENCHANT_SWORD,),
        blocks=_ENCHANTERS,
        spends={"mana": 9, "gem": 1},
        holds={"sword": 1},
        floors=(_F.SEWERS, _F.VAULTS),
    ),
    Requirement(
        _A.ENCHANT_ARMOUR,
        "face an enchantment table and ENCHANT_ARMOUR (fire table: ruby, ice table: sapphire; 9 mana)",
        (Action.ENCHANT_ARMOUR,),
        blocks=_ENCHANTERS,
        spends={"mana": 9, "gem": 1},
        holds={"armour": 1},
        floors=(_F.SEWERS, _F.VAULTS),
    ),
    Requirement(
        _A.DAMAGE_NECROMANCER,
        "face the necromancer and DO after a wave is over: no monster on the floor",
        blocks=(_B.NECROMANCER,),
        floors=(_F.GRAVEYARD,),
        bound=True,
    ),
    Requirement(
        _A.DEFEAT_NECROMANCER,
        "hit the necromancer eight times, once after each wave",
        blocks=(_B.NECROMANCER,),
        floors=(_F.GRAVEYARD,),
        bound=True,
    ),
)

_ROWS = (*_COLLECT, *_MAKE, *_PLACE, *_OTHER, *map(_enter, ENTER), *map(_defeat, Mob))
REQUIREMENTS: dict[Achievement, Requirement] = {
    row.achievement: row for row in sorted(_ROWS, key=lambda r: r.achievement)
}

GETS: dict[str, Achievement] = {
    "wood": _A.COLLECT_WOOD,
    "stone": _A.COLLECT_STONE,
    "coal": _A.COLLECT_COAL,
    "iron": _A.COLLECT_IRON,
    "diamond": _A.COLLECT_DIAMOND,
    "sapphire": _A.COLLECT_SAPPHIRE,
    "ruby": _A.COLLECT_RUBY,
    "sapling": _A.COLLECT_SAPLING,
    "bow": _A.FIND_BOW,
    "arrows": _A.MAKE_ARROW,
    "torches": _A.MAKE_TORCH,
    "potions": _A.OPEN_CHEST,
    "books": _A.OPEN_CHEST,
    "gem": _A.COLLECT_SAPPHIRE,
    "fireball": _A.LEARN_FIREBALL,
    "iceball": _A.LEARN_ICEBALL,
    "armour": _A.MAKE_IRON_ARMOUR,
}
"""The achievement by which each kind of thing is usually obtained."""

IMPLYING = ("wood", "stone", "coal", "iron", "diamond", "sapphire", "ruby", "sapling", "bow", "arrows", "torches")
"""What, held, counts as having been obtained so; worn armour, potions, books and known spells do not, as in the game."""

PICKAXES = (_A.MAKE_WOOD_PICKAXE, _A.MAKE_STONE_PICKAXE, _A.MAKE_IRON_PICKAXE, _A.MAKE_DIAMOND_PICKAXE)
SWORDS = (_A.MAKE_WOOD_SWORD, _A.MAKE_STONE_SWORD, _A.MAKE_IRON_SWORD, _A.MAKE_DIAMOND_SWORD)
STATIONS: dict[Block, Achievement] = {_TABLE: _A.PLACE_TABLE, _FURNACE: _A.PLACE_FURNACE}


def requirements(achievement: Achievement) -> Requirement:
    """What `achievement` takes in the act that earns it."""
    return REQUIREMENTS[Achievement(achievement)]


@cache
def prerequisites(achievement: Achievement) -> frozenset[Achievement]:
    """Achievements that usually come directly before: tools, stations, ingredients and the floor it is found on."""
    needed = requirements(achievement)
    found = {GETS[item] for item in (*needed.spends, *needed.holds) if item in GETS}
    found |= {STATIONS[station] for station in needed.near}
    if needed.pickaxe:
        found.add(PICKAXES[needed.pickaxe - 1])
    if "sword" in needed.holds:
        found.add(SWORDS[needed.holds["sword"] - 1])
    if achievement == _A.EAT_PLANT:
        found.add(_A.PLACE_PLANT)
    if achievement == _A.DEFEAT_NECROMANCER:
        found.add(_A.DAMAGE_NECROMANCER)
    first = min(needed.floors)
    if first in ENTER:
        found.add(ENTER[first])
    return frozenset(found - {achievement})


@cache
def ancestors(achievement: Achievement) -> frozenset[Achievement]:
    """Everything that usually comes before `achievement`, directly or not."""
    direct = prerequisites(achievement)
    return direct.union(*(ancestors(parent) for parent in direct))


@cache
def depth(achievement: Achievement) -> int:
    """Length of the longest chain of prerequisites; 0 for what a new player can do at once."""
    return max((depth(parent) + 1 for parent in prerequisites(achievement)), default=0)


@cache
def children(achievement: Achievement) -> frozenset[Achievement]:
    """Achievements that `achievement` opens directly."""
    return frozenset(other for other in Achievement if achievement in prerequisites(other))


def implied(world: WorldArrays) -> np.ndarray:
    """bool[..., 67]: achievements that a start, or each of several, already implies by what is held and by the floor.

    The game itself would grant the inventory's part at the first step; a floor implies having entered
    it and those above.
    """
    done = np.zeros((*np.shape(world["player_level"]), NUM_ACHIEVEMENTS), dtype=bool)
    for item in IMPLYING:
        done[..., GETS[item]] = world[f"inventory.{item}"] > 0
    for tools, held in ((PICKAXES, world["inventory.pickaxe"]), (SWORDS, world["inventory.sword"])):
        for tier, achievement in enumerate(tools, start=1):
            done[..., achievement] = held >= tier
    for floor, achievement in ENTER.items():
        done[..., achievement] = world["player_level"] >= floor
    return done
