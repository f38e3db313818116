"""What an author should write instead: the call that was meant, and how it is called."""

import inspect
import re
from collections.abc import Iterable
from difflib import get_close_matches

import numpy as np

from dicode.errors import LevelError
from dicode.games.host import Advice
from dicode.games.written import READ_ONLY
from dicode.games.xland.levels.goal import Goal
from dicode.games.xland.levels.names import SIZE
from dicode.games.xland.levels.rules import Rule, Rules
from dicode.games.xland.levels.schema import FIELDS
from dicode.games.xland.levels.world import World

_OWNERS: dict[str, type] = {"World": World, "Goal": Goal, "Rule": Rule, "Rules": Rules}
_MAKERS = {
    "Goal": ("hold", "near", "together", "on", "place", "reach", "task"),
    "Rule": ("together", "near", "hold"),
}
_MEANT = {
    "World": {
        "place": "put", "spawn": "put", "add": "put", "set": "put", "add_object": "put", "put_object": "put",
        "scatter_objects": "scatter", "height": "rows", "width": "columns", "size": "rows", "agent": "player",
        "set_player": "player", "place_player": "player", "get": "at", "cell": "at", "random_position": "random_cell",
        "random_free_cell": "random_cell", "empty_cells": "free_cells", "free": "free_cells", "reset": "clear",
        "max_steps": "steps", "add_door": "door", "add_wall": "wall", "delete": "remove",
    },
    "Goal": {
        "pick_up": "hold", "pickup": "hold", "get": "hold", "have": "hold", "step_on": "on", "stand_on": "on",
        "beside": "together", "adjacent": "together", "combine": "together", "put": "place", "approach": "near",
        "go_to": "near", "touch": "near", "stand": "reach", "position": "reach", "move_to": "reach", "solve": "task",
        "make": "hold", "create": "hold", "craft": "hold", "collect": "hold",
    },
    "Rule": {
        "combine": "together", "merge": "together", "beside": "together", "adjacent": "together", "pick_up": "hold",
        "pickup": "hold", "approach": "near", "touch": "near", "walk_up": "near",
    },
}  # fmt: skip
"""Names of other games and libraries, with ours."""
_ARRAYS = {
    "grid": "grid",
    "board": "grid",
    "map": "grid",
    "tiles": "grid",
    "pocket": "pocket",
    "direction": "direction",
}
_ONE = "a level has one goal: GOAL = Goal.together(...) or another; make the rest of what is wanted a production that it needs"


def advice(error: BaseException) -> Advice:
    """What to do about an error that level code raised."""
    if type(error) is LevelError:
        return Advice(error.hint, error.instead)
    if isinstance(error, ValueError | TypeError) and "read-only" in str(error):
        return Advice(READ_ONLY)
    if isinstance(error, AttributeError):
        return _attribute(error.obj, str(error.name or ""), str(error))
    if isinstance(error, TypeError):
        return Advice(_call(str(error)))
    if isinstance(error, KeyError):
        named = error.args and isinstance(error.args[0], str) and error.args[0] not in FIELDS
        return Advice(f"world.arrays has {', '.join(_shown())}") if named else Advice()
    return Advice(_index(str(error))) if isinstance(error, IndexError) else Advice()


def _attribute(owner: object, name: str, message: str) -> Advice:
    if isinstance(owner, np.random.Generator):
        return Advice(
            "world.rng is a generator of NumPy: write world.rng.integers(low, high), .random() or .choice(values)"
        )
    unset = re.search(
        r"'World' object has no attribute '(\w+)'|property '(\w+)' of 'World' object has no setter", message
    )
    if unset and not name:
        return _named("World", unset[1]) if unset[1] and unset[1] not in _ARRAYS else _unset(unset[1] or unset[2])
    kind = owner.__name__ if isinstance(owner, type) else type(owner).__name__
    fixed = re.search(r"'World' object attribute '(\w+)' is read-only", message)
    if fixed or "'method' object has no attribute" in message:
        return Advice(f"world's methods are called, not set; {form('World', fixed[1] if fixed else 'player')}")
    if _OWNERS.get(kind) not in (owner, type(owner)):
        return Advice()
    if kind == "World" and name in _ARRAYS:
        return _unset(name)
    if kind == "Goal" and name in ("all_of", "any_of", "both", "one_of"):
        return Advice(_ONE)
    return _named(kind, name)


_SET = {
    "position": "call world.player(at=(row, column))",
    "rows": "call world.clear(rows, columns)",
    "columns": "call world.clear(rows, columns)",
    "direction": "call world.player(at=(row, column), facing='up')",
    "pocket": "call world.player(at=(row, column), holds='red key')",
}
"""How what cannot be assigned to is set."""


def _unset(name: str) -> Advice:
    """How an array, or what is only read, is set."""
    into = "world.arrays['grid'][row, column] = tile, colour"
    return Advice(_SET.get(name) or f"write {into}, or world.put('red ball', at=(row, column))")


def _named(kind: str, name: str) -> Advice:
    """What is meant by a name that a class of the level API doesn't have."""
    known = _MAKERS.get(kind) or [each for each in dir(_OWNERS[kind]) if not each.startswith("_")]
    # A line is corrected by it, unless it is one of the many names of the world.
    close = _MEANT.get(kind, {}).get(name) or _closest(name, known, 0.5 if kind == "World" else 0.75)
    where = "world" if kind == "World" else kind
    if not close:
        return Advice(f"{where} has {', '.join(f'{where}.{each}' for each in known)}")
    wrong = rf"\b{where}\.{re.escape(name)}\b"
    return Advice(
        f"there is no {where}.{name}; {form(kind, close)}", (wrong, f"{where}.{close}") if kind != "World" else None
    )


def _closest(name: str, known: Iterable[str], alike: float) -> str:
    return next(iter(get_close_matches(name.lower(), known, n=1, cutoff=alike)), "")


def form(kind: str, name: str) -> str:
    """How a method is called, or a value read: `call it as world.put(what, at=None, distance=None)`."""
    owner, where = _OWNERS[kind], "world" if kind == "World" else kind
    member = owner if name == "__init__" else getattr(owner, name, None)
    if isinstance(member, property) or member is None:
        return f"write {where}.{name}"
    parameters = [p for p in inspect.signature(member).parameters.values() if p.name not in ("self", "cls")]
    signature = inspect.Signature([p.replace(annotation=p.empty) for p in parameters])
    called = kind if name == "__init__" else f"{where}.{name}"
    return f"call it as {called}{signature}{_meaning(parameters)}"


_WORDS = {
    "at": "at=(row, column)",
    "distance": "distance=(fewest, most) steps from the player, such as (2, 6)",
    "side": "side='up'",
    "holds": "holds='red key'",
}


def _meaning(parameters: Iterable[inspect.Parameter]) -> str:
    """What the less plain ones of some parameters look like."""
    said = [_WORDS[p.name] for p in parameters if p.name in _WORDS]
    return f", with {', '.join(said)}" if said else ""


def _call(message: str) -> str:
    """How a call with wrong arguments is made."""
    told = re.match(r"(World|Goal|Rules|Rule)\.(\w+)\(\) ", message)
    if not told:
        return ""
    if told[1] == "World" and told[2] == "__init__":
        return "make none: build is given the world; edit that one in place and return nothing"
    return form(told[1], told[2])


def _index(message: str) -> str:
    """What an index out of bounds should have been."""
    if f"with size {SIZE}" in message:
        return f"rows and columns of world.arrays['grid'] are 0 to {SIZE - 1}"
    return "the list is shorter than that" if "list index" in message else ""


def _shown() -> list[str]:
    return [name for name in FIELDS if not name.startswith("start_")]
