"""How to write a goal: from what stands in its place, and from what the level says of itself."""

import re

from dicode.games.craftax.levels.goal import QUANTITIES, Condition, Goal
from dicode.games.craftax.levels.kinds import closest
from dicode.games.craftax.levels.names import Achievement, Floor, Mob
from dicode.games.host import Advice

_MAKERS = {
    "kill": "defeat",
    "kills": "defeat",
    "slay": "defeat",
    "have": "hold",
    "has": "hold",
    "holds": "hold",
    "inventory": "hold",
    "get": "hold",
    "gather": "collect",
    "mine": "collect",
    "reach": "reach_floor",
    "enter": "reach_floor",
    "floor": "reach_floor",
    "visit": "reach_floor",
    "descend": "reach_floor",
    "achieve": "all_of",
    "achievement": "all_of",
    "achievements": "all_of",
    "both": "all_of",
    "quantity": "at_least",
    "minimum": "at_least",
    "eat": "defeat",
    "stay_alive": "survive",
    "build": "place",
}
_BESIDE = {
    "reach": " No goal asks for a cell; a success hook can",
    "eat": " A plant is eaten for Goal.all_of(Achievement.EAT_PLANT)",
}
"""What else may be meant by a maker that there isn't."""
_ANY = (
    "a goal is a conjunction, it has no 'or': ask for one of the parts with Goal.all_of(...), or for what they have in "
    "common; where hooks are allowed, write def success(state): return (state.inventory.iron >= 1) | "
    "(state.inventory.coal >= 3)"
)


def joined(operator: str) -> str:
    """How parts of a goal are joined that are written with an operator between them."""
    return _ANY if operator == "|" else f"a goal of several parts is Goal.all_of(a, b), not a {operator} b"


def maker(name: str) -> Advice:
    """The hint for a maker of goals that there isn't."""
    if name in ("any_of", "one_of", "either", "any", "or_"):
        return Advice(_ANY)
    made = (kind for kind, how in vars(Goal).items() if isinstance(how, (staticmethod, classmethod)))
    makers = sorted(kind for kind in made if kind != "from_json")
    verb, _, what = name.partition("_")
    close = _MAKERS.get(name) or closest(name, makers) or _MAKERS.get(verb, "")
    asked = kind_asked(close, what)
    if asked:
        return Advice(f"write {asked}")
    if not close:
        return Advice(f"a goal is made by {', '.join(f'Goal.{kind}' for kind in makers)}")
    return Advice(
        f"there is no Goal.{name}; did you mean {close!r}?{_BESIDE.get(name, '')}",
        (rf"\bGoal\.{re.escape(name)}\b{_argument(close)}", f"Goal.{close}"),
    )


def _argument(made: str) -> str:
    """What follows where a maker takes a member of an enumeration, as a regular expression: another goal is meant for all else."""
    kind = {"defeat": Mob, "reach_floor": Floor}.get(made)
    return rf"(?=\(\s*({kind.__name__}\.|['\"](?i:{'|'.join(kind.__members__)})['\"]))" if kind else ""


def kind_asked(made: str, what: str) -> str:
    """The goal that a name such as `collect_wood` or `kill_zombies` says with the kind in it; empty where it has none."""
    mob = what.upper().removesuffix("S")
    if made == "defeat" and mob in Mob.__members__:
        return f"Goal.defeat(Mob.{mob}, 1)"
    family = {"collect": "collected", "hold": "inventory", "place": "placed"}.get(made, "")
    return f'Goal.{made}("{what}", 1)' if f"{family}.{what}" in QUANTITIES else ""


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
