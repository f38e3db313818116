"""What an author should write instead: hints made from the level's own words, never a goal of someone else's.

A model copies what a hint says to the letter, so a hint names the call, attribute or member that was
meant, and a goal only where the level itself says which.
"""

import inspect
import re
from collections.abc import Iterable
from enum import Enum

import numpy as np

from dicode.errors import LevelError
from dicode.games.craftax.levels.goal import Goal
from dicode.games.craftax.levels.goal_hints import joined, maker
from dicode.games.craftax.levels.homes import CLASSES
from dicode.games.craftax.levels.kinds import closest, leaves_out, likeness, related
from dicode.games.craftax.levels.member_hints import bare, closest_exactly, given, held, member
from dicode.games.craftax.levels.names import MAP_SIZE, Block, Floor, Mob
from dicode.games.host import Advice
from dicode.games.written import READ_ONLY

Instead = tuple[str, str]


_DRAWS = {
    "randint": ("integers(low, high), high excluded", r"\.randint\b", ".integers"),
    "randrange": ("integers(low, high), high excluded", r"\.randrange\b", ".integers"),
    "random_integers": ("integers(low, high, endpoint=True)", "", ""),
    "rand": ("random(), from 0 to below 1; of a size, random(size)", r"\.rand(?=\(\))", ".random"),
    "random_sample": ("random(), from 0 to below 1", r"\.random_sample\b", ".random"),
    "uniform_int": ("integers(low, high), high excluded", "", ""),
    "randn": ("standard_normal(size)", r"\.randn(?=\(\w*\))", ".standard_normal"),
    "gauss": ("normal(mean, deviation)", r"\.gauss\b", ".normal"),
    "sample": ("choice(values, size=count, replace=False)", "", ""),
    "choices": ("choice(values, size=count)", "", ""),
}
"""Draws of other libraries, with those of `world.rng` and the correction of a line where it is only a name."""


def _drawn(name: str) -> Advice:
    """The hint for a draw that NumPy's generators don't have."""
    right, wrong, swapped = _DRAWS.get(name, ("integers, .random, .choice, .permutation or .shuffle", "", ""))
    return Advice(f"world.rng is a generator of NumPy: write world.rng.{right}", (wrong, swapped) if wrong else None)


def homes() -> dict[str, str]:
    """Where each name of the level API lives: `time_of_day` -> `world.time_of_day`; the shortest place wins."""
    found = {name: f"world.player.inventory.{name}" for name in held()}
    found |= {name: f"world.player.{name}" for name in _public(CLASSES["world.player"])}
    found |= {name: f"world.{name}" for name in _public(CLASSES["world"])}
    return found | {"inventory": "world.player.inventory"}


def _public(owner: type) -> list[str]:
    return [name for name in dir(owner) if not name.startswith("_")]


_TOP = {
    "rules": "set RULES = Rules(...) at the top of the file",
    "goal": "set GOAL = Goal.all_of(...) at the top of the file",
}


def elsewhere(name: str, only_settable: bool = False) -> str:
    """The hint for a name that belongs to another object, empty for one that belongs to none (or can't be set)."""
    home = homes().get(name, "")
    if only_settable and not settable(home):
        return ""
    return f"write {home}" if home else _TOP.get(name, "")


def moved(name: str, right: str) -> Instead | None:
    """The correction of a line that sets `name`, rightly `right`, on the wrong object; None where that can't be set."""
    home = homes().get(right, "")
    return _swapped(rf"\b[A-Za-z_][\w.]*\.{name}\b", home, home) if settable(home) else None


def misspelt(name: str, known: Iterable[str]) -> Instead | None:
    """The correction of a misspelt name, None where no known one is close."""
    close = closest(name, known)
    return (rf"\b{re.escape(name)}\b", close) if close else None


def standing(name: str) -> str:
    """The hint for a block that is taken for something to hold, empty for what is no block."""
    block = closest(name, Block.__members__)
    put = f"world.scatter(Block.{block}, count=1, distance=(1, 3))"
    return f"a {block.lower().replace('_', ' ')} stands on the map: write {put}" if block else ""


def unset(name: str) -> str:
    """What to write instead of setting a name on the world."""
    member = vars(CLASSES["world"]).get(name)
    if name == "player":
        return "set what is in it, for example world.player.position = (row, column)"
    if isinstance(member, property):
        return f"write into it: world.{name}[floor][row, column] = ..."
    if member is not None:
        return f"call it: world.{name}(...)"
    return meant("world.", name).hint


def advice(error: BaseException) -> Advice:
    """What to do about an error that level code raised."""
    if type(error) is LevelError:
        return Advice(error.hint, error.instead)
    if isinstance(error, ValueError | TypeError) and "read-only" in str(error):
        return Advice(READ_ONLY)
    if isinstance(error, AttributeError):
        return _attribute(error.obj, str(error.name or ""))
    if isinstance(error, NameError):
        return bare(str(error.name or ""))
    if isinstance(error, TypeError):
        return Advice(_call(str(error)))
    return Advice(_index(str(error))) if isinstance(error, IndexError) else Advice()


def _attribute(owner: object, name: str) -> Advice:
    if isinstance(owner, type) and issubclass(owner, Enum):
        return member(owner, name)
    if owner is Goal:
        return maker(name)
    if isinstance(owner, np.random.Generator):
        return _drawn(name)
    kind = type(owner)
    if kind is tuple and name in ("row", "column", "x", "y"):
        return Advice("a position is a pair: position[0] is the row, position[1] the column")
    place = next((place for place, known in CLASSES.items() if known is kind), "")
    return meant(f"{place}.", name) if place else Advice()


def meant(owner: str, name: str) -> Advice:
    """What is meant by a name that `owner` (`world.` or `world.player.`) doesn't have."""
    known = homes()
    # What a player is said to have is held, whatever else has that name.
    item = closest_exactly(name, held()) if owner == "world.player." else ""
    if item or name in known or name in _TOP:
        return Advice(elsewhere(item or name), moved(name, item or name))
    if name in _SIZES:
        return Advice(f"a map has {MAP_SIZE} rows and as many columns, 0 to {MAP_SIZE - 1}")
    own = [other for other, home in known.items() if home == f"{owner}{other}"]
    said = _said(owner, name, own)
    if said:
        return Advice(f"there is no {name}; {said}")
    words = _words(name)
    likely = [(word, close) for word in words for close in (_likeliest(word, own, known),) if close]
    word, close = likely[0] if likely else ("", "")
    if not close or (close in _WEAK and word != close):
        several = related(words[-1], own)
        return Advice(f"there is no {name}; there is {', '.join(several)}" if 0 < len(several) <= 6 else "")
    home = known[close]
    found = f"did you mean {close!r}?" if close in own else f"write {home}"
    # A part of a name is what it says of something else as often as not: `remove` blocks, and `remove_mobs`.
    if leaves_out(word, close) or leaves_out(close, word):
        return Advice(f"there is no {name}; {found}")
    wrong = rf"\b{re.escape(name)}\b" if close in own else rf"\b[A-Za-z_][\w.]*\.{re.escape(name)}\b"
    return Advice(f"there is no {name}; {found}", _swapped(wrong, close if close in own else home, home))


def _likeliest(word: str, own: Iterable[str], known: Iterable[str]) -> str:
    """What a word is most like, of the calls and attributes of the same object first; empty where none is clear."""
    return max(closest(word, own), closest(word, known), key=lambda close: likeness(word, close))


def _said(owner: str, name: str, own: Iterable[str]) -> str:
    """What to write for a name that says what is held, taken away or put, and no more; empty for any other."""
    if owner == "world.player.":
        return f"write {given(name)}" if given(name) else ""
    return _TAKES_AWAY if _TAKEN.fullmatch(name) else _put(name, own)


def _words(name: str) -> list[str]:
    """What a name of a call or attribute may mean, the likeliest first: `place_chest` a chest, `player_pos` a position."""
    verbless = _VERB.sub("", name)
    called = _CALLS.get(name) or _CALLS.get(name.removesuffix("s"))
    words = [called or verbless, re.sub("^(place|spawn)_", "", name)]
    if not called and verbless.startswith("player_"):
        part = verbless.removeprefix("player_")
        words.insert(0, _CALLS.get(part) or part)
    return words


def _put(name: str, own: Iterable[str]) -> str:
    """The call that puts what a name such as `place_water` or `spawn_zombie` says; empty where the name says no such thing."""
    found = re.fullmatch(rf"{_PUTS}_(\w+)", name)
    noun = found[2] if found else ""
    if noun in own:
        return ""
    for kind, call in ((Mob, "world.spawn(Mob.{}, count=1)"), (Block, "world.place(Block.{}, position)")):
        named = closest_exactly("crafting_table" if noun == "table" else noun, map(str.lower, kind.__members__))
        if named:
            return f"write {call.format(named.upper())}"
    return ""


def _swapped(wrong: str, right: str, home: str) -> Instead:
    """A correction for lines that call what can be called, and don't call what can't."""
    is_call = callable(vars(CLASSES["world"]).get(home.removeprefix("world.")))
    return f"{wrong}{r'(?=[ ]*[(])' if is_call else r'(?![ ]*[(])'}", right


_SIZES = frozenset({"height", "width", "size", "shape", "map_size", "map_shape", "num_rows", "num_columns"})
_VERB = re.compile(r"^(get|set|is|add|create|make|put|build|draw|generate)_(?=\w)")
_TAKEN = re.compile(
    r"(remove|delete|erase|destroy)(_(blocks?|cells?|objects?|tiles?|trees?))?|clear_(blocks?|cells?|tiles?)"
)
_TAKES_AWAY = (
    "world.remove_mobs(mob) takes creatures away, world.carve([position]) leaves open ground where a block was"
)
_PUTS = "(place|spawn|add|put|create|make|set|build|generate)"
_CALLS = {
    "put": "place",
    "set_block": "place",
    "put_block": "place",
    "add_block": "place",
    "place_block": "place",
    "spawn_mob": "spawn",
    "fill_rect": "fill",
    "find_all": "find",
    "enchant_sword": "sword_enchantment",
    "enchant_bow": "bow_enchantment",
    "add_mob": "spawn",
    "spawn_at": "spawn",
    "place_mob": "spawn",
    "put_mob": "spawn",
    "spawn_monster": "spawn",
    "add_monster": "spawn",
    "place_monster": "spawn",
    "spawn_creature": "spawn",
    "add_creature": "spawn",
    "spawn_enemy": "spawn",
    "add_enemy": "spawn",
    "place_ladder_down": "move_ladder_down",
    "add_ladder_down": "move_ladder_down",
    "set_ladder_down": "move_ladder_down",
    "place_ladder_up": "move_ladder_up",
    "add_ladder_up": "move_ladder_up",
    "set_ladder_up": "move_ladder_up",
    "create_mob": "spawn",
    "clear_mobs": "remove_mobs",
    "kill_mobs": "remove_mobs",
    "set_mob": "spawn",
    "path": "distance_map",
    "distance": "distance_map",
    "dig": "carve",
    "find_nearest": "nearest",
    "find_cell": "random_cell",
    "find_free_cell": "random_cell",
    "random_position": "random_cell",
    "random_free_cell": "random_cell",
    "hp": "health",
    "thirst": "drink",
    "hunger": "food",
    "direction": "facing",
    "pos": "position",
    "spawn_player": "position",
    "place_player": "position",
    "move_player": "position",
    "teleport_player": "position",
    "place_sapling": "plant",
    "place_plant": "plant",
    "spawn_chest": "chest",
    "location": "position",
    "level": "floor",
    "random": "rng",
}
"""Calls and attributes of other libraries, with ours."""
_WEAK = frozenset({"set", "clear", "mobs", "arrays", "most"})
"""Names so general that only the very word means them."""


def _index(message: str) -> str:
    """What an index out of bounds, or one of another kind, should have been."""
    found = re.search(r"with size (\d+)", message)
    if found is not None:
        size = int(found[1])
        of = {MAP_SIZE: "rows and columns are", len(Floor): "floors are"}.get(size, "indices here are")
        return f"{of} 0 to {size - 1}"
    if message.startswith("only integers, slices"):
        return "index arrays with numbers: world.blocks[floor][row, column]"
    return "the list is shorter than that; helpers return only the cells that they chose" if "list" in message else ""


def settable(home: str) -> bool:
    """Whether a place of the level API takes a value; the calls and arrays of the world don't."""
    owner, _, name = home.rpartition(".")
    if owner != "world":
        return bool(home)
    member = vars(CLASSES["world"]).get(name)
    return member is not None and not callable(member) and not (isinstance(member, property) and member.fset is None)


def _call(message: str) -> str:
    """How a method of the level API is called, for a call with wrong arguments."""
    if re.match(r"'(Achievement|Condition)' object is not iterable", message):
        return "a goal is made by Goal.all_of(...)"
    joins = re.match(r"unsupported operand type\(s\) for ([&|+]): '(Goal|Condition|Achievement)'", message)
    if joins:
        return joined(joins[1])
    if re.match(r"(World|Player|Inventory)\.__init__\(\) ", message):
        return "make none: build is given the world; edit that one in place and return nothing"
    told = re.match(r"(World|Inventory|Goal)\.(\w+)\(\) ", message)
    if not told:
        return ""
    called = {"World": "world", "Inventory": "world.player.inventory", "Goal": "Goal"}[told[1]]
    method = getattr(CLASSES.get(called, Goal), told[2], None)
    if not callable(method):
        return ""
    parameters = list(inspect.signature(method).parameters.values())
    shown = [p for p in parameters if p.name not in ("self", "cls")]
    plain = (p.replace(annotation=p.empty) for p in shown)
    return f"call it as {called}.{told[2]}{inspect.Signature(list(plain))}"
