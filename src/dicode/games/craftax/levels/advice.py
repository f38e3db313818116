"""What an author should write instead: hints made from the level's own words, never a goal of someone else's.

A model copies what a hint says to the letter, so a hint names the call, attribute or member that was
meant, and a goal only where the level itself says which.
"""

import inspect
import re
from collections.abc import Iterable
from enum import Enum

from dicode.errors import LevelError
from dicode.games.craftax.levels.creatures import CREATURES
from dicode.games.craftax.levels.goal import Condition, Goal
from dicode.games.craftax.levels.homes import CLASSES
from dicode.games.craftax.levels.kinds import closest, related
from dicode.games.craftax.levels.names import MAP_SIZE, Achievement, Block, Floor, Item, Mob
from dicode.games.host import Advice

Instead = tuple[str, str]


def homes() -> dict[str, str]:
    """Where each name of the level API lives: `time_of_day` -> `world.time_of_day`; the shortest place wins."""
    found = {name: f"world.player.inventory.{name}" for name in held()}
    found |= {name: f"world.player.{name}" for name in _public(CLASSES["world.player"])}
    found |= {name: f"world.{name}" for name in _public(CLASSES["world"])}
    return found | {"inventory": "world.player.inventory"}


def held() -> tuple[str, ...]:
    """Everything that the player may hold."""
    names: tuple[str, ...] = vars(CLASSES["world.player.inventory"])["NAMES"]
    return names


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


def moved(name: str) -> Instead | None:
    """The correction of a line that sets `name` on the wrong object; None where its home can't be set."""
    home = homes().get(name, "")
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
    if isinstance(error, AttributeError):
        return _attribute(error.obj, str(error.name or ""))
    if isinstance(error, NameError):
        return _bare(str(error.name or ""))
    if isinstance(error, TypeError):
        return Advice(_call(str(error)))
    return Advice(_index(str(error))) if isinstance(error, IndexError) else Advice()


def _attribute(owner: object, name: str) -> Advice:
    if isinstance(owner, type) and issubclass(owner, Enum):
        return _member(owner, name)
    if owner is Goal:
        return _goal_maker(name)
    kind = type(owner)
    if kind is tuple and name in ("row", "column", "x", "y"):
        return Advice("a position is a pair: position[0] is the row, position[1] the column")
    place = next((place for place, known in CLASSES.items() if known is kind), "")
    return meant(f"{place}.", name) if place else Advice()


def meant(owner: str, name: str) -> Advice:
    """What is meant by a name that `owner` (`world.` or `world.player.`) doesn't have."""
    known = homes()
    if name in known or name in _TOP:
        return Advice(elsewhere(name), moved(name))
    if name in _SIZES:
        return Advice(f"a map has {MAP_SIZE} rows and as many columns, 0 to {MAP_SIZE - 1}")
    # Among the calls and attributes of the same object first, then anywhere; `place_chest` means the chest.
    own = [other for other, home in known.items() if home == f"{owner}{other}"]
    words = [_CALLS.get(name) or _VERB.sub("", name), re.sub("^(place|spawn)_", "", name)]
    found = [(word, close) for word in words for close in (closest(word, own) or closest(word, known),) if close]
    word, close = found[0] if found else ("", "")
    if not close or (close in _WEAK and word != close):
        several = related(words[-1], own)
        return Advice(f"there is no {name}; there is {', '.join(several)}" if 0 < len(several) <= 4 else "")
    home = known[close]
    if close in own:
        return Advice(f"there is no {name}; did you mean {close!r}?", _swapped(rf"\b{re.escape(name)}\b", close, home))
    return Advice(f"there is no {name}; write {home}", _swapped(rf"\b[A-Za-z_][\w.]*\.{re.escape(name)}\b", home, home))


def _swapped(wrong: str, right: str, home: str) -> Instead:
    """A correction for lines that call what can be called, and don't call what can't."""
    is_call = callable(vars(CLASSES["world"]).get(home.removeprefix("world.")))
    return f"{wrong}{r'(?=[ ]*[(])' if is_call else r'(?![ ]*[(])'}", right


_SIZES = frozenset({"height", "width", "size", "shape", "map_size", "map_shape", "num_rows", "num_columns"})
_VERB = re.compile(r"^(get|set|add|create|make|put|build|draw|generate)_(?=\w)")
_CALLS = {
    "put": "place",
    "set_block": "place",
    "put_block": "place",
    "add_block": "place",
    "add_mob": "spawn",
    "add_mobs": "spawn",
    "spawn_at": "spawn",
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
    "player_position": "position",
    "place_sapling": "plant",
    "place_plant": "plant",
    "spawn_chest": "chest",
    "location": "position",
    "level": "floor",
}
"""Calls and attributes of other libraries, with ours."""
_WEAK = frozenset({"set", "clear", "mobs", "arrays", "most"})
"""Names so general that only the very word means them."""


def _member(owner: type[Enum], name: str) -> Advice:
    """The hint for a member that an enumeration doesn't have."""
    wrong = rf"\b{owner.__name__}\.{re.escape(name)}\b"
    if name.startswith("LADDER") and owner is Block:
        return Advice("ladders are no blocks; write world.move_ladder_down(world.random_cell()) or world.open_ladder()")
    held = _held(name) if owner in (Block, Item) else ""
    if name.removesuffix("S") in owner.__members__:
        held = ""
    others = [enum.__name__ for enum in (Block, Item, Mob, Floor, Achievement) if name in enum.__members__]
    if held and (owner is Item or not others):
        return Advice(f"{owner.__name__} has no {name}; what the player holds is set by {held}")
    if others:
        return Advice(f"{owner.__name__} has no {name}; write {others[0]}.{name}", (wrong, f"{others[0]}.{name}"))
    close = _defeated(name) if owner is Achievement else ""
    close = close or closest(name, owner.__members__)
    if close:
        right = f"{owner.__name__}.{close}"
        return Advice(f"{owner.__name__} has no {name}; did you mean {close!r}?", (wrong, right))
    several = related(name, owner.__members__)
    if 0 < len(several) <= 6:
        return Advice(f"{owner.__name__} has no {name}; there is {', '.join(several)}")
    members = "" if len(owner.__members__) > 40 else f"; its members are {', '.join(owner.__members__)}"
    return Advice(f"{owner.__name__} has no {name}{members}")


def _defeated(name: str) -> str:
    """The achievement of defeating the creature that a name such as `DEFEAT_KNIGHT_ARCHER` ends in; empty for none."""
    verb, _, creature = name.partition("_")
    made = CREATURES[Mob[creature]].achievement if verb in ("DEFEAT", "KILL") and creature in Mob.__members__ else None
    return made.name if made is not None else ""


def _bare(name: str) -> Advice:
    """The hint for a member of an enumeration that stands there without it; nothing for any other name."""
    enums = (Achievement, Block, Mob, Floor)
    homes = [f"{enum.__name__}.{name.upper()}" for enum in enums if name.upper() in enum.__members__]
    if not homes:
        return Advice()
    line = (rf"(?<![\w.]){re.escape(name)}\b", homes[0]) if len(homes) == 1 else None
    return Advice(f"write {' or '.join(homes)}", line)


_TIERS = ("WOOD", "STONE", "IRON", "DIAMOND")


def _held(name: str) -> str:
    """The line that gives the player what a name such as `STONE_SWORD` or `SAPLING` says, empty for no such thing."""
    first, _, last = name.partition("_")
    item = closest_exactly(last or first, held())
    if item in ("pickaxe", "sword"):
        return f"world.player.inventory.{item} = {_TIERS.index(first) + 1 if first in _TIERS else 1}"
    return f"world.player.inventory.{item} = 1" if item else ""


def closest_exactly(name: str, choices: Iterable[str]) -> str:
    """The choice that is the name itself, but for its case and number."""
    word = name.lower()
    return next((choice for choice in choices if choice in (word, f"{word}s", word.removesuffix("s"))), "")


_MAKERS = {
    "kill": "defeat",
    "kills": "defeat",
    "have": "hold",
    "holds": "hold",
    "inventory": "hold",
    "get": "hold",
    "gather": "collect",
    "mine": "collect",
    "reach": "reach_floor",
    "enter": "reach_floor",
    "floor": "reach_floor",
    "achieve": "all_of",
    "achievement": "all_of",
    "achievements": "all_of",
    "both": "all_of",
    "quantity": "at_least",
    "minimum": "at_least",
    "stay_alive": "survive",
    "build": "place",
}
_ANY = (
    "a goal is a conjunction, it has no 'or': ask for one of the parts with Goal.all_of(...), or for what they have in "
    "common; where hooks are allowed, write def success(state): return (state.inventory.iron >= 1) | "
    "(state.inventory.coal >= 3)"
)


def _goal_maker(name: str) -> Advice:
    if name in ("any_of", "one_of", "either", "any", "or_"):
        return Advice(_ANY)
    makers = [maker for maker in _public(Goal) if isinstance(vars(Goal).get(maker), (staticmethod, classmethod))]
    close = _MAKERS.get(name) or closest(name, [maker for maker in makers if maker != "from_json"])
    if not close:
        return Advice(f"a goal is made by {', '.join(f'Goal.{maker}' for maker in makers if maker != 'from_json')}")
    return Advice(
        f"there is no Goal.{name}; did you mean {close!r}?", (rf"\bGoal\.{re.escape(name)}\b", f"Goal.{close}")
    )


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


def goal_hint(value: object, said: str = "") -> str:
    """How to write GOAL, from what stands there (`value`) or from what the level says of itself (`said`)."""
    parts = value if isinstance(value, (list, tuple, set, frozenset)) else [value]
    if parts and all(isinstance(part, (Achievement, Condition)) for part in parts):
        return f"write GOAL = Goal.all_of({', '.join(map(_part, parts))})"
    named = asked_in(f"{value} {said}" if isinstance(value, str) else said)
    if named:
        return f"write GOAL = Goal.all_of({', '.join(map(_part, named))})"
    return "write GOAL = Goal.all_of(...) at the top of the file, with the Achievement or quantity that the Objective names"


def _part(part: object) -> str:
    if isinstance(part, Achievement):
        return f"Achievement.{part.name}"
    return f"Goal.at_least({part.quantity!r}, {part.minimum:g})" if isinstance(part, Condition) else "..."


def asked_in(text: str, most: int = 2) -> list[Achievement]:
    """Achievements that a text names, as `COLLECT_WOOD` or in words (`collect some wood`), first named first."""
    words = re.sub(r"[^a-z]+", " ", text.lower())
    found = []
    for achievement in Achievement:
        verb, *rest = achievement.name.lower().split("_")
        pattern = rf"\b{verb}s? (?:(?:a|an|the|some|one|its|\w+ed) )?{' '.join(rest)}s?\b" if rest else rf"\b{verb}\b"
        match = re.search(pattern, words)
        if match:
            found.append((match.start(), achievement))
    return [achievement for _, achievement in sorted(found)][:most]
