"""The plan behind a level's text, without running it: what the grammar prints, and what is written like it."""

import ast
from collections.abc import Iterator
from typing import Any

from dicode.errors import LevelError
from dicode.games.xland.grammar.plan import GRIDS, Plan, lying
from dicode.games.xland.levels.goal import Goal
from dicode.games.xland.levels.names import Thing, thing
from dicode.games.xland.levels.rules import Rule, Rules
from dicode.syntax import assigned, tree_of

_GOALS = ("hold", "on", "near", "together", "place", "reach")
_RULES = ("hold", "near", "together")


def plan_of(source: str) -> Plan | None:
    """The plan that a level's text comes nearest to; None for one that cannot be read or has no goal about objects."""
    try:
        tree = tree_of(source)
        given = assigned(tree)
        goal, rules = _goal(given.get("GOAL")), _rules(given.get("RULES"))
        things, size, rooms, door, near = _built(tree)
    except (
        SyntaxError,
        ValueError,
        TypeError,
        ArithmeticError,
        LookupError,
        AttributeError,
        RecursionError,
        MemoryError,
        LevelError,
    ):
        return None
    if goal is None or not goal.things or not all(what.is_object for what in goal.things):
        return None
    productions = tuple(rule for rule in rules.productions if all(part.is_object for part in rule.inputs))
    far = [abs(rows - size) + 2 * (abs(down - rooms[0]) + abs(across - rooms[1])) for rows, down, across in GRIDS]
    grid = far.index(min(far))
    things = lying(goal, productions, things)
    return Plan(goal, productions, things, grid, door, near, rules.told, rules.trials, move="")


def _goal(node: ast.expr | None) -> Goal | None:
    made = _made(node, "Goal", _GOALS, Goal)
    return made if isinstance(made, Goal) else None


def _rules(node: ast.expr | None) -> Rules:
    if not isinstance(node, ast.Call):
        return Rules()
    given = [_made(part, "Rule", _RULES, Rule) for part in node.args]
    return Rules(*[rule for rule in given if isinstance(rule, Rule)], **_keywords(node))


def _made(node: ast.expr | None, owner: str, kinds: tuple[str, ...], maker: type) -> object:
    """What a call such as `Goal.near("red ball")` makes; None for any other expression."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in kinds:
        return None
    if not isinstance(node.func.value, ast.Name) or node.func.value.id != owner:
        return None
    made: object = getattr(maker, node.func.attr)(*map(ast.literal_eval, node.args), **_keywords(node))
    return made


def _keywords(node: ast.Call) -> dict[str, Any]:
    return {word.arg: ast.literal_eval(word.value) for word in node.keywords if word.arg is not None}


def _built(tree: ast.Module) -> tuple[tuple[Thing, ...], int, tuple[int, int], str, bool]:
    """What `build` says: things, rows of the grid, rooms, state of one door, whether things lie near."""
    things: list[Thing] = []
    size, rooms, door, near = 9, (1, 1), "closed", False
    for name, args, words in _calls(tree):
        if name == "clear" and args:
            size = int(args[0])
        elif name == "rooms" and len(args) == 2:
            rooms = int(args[0]), int(args[1])
            door = "open" if words.get("state") == "open" else door
        elif name == "door":
            door = words.get("state", door) if words.get("state") in ("locked", "hidden") else door
        elif name == "scatter":
            things += [thing(what) for what in args]
            near = near or words.get("distance", (0, 99))[1] <= _NEAR
    return tuple(things), size, rooms, str(door), near


_NEAR = 8


def _calls(tree: ast.Module) -> Iterator[tuple[str, list[Any], dict[str, Any]]]:
    """Name, arguments and keywords of each call `world.name(...)`, those that are no literals left out."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if isinstance(node.func.value, ast.Name) and node.func.value.id == "world":
            args = [part for part in map(_literal, node.args) if part is not None]
            words = {word.arg: _literal(word.value) for word in node.keywords if word.arg}
            yield node.func.attr, args, {name: value for name, value in words.items() if value is not None}


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):
        return None
