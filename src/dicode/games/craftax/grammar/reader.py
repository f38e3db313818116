"""From level code back to a plan: exact for the grammar's own levels, best effort for anybody else's.

Reads the syntax tree; nothing is executed. Loops, searches and own arrays of a hand-written level are
not understood, its goal, start floor, equipment, rules and straight helper calls are.
"""

import ast
import re
from collections.abc import Iterator

from dicode.games import start
from dicode.games.craftax.grammar.mechanics import HOOK_NAMES, MECHANICS
from dicode.games.craftax.grammar.plan import Crowd, Help, Near, Plan, Site
from dicode.games.craftax.levels.creatures import CREATURES
from dicode.games.craftax.levels.goal import as_goal
from dicode.games.craftax.levels.techtree import ENTER, GETS, PICKAXES, SWORDS
from dicode.levels import Achievement, Block, Floor, Goal, LevelError, Mob
from dicode.syntax import assigned, tree_of

_ENUMS = {"Achievement": Achievement, "Block": Block, "Floor": Floor, "Mob": Mob}
_LARGE = 1e9
_ODD = (ArithmeticError, LookupError, TypeError, ValueError)
_GOAL_HELPERS = ("all_of", "at_least", "survive", "reach_floor", "hold", "defeat", "collect", "place")


def plan_of(source: str) -> Plan:
    """The plan behind a level's source; a source that cannot be read gives a plan without a goal."""
    try:
        tree = tree_of(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Plan(())
    goal = _goal(tree)
    plan = Plan(tuple(sorted(goal.achievements)), dict(goal.minimum), rules=_rules(tree))
    builder = next((n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "build"), None)
    for statement in _statements(builder):
        try:
            plan = _applied(plan, statement)
        except _ODD:  # what a plan can't say of a level that may be right all the same
            continue
    plan = plan.changed(start=start.named(source))
    said = _said(ast.get_docstring(tree) or "")
    help_ = _help(plan, builder) if said is None else said
    return plan.changed(help=help_, guessed=said is None, **_mechanic(tree))


def asked_of(plan: Plan) -> tuple[Achievement, ...]:
    """The achievements that a plan is about: those of its goal, else those behind its quantities."""
    if plan.achievements:
        return plan.achievements
    found = {_behind(name, value) for name, value in plan.minimum.items()}
    return tuple(sorted(achievement for achievement in found if achievement is not None))


def _behind(quantity: str, least: float) -> Achievement | None:
    """The achievement that the first bit of a quantity earns; None for vitals and survival."""
    family, _, kind = quantity.partition(".")
    tier = max(1, int(least))
    if family == "kills":
        return CREATURES[Mob[kind.upper()]].achievement
    if family == "floor":
        return ENTER.get(Floor(int(least)))
    if kind in ("pickaxe", "sword"):
        return (PICKAXES if kind == "pickaxe" else SWORDS)[tier - 1]
    if family == "placed":
        return Achievement[f"PLACE_{kind.upper()}"]
    single = {"drunk": Achievement.COLLECT_DRINK, "eaten": Achievement.EAT_COW}
    return GETS[kind] if kind in GETS else single.get(family)


def _goal(tree: ast.Module) -> Goal:
    try:
        found = as_goal(_value(assigned(tree).get("GOAL")))
        return Goal() if found is None else found
    except (LevelError, *_ODD):
        return Goal()


def _rules(tree: ast.Module) -> dict[str, float]:
    call = assigned(tree).get("RULES")
    if not isinstance(call, ast.Call):
        return {}
    numbers = {keyword.arg: _value(keyword.value) for keyword in call.keywords if keyword.arg}
    return {
        name: float(value) for name, value in numbers.items() if isinstance(value, (int, float)) and abs(value) < _LARGE
    }


def _value(node: ast.expr | None) -> object:
    """A constant, an enum's member, a tuple of those, or a goal; None for anything else."""
    if node is None:
        return None
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        number = _value(node.operand)
        return -number if isinstance(number, (int, float)) else None
    if isinstance(node, ast.Tuple):
        return tuple(_value(element) for element in node.elts)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in _ENUMS:
        return _ENUMS[node.value.id].__members__.get(node.attr)
    if isinstance(node, ast.Call) and _path(node.func).startswith("Goal."):
        return _goal_call(node)
    return None


def _goal_call(node: ast.Call) -> object:
    helper = _path(node.func).removeprefix("Goal.")
    if helper not in _GOAL_HELPERS:
        return None
    arguments = [_value(argument) for argument in node.args]
    named = {keyword.arg: _value(keyword.value) for keyword in node.keywords if keyword.arg}
    try:
        return getattr(Goal, helper)(*arguments, **named)
    except (LevelError, *_ODD):
        return None


def _path(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_path(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def _statements(function: ast.FunctionDef | None) -> Iterator[ast.stmt]:
    """Every simple statement of a function, those inside of loops and branches too."""
    for node in ast.walk(function) if function else ():
        if isinstance(node, (ast.Assign, ast.Expr, ast.For)):
            yield node


def _applied(plan: Plan, statement: ast.stmt) -> Plan:
    if isinstance(statement, ast.Assign):
        return _assignment(plan, _plain(_path(statement.targets[0])), _value(statement.value), statement.value)
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        return _call(plan, _plain(_path(statement.value.func)), statement.value)
    if isinstance(statement, ast.For) and isinstance(statement.iter, ast.Call) and len(statement.body) == 1:
        return _repeated(plan, statement.iter, statement.body[0])
    return plan


def _repeated(plan: Plan, times: ast.Call, body: ast.stmt) -> Plan:
    """`for _ in range(n): world.ripe_plant(world.random_cell((a, b)))`: the only loop that is understood."""
    count = _value(times.args[0]) if _path(times.func) == "range" and len(times.args) == 1 else None
    call = body.value if isinstance(body, ast.Expr) else None
    if not isinstance(count, int) or not isinstance(call, ast.Call) or not _path(call.func).endswith(".ripe_plant"):
        return plan
    inner = call.args[0] if call.args else None
    reach = _reach(_value(inner.args[0])) if isinstance(inner, ast.Call) and inner.args else None
    return plan.changed(blocks=(*plan.blocks, Near(Block.RIPE_PLANT, count, *reach))) if reach else plan


def _plain(path: str) -> str:
    """`world.player.x`, also where the level calls the player by a shorter name."""
    return f"world.{path}" if path.startswith(("player.", "inventory.")) else path.replace("?.", "world.")


def _assignment(plan: Plan, path: str, value: object, node: ast.expr) -> Plan:
    field = path.removeprefix("world.player.")
    if path == "world.player.floor" and isinstance(value, (int, Floor)):
        return plan.changed(floor=Floor(int(value)))
    if path == "world.time_of_day" and isinstance(value, (int, float)):
        return plan.changed(time_of_day=float(value))
    if path == "start" and isinstance(node, ast.Call) and _near_ladder(node):
        reach = _reach(_value(node.args[0])) if node.args else None
        return plan.changed(ladder=reach) if reach else plan
    if path in ("far", "widest") and (drawn := _drawn(node)):
        low, high = drawn
        return plan.changed(ladder=(low - 1, high - 1)) if path == "far" else plan.changed(yard=high - 1)
    if field.startswith("inventory.") and isinstance(value, int):
        return plan.changed(kit={**plan.kit, field.removeprefix("inventory."): int(value)})
    if path.startswith("world.player.") and isinstance(value, (int, float, str, bool)) and "." not in field:
        return plan.changed(player={**plan.player, field: value})
    return plan


def _drawn(node: ast.expr) -> tuple[int, int] | None:
    """The two bounds of `int(world.rng.integers(low, high))`."""
    call = node.args[0] if isinstance(node, ast.Call) and _path(node.func) == "int" and node.args else None
    if not isinstance(call, ast.Call) or _path(call.func) != "world.rng.integers":
        return None
    return _reach(tuple(_value(argument) for argument in call.args))


def _near_ladder(node: ast.Call) -> bool:
    return any(k.arg == "near" and isinstance(k.value, ast.Name) and k.value.id == "ladder" for k in node.keywords)


def _call(plan: Plan, path: str, call: ast.Call) -> Plan:
    first = _value(call.args[0]) if call.args else None
    named = {keyword.arg: _value(keyword.value) for keyword in call.keywords if keyword.arg}
    name = path.rpartition(".")[2]
    if name == "set" and "inventory" in path:
        return plan.changed(kit={**plan.kit, **{k: v for k, v in named.items() if isinstance(v, int)}})
    if name == "set" and first == "boss_progress":
        hits = _value(call.args[1])
        return plan.changed(boss_hits=hits) if isinstance(hits, int) else plan
    if name == "set_kills" and isinstance(first, int):
        return plan.changed(kills=first)
    if name == "open_ladder":
        return plan.changed(kills=8)
    if name == "light_up":
        return plan.changed(lit=True)
    if name == "clear" and isinstance(first, int) and "near" not in named:
        return plan.changed(site=Site.CLEARING, radius=first)
    if name == "room" and len(call.args) == 4 and isinstance(_value(call.args[2]), int):
        return plan.changed(site=Site.ARENA, radius=int(_value(call.args[2])) // 2)  # type: ignore[call-overload]
    return _placed(plan, name, first, named, call)


def _placed(plan: Plan, name: str, first: object, named: dict[str, object], call: ast.Call) -> Plan:
    count = named.get("count", 1)
    if len(call.args) > 1 and isinstance(_value(call.args[1]), int):
        count = _value(call.args[1])
    low, high = _reach(named.get("distance")) or (2, 6)
    if not isinstance(count, int):
        return plan
    if name == "scatter" and isinstance(first, Block):
        return plan.changed(blocks=(*plan.blocks, Near(first, count, low, high)))
    if name == "spawn" and isinstance(first, Mob):
        return plan.changed(mobs=(*plan.mobs, Crowd(first, count, low, high)))
    return plan


def _reach(value: object) -> tuple[int, int] | None:
    """A pair of whole numbers, or None."""
    if isinstance(value, tuple) and len(value) == 2 and all(isinstance(number, int) for number in value):
        return value
    return None


def _said(doc: str) -> Help | None:
    """What the docstring says of the help."""
    said = re.search(r"^Help: (\w+)", doc, re.M)
    return Help.__members__.get(said.group(1).upper()) if said else None


def _help(plan: Plan, builder: ast.FunctionDef | None) -> Help:
    """A guess from what the level places and gives."""
    if builder is None or not builder.body:
        return Help.GAME
    farthest = [spot.high for spot in plan.blocks] + [crowd.high for crowd in plan.mobs]
    if farthest:
        return Help.HANDED if min(farthest) <= 3 else Help.NEAR if min(farthest) <= 6 else Help.TOOLS
    return Help.TOOLS if plan.kit else Help.BARE


def _mechanic(tree: ast.Module) -> dict[str, object]:
    """The mechanic whose hooks' docstring begins as the level's do; its numbers are not read back."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name in HOOK_NAMES:
            title = (ast.get_docstring(node) or "").partition(":")[0]
            for name, mechanic in MECHANICS.items():
                if title and f'"""{title}:' in mechanic.source:
                    return {"mechanic": name}
    return {}
