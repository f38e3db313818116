"""The player as level code sees it: attributes that write into the world's arrays and check what is written."""

import re
from collections.abc import Mapping
from enum import Enum
from typing import Any, NoReturn

import numpy as np

from dicode.errors import LevelError
from dicode.games.craftax.levels.advice import elsewhere, meant, misspelt, standing
from dicode.games.craftax.levels.amounts import Amounts
from dicode.games.craftax.levels.counted import TIERS
from dicode.games.craftax.levels.grid import Position, manhattan
from dicode.games.craftax.levels.guarded import KINDS, Enchantment, KindGuarded
from dicode.games.craftax.levels.homes import at
from dicode.games.craftax.levels.kinds import as_amount, as_member, as_switch, closest, nearest
from dicode.games.craftax.levels.member_hints import given
from dicode.games.craftax.levels.names import ATTRIBUTE_OF, MAP_SIZE, VITALS, Block, Facing, Floor
from dicode.games.craftax.levels.schema import STATE_FIELDS

Arrays = dict[str, np.ndarray]


def write_scalar(arrays: Arrays, name: str, value: object, label: str = "") -> None:
    """Set one number of a world, refusing what is not a number or out of the schema's range."""
    field = STATE_FIELDS[name]
    label = label or name
    whole = field.dtype.kind in "iu"
    value = as_member(value, KINDS[name]).value if name in KINDS and isinstance(value, Enum) else value
    as_amount(value, label)
    if not isinstance(value, (int, float, np.integer, np.floating, np.bool_)):
        raise LevelError(f"{label} is {value!r}; it must be a number from {field.low:g} to {field.high:g}")
    if not field.low <= float(value) <= field.high or (whole and float(value) != int(value)):
        kind = "a whole number" if whole else "a number"
        raise LevelError(f"{label} is {value}; it must be {kind} from {field.low:g} to {field.high:g}")
    arrays[name][...] = value


_GIVES = frozenset({"add", "give", "update", "put", "insert", "append", "get", "add_item", "give_item", "set_item"})
"""Calls of other inventories."""


def worded(name: str, value: str, most: float) -> LevelError:
    """What is said of a word in the place of a number that is held."""
    words, word = TIERS.get(name, ()), re.sub("^wooden$", "wood", value.lower())
    number = str(words.index(word)) if word in words else word if word.isdecimal() else ""
    means = f" ({', '.join(f'{index} {known}' for index, known in enumerate(words))})" if words else ""
    return LevelError(
        f"inventory.{name} is {value!r}; it must be a number from 0 to {most:g}{means}",
        hint=f"write world.player.inventory.{name} = {number}" if number else "",
        instead=(rf"(['\"]){re.escape(value)}\1", number) if number else None,
    )


class Pieces(KindGuarded):
    """A part of the inventory with several entries: a view of the world's array that explains wrong indices."""

    NAMES: tuple[str, ...] = ()
    WHAT = "armour has four pieces; write world.player.inventory.armour = [1, 1, 0, 0] or armour[0] to armour[3]"

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(self._place(index))
        return int(found) if np.ndim(found) == 0 else found

    def __setitem__(self, index: Any, value: Any) -> None:
        super().__setitem__(self._place(index), as_amount(value, "a count"))

    def _place(self, index: Any) -> Any:
        if not isinstance(index, str):
            return index
        if index.lower() not in self.NAMES:
            raise LevelError(f"there is no {index!r}{nearest(index, self.NAMES)}; {self.WHAT}")
        return self.NAMES.index(index.lower())


class Colours(Pieces):
    """Potions by colour; which colour heals differs from world to world."""

    NAMES = ("red", "green", "blue", "pink", "cyan", "yellow")
    WHAT = f"potions are called by their colours: {', '.join(NAMES)}; what a colour does differs from world to world"


@at("world.player.inventory")
class Inventory:
    """What the player carries.

    Counts 0 to 99: `wood stone coal iron diamond sapphire ruby sapling arrows torches books`. Tiers:
    `pickaxe` and `sword` 0 none, 1 wood, 2 stone, 3 iron, 4 diamond; `bow` 0 or 1. `armour` is a list of
    four pieces, each 0 none, 1 iron, 2 diamond (one number sets all four). `potions` is a list of six
    counts by colour: red, green, blue, pink, cyan, yellow (one number sets all six; `potions["red"] = 2`).
    """

    _arrays: Arrays
    __slots__ = ("_arrays",)
    NAMES = tuple(name.partition(".")[2] for name in STATE_FIELDS if name.startswith("inventory."))

    def __init__(self, arrays: Arrays) -> None:
        object.__setattr__(self, "_arrays", arrays)

    def __getattr__(self, name: str) -> "int | np.ndarray":
        value = self._arrays[self._key(name)]
        return value.view(Colours if name == "potions" else Pieces) if value.ndim else int(value)

    def __setattr__(self, name: str, value: object) -> None:
        key = self._key(name)
        field = STATE_FIELDS[key]
        if isinstance(value, str):
            raise worded(name, value, field.high)
        if isinstance(value, Mapping) and field.shape:
            counts = getattr(self, name).copy()
            for label, count in value.items():
                counts[label] = count
            value = counts
        if not field.shape:
            write_scalar(self._arrays, key, value, key)
            return
        as_amount(value, key)
        try:
            numbers = np.broadcast_to(np.asarray(value), field.shape)
            legal = bool(np.all((numbers >= field.low) & (numbers <= field.high) & (numbers == np.floor(numbers))))
        except (TypeError, ValueError):
            legal = False
        if not legal:
            size = field.shape[0]
            words = TIERS.get(name, ())
            named = list(value) if isinstance(value, list | tuple) and value and set(value) <= set(words) else []
            raise LevelError(
                f"{key} is {value!r}; it must be one or {size} whole numbers from 0 to {field.high:g}",
                hint=f"write world.player.inventory.{name} = {[words.index(word) for word in named]}" if named else "",
            )
        self._arrays[key][...] = numbers

    def __getitem__(self, name: object) -> NoReturn:
        raise self._indexed(name)

    def __setitem__(self, name: object, value: object) -> NoReturn:
        raise self._indexed(name)

    def _indexed(self, name: object) -> LevelError:
        """What is said of `inventory["wood"]`."""
        if not isinstance(name, str):
            return LevelError(f"the inventory has no {name!r}", hint="write world.player.inventory.wood, by its name")
        meant = closest(name, self.NAMES)
        if not meant:
            self._key(name)
        return LevelError(
            f"the inventory has no brackets: [{name!r}]",
            hint=f"write world.player.inventory.{meant}",
            instead=(rf"\binventory\[\s*(['\"]){re.escape(name)}\1\s*\]", f"inventory.{meant}"),
        )

    def set(self, **counts: "int | list[int]") -> None:
        """Set several at once: `inventory.set(wood=5, pickaxe=1)`."""
        for name, count in counts.items():
            setattr(self, name, count)

    def clear(self) -> None:
        """Carry nothing."""
        for name in self.NAMES:
            self._arrays[f"inventory.{name}"][...] = 0

    @classmethod
    def _key(cls, name: str) -> str:
        if name in _GIVES:
            raise LevelError(
                f"the inventory has no {name!r}",
                hint="write world.player.inventory.wood += 3, or call world.player.inventory.set(wood=3, stone=2)",
                instead=(rf"\binventory\.{name}(?=\(\w+ *=)", "inventory.set") if name == "update" else None,
            )
        if name not in cls.NAMES:
            other = elsewhere(name, only_settable=True) or (
                f"write {given(name)}" if "_" in name and given(name) else ""
            )
            raise LevelError(
                f"the inventory has no {name!r}{nearest(name, cls.NAMES)} (it has {', '.join(cls.NAMES)})",
                hint=other or standing(name),
                instead=None if other else misspelt(name, cls.NAMES),
            )
        return f"inventory.{name}"


def _vital(vital: str, doc: str) -> property:
    name = f"player_{vital}"

    def get(self: "Player") -> float:
        value: float = self._arrays[name].item()
        return value

    def put(self: "Player", value: float) -> None:
        highest = self.most(vital)
        as_amount(value, name)
        if isinstance(value, (int, float, np.number)) and float(value) > highest:
            raise LevelError(
                f"{name} is {value}; at this player's attributes the most is {highest} "
                "(raise strength for health, dexterity for food, drink and energy, intelligence for mana)"
            )
        if vital == "health" and isinstance(value, (int, float, np.number)) and float(value) <= 0:
            raise LevelError(f"player_health is {value}; a level must start alive, with health above 0")
        write_scalar(self._arrays, name, value)

    return property(get, put, doc=doc)


def _attribute(name: str, doc: str) -> property:
    def get(self: "Player") -> int:
        return int(self._arrays[name])

    def put(self: "Player", value: int) -> None:
        write_scalar(self._arrays, name, value)

    return property(get, put, doc=doc)


def _flag(index: int, name: str, doc: str) -> property:
    def get(self: "Player") -> bool:
        return bool(self._arrays["learned_spells"][index])

    def put(self: "Player", known: bool) -> None:
        self._arrays["learned_spells"][index] = as_switch(known, f"player.{name}")

    return property(get, put, doc=doc)


def _enchantment(name: str, doc: str) -> property:
    def get(self: "Player") -> Enchantment:
        return Enchantment(int(self._arrays[name]))

    def put(self: "Player", value: "Enchantment | str | int") -> None:
        self._arrays[name][...] = enchantment(value)

    return property(get, put, doc=doc)


def enchantment(value: "Enchantment | str | int") -> Enchantment:
    """`"fire"`, `"ice"`, `"none"` or an Enchantment as an Enchantment; LevelError for anything else."""
    return as_member(value, Enchantment)


@at("world.player")
class Player:
    """Where the player starts, in what condition and with what."""

    _arrays: Arrays
    _amounts: Amounts
    inventory: Inventory
    __slots__ = ("_amounts", "_arrays", "inventory")

    def __init__(self, arrays: Arrays, amounts: Amounts) -> None:
        object.__setattr__(self, "_arrays", arrays)
        object.__setattr__(self, "_amounts", amounts)
        object.__setattr__(self, "inventory", Inventory(arrays))

    def __setattr__(self, name: str, value: object) -> None:
        if name == "inventory" or not isinstance(getattr(type(self), name, None), property):
            known = sorted(key for key, member in vars(Player).items() if isinstance(member, property))
            found = meant("world.player.", name)
            hint = found.hint or f"it has {', '.join(known)} and inventory"
            if name == "inventory":
                hint = "use world.player.inventory.set(...)"
            raise LevelError(f"player.{name} cannot be set; {hint}", instead=found.instead)
        super().__setattr__(name, value)

    health = _vital("health", "Health above 0, 9 at the start of the game; most: 8 + strength.")
    food = _vital("food", "Food, 9 at the start; at 0 health drains. Most: 7 + 2 x dexterity.")
    drink = _vital("drink", "Drink, 9 at the start; at 0 health drains. Most: 7 + 2 x dexterity.")
    energy = _vital("energy", "Energy, 9 at the start; sleep restores it, at 0 health drains. Most: 7 + 2 x dexterity.")
    mana = _vital("mana", "Mana, 9 at the start: a spell takes 2, an enchantment 9. Most: 6 + 3 x intelligence.")
    xp = _attribute("player_xp", "Experience to spend on attributes; one for each floor entered the first time.")
    strength = _attribute("player_strength", "1 to 5 in the game: melee damage and health.")
    dexterity = _attribute("player_dexterity", "1 to 5 in the game: arrows' damage, slower needs, more food and drink.")
    intelligence = _attribute("player_intelligence", "1 to 5 in the game: spells' damage and mana.")
    fireball = _flag(0, "fireball", "True if the player knows the fireball spell.")
    iceball = _flag(1, "iceball", "True if the player knows the iceball spell.")
    sword_enchantment = _enchantment("sword_enchantment", "Enchantment of the sword: 'none', 'fire' or 'ice'.")
    bow_enchantment = _enchantment("bow_enchantment", "Enchantment of the bow: 'none', 'fire' or 'ice'.")

    def most(self, vital: str) -> int:
        """The highest `health` (8 + strength), `food`, `drink`, `energy` (7 + 2 x dexterity) or `mana` (6 + 3 x intelligence)."""
        if vital not in VITALS:
            raise LevelError(f"no vital {vital!r}{nearest(vital, VITALS)}; there are {', '.join(VITALS)}")
        return self._amounts.most(vital, getattr(self, ATTRIBUTE_OF[vital]))

    @property
    def armour_enchantments(self) -> list[Enchantment]:
        """Enchantment of each of the four pieces of armour; one value sets all four."""
        return [Enchantment(int(value)) for value in self._arrays["armour_enchantments"]]

    @armour_enchantments.setter
    def armour_enchantments(self, value: "list[Enchantment | str | int] | Enchantment | str | int") -> None:
        pieces = list(value) if isinstance(value, (list, tuple, np.ndarray)) else [value] * 4
        if len(pieces) != 4:
            raise LevelError(f"armour_enchantments has {len(pieces)} entries; it needs one value, or four")
        self._arrays["armour_enchantments"][...] = [int(enchantment(piece)) for piece in pieces]

    @property
    def floor(self) -> Floor:
        """The floor the player is on. Setting it puts the player where the ladder from above ends."""
        return Floor(int(self._arrays["player_level"]))

    @floor.setter
    def floor(self, value: "Floor | int") -> None:
        floor = as_floor(value)
        self._arrays["player_level"][...] = floor
        landing = (MAP_SIZE // 2, MAP_SIZE // 2) if floor == 0 else tuple(self._arrays["up_ladders"][floor])
        self._arrays["player_position"][...] = landing

    @property
    def position(self) -> Position:
        """(row, column) on the player's floor; must be ground that can be walked on, without a mob."""
        row, column = self._arrays["player_position"]
        return int(row), int(column)

    @position.setter
    def position(self, value: Position) -> None:
        cell = as_position(value)
        floor = self.floor
        block = Block(int(self._arrays["blocks"][floor][cell]))
        walkable = self._amounts.walkable
        free = walkable[self._arrays["blocks"][floor]] & ~self._arrays["mob_map"][floor]
        if not free[cell]:
            what = f"a mob on {block.name}" if walkable[block] else block.name
            raise LevelError(f"the player cannot stand at {cell}: {what}; {nearest_true(free, cell, 'free ground')}")
        self._arrays["player_position"][...] = cell

    @property
    def facing(self) -> Facing:
        """Which way the player looks: Facing.LEFT, RIGHT, UP or DOWN."""
        return Facing(int(self._arrays["player_direction"]))

    @facing.setter
    def facing(self, value: "Facing | str") -> None:
        self._arrays["player_direction"][...] = as_member(value, Facing)


def as_floor(value: object) -> Floor:
    """A floor from a Floor, its number or its name."""
    return as_member(value, Floor)


def as_position(value: object) -> Position:
    """(row, column) inside of the map from any pair of whole numbers."""
    try:
        given = list(value)  # type: ignore[call-overload]
        row, column = (int(as_amount(number, "a row or column")) for number in given)  # type: ignore[call-overload]
        whole = [row, column] == given
    except (TypeError, ValueError, OverflowError):
        whole = False
    if not whole:
        raise LevelError(f"{value!r} is not a position; use (row, column), two whole numbers")
    if not (0 <= row < MAP_SIZE and 0 <= column < MAP_SIZE):
        raise LevelError(
            f"position ({row}, {column}) is outside of the map; rows and columns go from 0 to {MAP_SIZE - 1}"
        )
    return row, column


def nearest_true(cells: np.ndarray, start: Position, what: str) -> str:
    """`the nearest WHAT is (r, c)`, or that there is none on this floor."""
    if not cells.any():
        return f"there is no {what} on this floor"
    distance = np.where(cells, manhattan(start), 10_000)
    row, column = np.unravel_index(int(np.argmin(distance)), distance.shape)
    return f"the nearest {what} is ({row}, {column})"
