"""What an author should write instead: hints made from the level's own words, never a goal of someone else's.

A model copies what a hint says to the letter, so a hint names the call, attribute or member that was
meant, and a goal only where the level itself says which.
"""

import inspect
import re
from enum import Enum

from dicode.errors import nearest
from dicode.games.craftax.levels.goal import Condition, Goal
from dicode.games.craftax.levels.names import Achievement, Block, Floor, Item, Mob


def homes() -> dict[str, str]:
    """Where each name of the level API lives: `time_of_day` -> `world.time_of_day`; the shortest place wins."""
    from dicode.games.craftax.levels.player import Inventory, Player
    from dicode.games.craftax.levels.world import World

    found = {name: f"world.player.inventory.{name}" for name in Inventory.NAMES}
    found |= {name: f"world.player.{name}" for name in _public(Player)}
    return found | {name: f"world.{name}" for name in _public(World)} | {"inventory": "world.player.inventory"}


def _public(owner: type) -> list[str]:
    return [name for name in dir(owner) if not name.startswith("_")]


_TOP = {
    "rules": "set RULES = Rules(...) at the top of the file",
    "goal": "set GOAL = Goal.all_of(...) at the top of the file",
}


def elsewhere(name: str) -> str:
    """The hint for a name that belongs to another object, empty for one that belongs to none."""
    home = homes().get(name)
    return f"write {home}" if home else _TOP.get(name, "")


def advice(error: BaseException) -> str:
    """What to do about an error that level code raised, empty where nothing better than its message is known."""
    if isinstance(error, AttributeError):
        return _attribute(error)
    if isinstance(error, TypeError):
        return _call(str(error))
    placed = re.match(r"the inventory has no '(\w+)'", str(error))
    return elsewhere(placed[1]) if placed and _settable(homes().get(placed[1], "")) else ""


def _attribute(error: AttributeError) -> str:
    owner, name = error.obj, str(error.name or "")
    if isinstance(owner, type) and issubclass(owner, Enum):
        others = [enum.__name__ for enum in (Block, Item, Mob, Floor, Achievement) if name in enum.__members__]
        if name.startswith("LADDER") and owner is Block:
            return "ladders are no blocks; write world.move_ladder_down(world.random_cell()) or world.open_ladder()"
        if others:
            return f"{owner.__name__} has no {name}; write {others[0]}.{name}"
        close = nearest(name.upper(), owner.__members__)
        members = "" if close or len(owner.__members__) > 40 else f"its members are {', '.join(owner.__members__)}"
        return f"{owner.__name__} has no {name}{close}{members and '; ' + members}"
    told = re.search(r"'(World|Player|Inventory)' object has no attribute '(\w+)'", str(error))
    if not told:
        return ""
    known = homes()
    # What is alike among the calls and attributes of the same object, else anywhere.
    own = [n for n, home in known.items() if home == f"world.{'' if told[1] == 'World' else 'player.'}{n}"]
    close = nearest(told[2], own) or nearest(told[2], known)
    return elsewhere(told[2]) or (f"there is no {told[2]}{close}" if close else "")


def corrected(line: str, said: str) -> str:
    """`line` as it should read, where what was said about it (message and hint) names a wrong word and the right one.

    Small models send a line back as it was when they are told only what is wrong with it. Empty where
    the correction isn't unambiguous.
    """
    line = line.strip()
    placed = re.search(r"player\.(\w+) cannot be set; write (world[\w.]+)", said) or re.search(
        r"'(?:World|Player)' object has no attribute '(\w+)'.* write (world[\w.]+)", said
    )
    if placed:
        if not _settable(placed[2]):
            return ""
        wrong, right = rf"\b[A-Za-z_][\w.]*\.{placed[1]}\b", placed[2]
    else:
        named = re.search(r"'?\b(\w+)'?; did you mean '(\w+)'\?", said)
        if not named:
            return ""
        wrong, right = rf"\b{named[1]}\b", named[2]
    return re.sub(wrong, right, line) if len(re.findall(wrong, line)) == 1 else ""


def _settable(home: str) -> bool:
    """Whether an attribute of the world or the player takes a value; the world's calls and arrays don't."""
    from dicode.games.craftax.levels.world import World

    member = vars(World).get(home.removeprefix("world."))
    return not callable(member) and not (isinstance(member, property) and member.fset is None)


def _call(message: str) -> str:
    """How a method of the level API is called, for a call with wrong arguments."""
    if re.match(r"'(Achievement|Condition)' object is not iterable", message):
        return "a goal is made by Goal.all_of(...)"
    told = re.match(r"(World|Inventory|Goal)\.(\w+)\(\) ", message)
    if not told:
        return ""
    from dicode.games.craftax.levels.player import Inventory
    from dicode.games.craftax.levels.world import World

    owner, called = {
        "World": (World, "world"),
        "Inventory": (Inventory, "world.player.inventory"),
        "Goal": (Goal, "Goal"),
    }[told[1]]
    method = getattr(owner, told[2], None)
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
