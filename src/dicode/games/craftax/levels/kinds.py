"""What an author means by a name or a value: the member of the right enumeration, and the name that is closest.

The game's enumerations are integers, so a block would pass for a floor and a ladder for water. Every
helper reads its arguments here, where a member of another enumeration is refused by its type.
"""

import difflib
import re
from collections.abc import Iterable
from enum import Enum, IntEnum
from typing import TypeVar

import numpy as np

from dicode.errors import LevelError
from dicode.games.craftax.levels.names import Achievement, Block, Floor, Item, Mob

Member = TypeVar("Member", bound=IntEnum)
_ALIKE, _SPLIT = 0.72, 0.85
"""Likeness from which a word, or a name of other words, counts as misspelled; below it another was meant."""
_MEANT = {
    "workbench": "crafting_table",
    "bench": "crafting_table",
    "table": "crafting_table",
    "oven": "furnace",
    "log": "tree",
    "oak": "tree",
    "planks": "wood",
    "well": "fountain",
    "mountain": "stone",
    "mossy_wall": "wall_moss",
    "wizard": "orc_mage",
    "sleep": "wake_up",
    "defeat_boss": "defeat_necromancer",
    "facing": "player_direction",
    "player_facing": "player_direction",
    "player_floor": "player_level",
    "kills": "monsters_killed",
    "dirt": "path",
    "floor": "path",
    "stairs": "ladder_down",
    "monster": "zombie",
    "archer": "knight_archer",
    "hp": "health",
    "player_hp": "player_health",
    "time": "timestep",
    "level": "player_level",
    "floor_number": "player_level",
    "map": "blocks",
    "item_map": "items",
    "light_map": "light",
    "overground": "overworld",
    "surface": "overworld",
    "caves": "gnomish_mines",
    "north": "up",
    "south": "down",
    "west": "left",
    "east": "right",
    "mines": "gnomish_mines",
    "sticks": "wood",
    "logs": "wood",
    "orc_solider": "orc_soldier",
    "skeleton_archer": "skeleton",
    "ice_troll": "frost_troll",
}
"""Words of other games and of the package, with ours."""


def spelt(name: str) -> str:
    """A name in lower case, as this game spells it."""
    return re.sub(r"armor(?!y)", "armour", name.lower())


def closest(name: str, choices: Iterable[str]) -> str:
    """The choice that `name` means: the same word, a part of it, or a misspelling; empty where none is clear."""
    known = {choice.lower(): choice for choice in choices}
    text = spelt(name.strip())
    for word in (text, _MEANT.get(text, ""), text.removesuffix("s"), f"{text}s"):
        if word in known:
            return known[word]
    # `stone_block` means `stone`, and `crafting` means `crafting_table` where nothing else has that word.
    words = _parts(text)
    inside = [choice for choice in known if _parts(choice) <= words]
    if inside:
        return known.get(_whole(words, inside, known), "")
    around = _around(words, known)
    if around:
        return known[around[0]] if len(around) == 1 else ""
    alike = [choice for choice in known if _alike(text, choice)]
    return known[max(alike, key=lambda choice: (likeness(text, choice), choice))] if alike else ""


def _whole(words: set[str], inside: Iterable[str], known: Iterable[str]) -> str:
    """The choice within a name that leaves out nothing which another choice has; empty where that isn't one.

    `knight_archer` is neither `knight` nor `archer` for sure, and `ice_tree` is no `tree` where something else is of ice.
    """
    largest = [one for one in inside if not any(_parts(one) < _parts(other) for other in inside)]
    left = words - _parts(largest[0])
    held = {word for choice in known if choice not in inside for word in _parts(choice)}
    return largest[0] if len(largest) == 1 and not left & held else ""


def nearest(name: str, choices: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the choice that `name` means, `; there is ...` for a few that have its words, else nothing."""
    known = list(choices)
    found = closest(name, known)
    if found:
        return f"; did you mean {found!r}?"
    several = related(name, known)
    return f"; there is {', '.join(several)}" if 0 < len(several) <= 6 else ""


def related(name: str, choices: Iterable[str]) -> list[str]:
    """The choices that have all words of a name; where there are none, those that have most of them."""
    known = {choice.lower(): choice for choice in choices}
    words = _parts(name.lower())
    shared = {choice: len(words & _parts(choice)) for choice in known}
    most = max(shared.values(), default=0)
    return sorted(known[choice] for choice in known if most and shared[choice] == most)


def leaves_out(name: str, close: str) -> bool:
    """Whether a name says more than the choice that it holds: `spawn_melee` and `spawn`."""
    return _parts(close.lower()) < _parts(name.lower())


def _parts(name: str) -> set[str]:
    return set(re.split("[._]", name))


def _around(words: set[str], known: Iterable[str]) -> list[str]:
    return sorted(choice for choice in known if words <= _parts(choice))


def _alike(one: str, other: str) -> bool:
    """Whether one is a misspelling of the other: word by word, so that a shared ending doesn't count for the whole."""
    mine, theirs = re.split("[._]", one), re.split("[._]", other)
    if len(mine) != len(theirs):
        return one[:1] == other[:1] and likeness(one, other) >= _SPLIT
    return all(_misspelt(*pair) for pair in zip(mine, theirs, strict=True))


def _misspelt(one: str, other: str) -> bool:
    """Whether two words are alike and begin alike: a slip leaves the first letter, and `food` is no `wood`."""
    return one[:1] == other[:1] and likeness(one, other) >= _ALIKE


def likeness(one: str, other: str) -> float:
    """How alike two words are, 0 to 1."""
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()


def as_member(value: object, kind: type[Member], numbers: bool = True) -> Member:
    """The member of `kind` that is `value`, or has its name or (with `numbers`) its number.

    NumPy's numbers always count, because they are what `world.rng.choice([Mob.COW, Mob.ZOMBIE])` makes of members.

    Raises LevelError for anything else, above all for a member of another enumeration: `Block.TREE` is
    no floor, whatever its number. One that means the same by name and number counts (`Action.LEFT` as facing).
    """
    if isinstance(value, kind):
        return value
    if isinstance(value, str) and value.upper() in kind.__members__:
        return kind[value.upper()]
    if isinstance(value, Enum):
        same = kind.__members__.get(value.name)
        if same is not None and same == value.value:
            return same
        raise LevelError(f"{_shown(value)} is {_noun(type(value))}, not {_noun(kind)}{instead(value, kind)}")
    whole = isinstance(value, np.integer) or (numbers and isinstance(value, int) and not isinstance(value, bool))
    if whole and int(value) in set(kind):  # type: ignore[call-overload]
        return kind(int(value))  # type: ignore[call-overload]
    named = nearest(value.upper(), kind.__members__) if isinstance(value, str) else ""
    raise LevelError(f"no {kind.__name__.lower()} {value!r}{named}{_members(kind) if not named else ''}")


def as_amount(value: object, what: str) -> object:
    """`value`, which must not be a member of an enumeration: `Block.IRON` is no amount of iron."""
    if isinstance(value, Enum):
        raise LevelError(f"{what} is {_shown(value)}; it must be a number")
    return value


def as_switch(value: object, what: str) -> bool:
    """True or False, or 1 or 0 for them; LevelError for anything else: the word "no" would count as true."""
    if not isinstance(value, (bool, np.bool_, int, np.integer)) or isinstance(value, Enum) or value not in (0, 1):
        raise LevelError(f"{what} is {value!r}; it must be True or False")
    return bool(value)


def as_whole(value: object, what: str, least: int, most: int, means: str = "") -> int:
    """A whole number from `least` to `most`, or LevelError; `means` says what the numbers stand for."""
    as_amount(value, what)
    is_number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    number = float(value) if is_number else float("nan")  # type: ignore[arg-type]
    if not least <= number <= most or not number.is_integer():
        end = f" ({means})" if means else ""
        raise LevelError(f"{what} is {value!r}; it must be a whole number from {least} to {most}{end}")
    return int(number)


def _shown(value: Enum) -> str:
    return f"{type(value).__name__}.{value.name}"


def _noun(kind: type[Enum]) -> str:
    name = kind.__name__.lower()
    return f"{'an' if name[0] in 'aeio' else 'a'} {name}"


def _members(kind: type[IntEnum]) -> str:
    if kind is Floor:
        return "; floors are 0 (overworld) to 8, or Floor.DUNGEON and so on"
    if len(kind) > 10:
        return f"; use a member of {kind.__name__}"
    return f"; use {', '.join(f'{kind.__name__}.{name}' for name in kind.__members__)}"


def instead(value: Enum, kind: type[IntEnum]) -> str:
    """The call or member that does what was meant with a member of another enumeration."""
    if value.name in kind.__members__:
        return f"; write {kind.__name__}.{value.name}"
    if kind is Block and isinstance(value, Item):
        calls: dict[Item, str] = {
            Item.NONE: "an empty cell is open ground; write world.carve([position])",
            Item.TORCH: "write world.torch(position)",
            Item.LADDER_DOWN: "write world.move_ladder_down(position)",
            Item.LADDER_UP: "write world.move_ladder_up(position)",
            Item.LADDER_DOWN_BLOCKED: "a ladder is blocked until enough is killed; write world.set_kills(0)",
        }
        return f"; {calls[value]}" if value in calls else ""
    if kind is Block and isinstance(value, Mob):
        return f"; write world.spawn(Mob.{value.name}, at=position)"
    if kind is Mob and isinstance(value, (Block, Item)):
        return f"; write world.place({_shown(value)}, position)" if isinstance(value, Block) else ""
    if isinstance(value, Achievement):
        words = re.sub(r"^[A-Z]+_", "", value.name)
        meant = closest(words, kind.__members__)
        return f"; write {kind.__name__}.{meant}" if meant else ""
    if kind is Floor:
        return _members(kind)
    return ""
