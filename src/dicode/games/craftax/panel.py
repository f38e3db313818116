"""What a player reads beside the picture, from the observation's scalars: floor, vitals and what is held; and the keys."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dicode.games.craftax.levels.names import Action, Floor

KEYS: Mapping[str, Action] = {
    "ArrowLeft": Action.LEFT, "ArrowRight": Action.RIGHT, "ArrowUp": Action.UP, "ArrowDown": Action.DOWN,
    "a": Action.LEFT, "d": Action.RIGHT, "w": Action.UP, "s": Action.DOWN, " ": Action.DO, "q": Action.NOOP,
    "r": Action.PLACE_STONE, "t": Action.PLACE_TABLE, "f": Action.PLACE_FURNACE, "p": Action.PLACE_PLANT,
    "j": Action.PLACE_TORCH, "1": Action.MAKE_WOOD_PICKAXE, "2": Action.MAKE_STONE_PICKAXE, "3": Action.MAKE_IRON_PICKAXE,
    "4": Action.MAKE_DIAMOND_PICKAXE, "5": Action.MAKE_WOOD_SWORD, "6": Action.MAKE_STONE_SWORD,
    "7": Action.MAKE_IRON_SWORD, "8": Action.MAKE_DIAMOND_SWORD, "y": Action.MAKE_IRON_ARMOUR,
    "u": Action.MAKE_DIAMOND_ARMOUR, "o": Action.MAKE_ARROW, "[": Action.MAKE_TORCH, "i": Action.SHOOT_ARROW,
    "g": Action.CAST_FIREBALL, "h": Action.CAST_ICEBALL, ".": Action.DESCEND, ",": Action.ASCEND, "z": Action.SLEEP,
    "e": Action.REST, "m": Action.READ_BOOK,
}  # fmt: skip
"""Keys of a browser (`KeyboardEvent.key`); every other action is chosen by name."""

_COUNTED = ("wood", "stone", "coal", "iron", "diamond", "sapphire", "ruby", "sapling", "torches", "arrows")
_MATERIALS = ("", "wood", "stone", "iron", "diamond")
_POTIONS = ("red", "green", "blue", "pink", "cyan", "yellow")
_VITALS = {"health": 22, "food": 23, "drink": 24, "energy": 25, "mana": 26, "xp": 27}
_ARMOUR = slice(35, 39)
_FLOOR = 48


@dataclass(frozen=True)
class Panel:
    """The numbers of one moment."""

    floor: str
    vitals: tuple[tuple[str, float], ...]
    held: tuple[tuple[str, int], ...]
    """What is held, by name; nothing that is not held."""

    @property
    def inventory(self) -> str:
        """What is held in a line."""
        return ", ".join(f"{count} {name}" if count != 1 else name for name, count in self.held) or "nothing"


def read(scalars: np.ndarray) -> Panel:
    """The panel of an observation's scalars float32[51] (`observation._scalars` is what is undone here)."""
    floor = Floor(round(10 * float(scalars[_FLOOR])))
    counts = {name: round((10 * float(value)) ** 2) for name, value in zip(_COUNTED, scalars[:10], strict=True)}
    books, pickaxe, sword = round(2 * float(scalars[10])), round(4 * float(scalars[11])), round(4 * float(scalars[12]))
    held = [(name, count) for name, count in counts.items() if count]
    held += [(f"{_MATERIALS[level]} {tool}", 1) for tool, level in (("pickaxe", pickaxe), ("sword", sword)) if level]
    held += [("bow", 1)] * bool(round(float(scalars[15]))) + [("books", books)] * bool(books)
    potions = (round((10 * float(value)) ** 2) for value in scalars[16:22])
    held += [(f"{color} potion", count) for color, count in zip(_POTIONS, potions, strict=True) if count]
    armour = round(2 * float(np.sum(scalars[_ARMOUR])))
    held += [("armour", armour)] * bool(armour)
    vitals = tuple((name, round(10 * float(scalars[index]), 1)) for name, index in _VITALS.items())
    return Panel(f"{int(floor)} {floor.name.lower().replace('_', ' ')}", vitals, tuple(held))
