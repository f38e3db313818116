"""What is meant by a part of a goal that there is by another name: `collect("water")`, `hold("iron_sword")`, `at_least("wood", 3)`."""

import re
from collections.abc import Iterable

from dicode.games.craftax.levels.counted import tier
from dicode.games.craftax.levels.names import VITALS, Mob

_YIELDS = {
    "tree": "wood",
    "fire_tree": "wood",
    "ice_shrub": "wood",
    "log": "wood",
    "stalagmite": "stone",
    "grass": "sapling",
    "plant": "sapling",
}
"""Blocks, with what they give."""
_DRINKS, _MEALS = ("drink", "drinks", "water", "fountain"), ("food", "meal", "meals")
_HELD = ("arrows", "torches", "potions", "books", "pickaxe", "sword", "bow", "armour")
_STANDS = {"crafting_table": "table", "table": "table", "furnace": "furnace"}


def kind_hint(family: str, name: str, count: object) -> str:
    """How to ask for a kind that a family of quantities doesn't have; empty where that isn't clear."""
    many = f"{count:g}" if isinstance(count, (int, float)) else "1"
    mob = name.upper().removesuffix("S")
    if family != "placed" and mob in Mob.__members__:
        return f"write Goal.defeat(Mob.{mob}, {many})"
    if family == "collected":
        return _collected(name, many)
    if family == "inventory":
        return _held(name, many)
    return f'write Goal.place("plant", {many})' if name == "sapling" else ""


def _collected(name: str, many: str) -> str:
    if name in _DRINKS:
        return f'write Goal.at_least("drunk", {many}), or Achievement.COLLECT_DRINK'
    if name in _MEALS:
        return f'write Goal.at_least("eaten", {many})'
    if name in _YIELDS:
        return f'write Goal.collect("{_YIELDS[name]}", {many})'
    return f'write Goal.hold("{name}", {many})' if name in _HELD else ""


def _held(name: str, many: str) -> str:
    material, _, tool = name.replace("armor", "armour").rpartition("_")
    if number := tier(tool, material):
        return f'write Goal.hold("{tool}", {number})'
    if name == "water" or name in VITALS:
        return f'write Goal.at_least("{name if name in VITALS else "drink"}", {many})'
    if name in _STANDS:
        return f'write Goal.place("{_STANDS[name]}", {many})'
    return f'write Goal.hold("{_YIELDS[name]}", {many})' if name in _YIELDS else ""


_FAMILIES = {
    "collect": "collected",
    "gather": "collected",
    "mine": "collected",
    "hold": "inventory",
    "have": "inventory",
    "place": "placed",
    "kill": "kills",
    "defeat": "kills",
    "defeated": "kills",
    "killed": "kills",
}


def quantity_hint(name: str, known: Iterable[str]) -> str:
    """The quantities that a name without its family means: `wood`, `wood_collected`, `kill_zombie`; empty for none."""
    names, text = set(known), re.sub(r"[. ]", "_", name.lower())
    first, _, rest = text.partition("_")
    start, _, last = text.rpartition("_")
    for word, thing in ((first, rest), (last, start)):
        family = word if f"{word}.{thing}" in names else _FAMILIES.get(word, "")
        found = next(
            (f"{family}.{kind}" for kind in (thing, thing.removesuffix("s")) if f"{family}.{kind}" in names), ""
        )
        if found:
            return f"write {found!r}"
    kinds = [f"{family}.{text}" for family in ("inventory", "collected", "kills", "placed")]
    meant = [kind for kind in kinds if kind in names]
    told = {"inventory": "what is held", "collected": "what is gathered in the episode", "kills": "who is defeated"}
    parts = [f"{kind!r} ({told.get(kind.partition('.')[0], 'what is placed')})" for kind in meant]
    return f"write {' or '.join(parts)}" if parts else ""
