"""What an author should write instead of a member that an enumeration doesn't have, or of one without its enumeration."""

import re
from collections.abc import Iterable
from enum import Enum

from dicode.games.craftax.levels.counted import tier
from dicode.games.craftax.levels.creatures import CREATURES
from dicode.games.craftax.levels.homes import CLASSES
from dicode.games.craftax.levels.kinds import closest, instead, related, spelt
from dicode.games.craftax.levels.names import Achievement, Block, Floor, Item, Mob
from dicode.games.host import Advice


def held() -> tuple[str, ...]:
    """Everything that the player may hold."""
    names: tuple[str, ...] = vars(CLASSES["world.player.inventory"])["NAMES"]
    return names


def member(owner: type[Enum], name: str) -> Advice:
    """The hint for a member that an enumeration doesn't have."""
    wrong = rf"\b{owner.__name__}\.{re.escape(name)}\b"
    if name.startswith("LADDER") and owner is Block:
        return Advice("ladders are no blocks; write world.move_ladder_down(world.random_cell()) or world.open_ladder()")
    held = given(name) if owner in (Block, Item) else ""
    if name.removesuffix("S") in owner.__members__:
        held = ""
    others = [enum.__name__ for enum in (Block, Item, Mob, Floor, Achievement) if name in enum.__members__]
    if owner is Mob and others and f"DEFEAT_{name}" in Achievement.__members__:
        put = f"world.place({others[0]}.{name}, position)"
        return Advice(f"Mob has no {name}; {put} puts it, and Achievement.DEFEAT_{name} asks for its defeat")
    if held and (owner is Item or not others):
        return Advice(f"{owner.__name__} has no {name}; what the player holds is set by {held}")
    if owner is Block and name in Item.__members__:
        line = (rf"\bworld\.place\(\s*{wrong}\s*,\s*", "world.torch(") if name == "TORCH" else None
        return Advice(f"Block has no {name}{instead(Item[name], Block)}", line)
    if others:
        return Advice(f"{owner.__name__} has no {name}; write {others[0]}.{name}", (wrong, f"{others[0]}.{name}"))
    close = (_defeated(name) or _act(name)) if owner is Achievement else ""
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


_VERBS = {
    "KILL": ("DEFEAT", "EAT"),
    "DEFEAT": ("EAT",),
    "SLAY": ("DEFEAT",),
    "MINE": ("COLLECT",),
    "GATHER": ("COLLECT",),
    "GET": ("COLLECT",),
    "CHOP": ("COLLECT",),
    "HARVEST": ("COLLECT",),
    "DRINK": ("COLLECT",),
    "CRAFT": ("MAKE", "PLACE"),
    "MAKE": ("PLACE",),
    "BUILD": ("PLACE", "MAKE"),
    "COLLECT": ("FIND",),
    "FIND": ("COLLECT",),
    "SHOOT": ("FIRE",),
    "LOOT": ("OPEN",),
    "PLANT": ("PLACE",),
    "REACH": ("ENTER",),
    "VISIT": ("ENTER",),
}
"""Verbs of other games, with those of achievements."""
_NOUNS = {"WATER": "DRINK", "TREE": "WOOD", "LOG": "WOOD", "CRAFTING_TABLE": "TABLE", "SAPLING": "PLANT"}


def _act(name: str) -> str:
    """The achievement of the same thing by another word: `MAKE_TABLE`, `MINE_IRON`, `COLLECT_WATER`; empty for none."""
    verb, _, noun = name.partition("_")
    meant = [f"{act}_{thing}" for act in (verb, *_VERBS.get(verb, ())) for thing in (noun, _NOUNS.get(noun, noun))]
    return next((act for act in meant if act in Achievement.__members__), "")


def bare(name: str) -> Advice:
    """The hint for a member of an enumeration that stands there without it; nothing for any other name."""
    enums = (Achievement, Block, Mob, Floor)
    homes = [f"{enum.__name__}.{name.upper()}" for enum in enums if name.upper() in enum.__members__]
    if not homes:
        return Advice()
    line = (rf"(?<![\w.]){re.escape(name)}\b", homes[0]) if len(homes) == 1 else None
    return Advice(f"write {' or '.join(homes)}", line)


_COLOURS = ("RED", "GREEN", "BLUE", "PINK", "CYAN", "YELLOW")


def given(name: str) -> str:
    """The line that gives the player what a name such as `STONE_SWORD`, `red_potion` or `SAPLING` says, empty for no such thing."""
    first, _, last = spelt(name).upper().partition("_")
    if last in _COLOURS:
        first, last = last, first
    item = closest_exactly(last or first, held())
    if item == "potions" and first in _COLOURS:
        return f'world.player.inventory.potions["{first.lower()}"] = 1'
    return f"world.player.inventory.{item} = {tier(item, first.lower()) or 1}" if item else ""


def closest_exactly(name: str, choices: Iterable[str]) -> str:
    """The choice that is the name itself, but for its case and number."""
    word = spelt(name)
    return next((choice for choice in choices if choice in (word, f"{word}s", f"{word}es", word.removesuffix("s"))), "")
