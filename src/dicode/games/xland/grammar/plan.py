"""A level as a plan: goal, productions, what lies there, rooms. Read from a parent's verdict, printed as level code."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from dicode.errors import LevelError
from dicode.games.xland.levels.goal import Goal, chain_depth
from dicode.games.xland.levels.names import OBJECT_NAMES, SIZE, Colour, Thing, Tile
from dicode.games.xland.levels.rules import Rule, Rules
from dicode.games.xland.levels.tasks import Task
from dicode.types import Accepted, LevelRecord

GRIDS = ((7, 1, 1), (9, 1, 1), (9, 1, 2), (11, 2, 2), (13, 2, 2), (13, 3, 3))
"""(rows and columns, rooms down, rooms across), from small to large."""
DOORS = ("open", "closed", "locked", "hidden")
_HIDDEN = Thing(Tile.WALL, Colour.PURPLE)
_OPENS = Rule.near(_HIDDEN, Thing(Tile.DOOR_OPEN, Colour.PURPLE))


@dataclass(frozen=True)
class Plan:
    """What a level of the grammar is made of."""

    goal: Goal
    rules: tuple[Rule, ...]
    things: tuple[Thing, ...]
    grid: int = 0
    """Number in `GRIDS`."""
    door: str = "closed"
    """State of one door, where there are rooms; open and closed: of all of them."""
    near: bool = False
    """Things lie within a few steps of the player."""
    told: bool = True
    trials: int = 1
    move: str = "expand"

    @property
    def depth(self) -> int:
        """Productions in the chain that it needs."""
        return chain_depth(self.goal, self.rules)

    @property
    def needed(self) -> frozenset[Thing]:
        """Things that the goal is made of, at whatever remove."""
        found = set(self.goal.things)
        while True:
            more = {part for rule in self.rules if rule.product in found for part in rule.inputs} - found
            if not more:
                return frozenset(found)
            found |= more

    @property
    def distractions(self) -> tuple[Thing, ...]:
        """Things that lie there for nothing."""
        return tuple(what for what in self.things if what not in self.needed)

    def moved(self, move: str, **changes: object) -> "Plan":
        """The plan after a move."""
        return replace(self, move=move, **changes)  # type: ignore[arg-type]

    def fresh(self, rng: np.random.Generator) -> Thing:
        """An object that the plan has no use for yet."""
        used = {
            *self.things,
            *self.goal.things,
            *(part for rule in self.rules for part in (*rule.inputs, rule.product)),
        }
        free = [what for what in OBJECT_NAMES if what not in used]
        return free[int(rng.integers(len(free)))]


def lying(goal: Goal, rules: tuple[Rule, ...], things: tuple[Thing, ...]) -> tuple[Thing, ...]:
    """`things` and what else must lie there for the goal: what it needs and nothing makes, itself where rules run in a circle."""
    needed, made = Plan(goal, rules, things).needed, {rule.product for rule in rules}
    found = [*things, *(what for what in sorted(needed) if what not in made)]
    had = set(found)
    while more := {rule.product for rule in rules if rule.product and had.issuperset(rule.inputs)} - had:
        had |= more
    return tuple(dict.fromkeys([*found, *(what for what in goal.things if what not in had)]))


def of_task(task: Task, grid: int, near: bool) -> Plan:
    """A plan of one of the game's own tasks."""
    return Plan(task.goal, task.rules.productions, task.things, grid, near=near)


def read(record: LevelRecord) -> Plan | None:
    """The plan that a level, whoever wrote it, comes nearest to; None for one without a goal of its own.

    Goal and productions are those of its verdict; how large it is and how its doors are, its worlds' statistics say.
    """
    if not isinstance(record.verdict, Accepted):
        return None
    try:
        goal, rules = Goal.from_json(record.verdict.goal), Rules.from_json(record.verdict.rules)
    except LevelError:
        return None
    if goal.code is None or not goal.things or not all(what.is_object for what in goal.things):
        return None
    numbers = record.verdict.statistics
    kept = tuple(rule for rule in rules.productions if all(part.is_object for part in rule.inputs))
    made = {rule.product for rule in kept}
    inputs = tuple(part for rule in kept for part in rule.inputs if part not in made)
    doors = (
        "hidden"
        if numbers.get("doors.hidden", 0) >= 0.5
        else "locked"
        if numbers.get("doors.locked", 0) >= 0.5
        else "open"
        if numbers.get("doors.open", 0) > numbers.get("doors.closed", 0)
        else "closed"
    )
    return Plan(
        goal, kept, lying(goal, kept, inputs), _grid(numbers), doors, told=rules.told, trials=rules.trials, move=""
    )


def _grid(numbers: Mapping[str, float]) -> int:
    size = min(max(numbers.get("size.rows", 9.0), 0.0), float(SIZE))
    doors = sum(numbers.get(f"doors.{name}", 0.0) for name in ("closed", "locked", "open", "hidden"))
    counts = [down * (across - 1) + across * (down - 1) for _, down, across in GRIDS]
    far = [abs(size - rows) + abs(doors - count) for (rows, _, _), count in zip(GRIDS, counts, strict=True)]
    return int(np.argmin(far))


def objective(plan: Plan) -> str:
    """What the player must do, in a sentence."""
    chain = f", by a chain of {plan.depth} productions" if plan.depth else ""
    return f"{plan.goal}{chain}, by other names in every world"


def print_level(plan: Plan, why: str) -> str:
    """The plan as the text of a level."""
    size, down, across = GRIDS[plan.grid]
    rooms = down * across > 1
    rules = [*plan.rules, *([_OPENS] if rooms and plan.door == "hidden" else [])]
    untold = [*([] if plan.told else ["told=False"]), *([f"trials={plan.trials}"] if plan.trials != 1 else [])]
    names = ["Goal", *(["Rule", "Rules"] if rules else ["Rules"] if untold else []), "World"]
    lines = [f'"""Objective: {objective(plan)}.', f"Why: {why}", '"""', ""]
    lines += [f"from dicode.games.xland.levels import {', '.join(names)}"]
    lines += ["", f"GOAL = {goal_text(plan.goal)}", *_rules_text([*map(rule_text, rules), *untold]), "", ""]
    lines += ["def build(world: World) -> None:", f"    world.clear({size})"]
    if rooms:
        one = plan.door in ("locked", "hidden")
        state = ', state="open"' if plan.door == "open" else ""
        lines += [f"    {'doors = ' if one else ''}world.rooms({down}, {across}{state})"]
    near = ", distance=(1, 6)" if plan.near else ""
    lines += [f"    world.scatter({', '.join(map(_quoted, plan.things))}{near})"]
    if rooms and plan.door == "locked":
        key = plan_key(plan)
        lines += [
            "    at = doors[int(world.rng.integers(len(doors)))]",
            f'    world.door(at, colour="{key.colour.name.lower()}", state="locked")',
            f"    world.put({_quoted(key)}, distance=(1, 30))",
        ]
    if rooms and plan.door == "hidden":
        lines += [
            "    at = doors[int(world.rng.integers(len(doors)))]",
            '    world.door(at, colour="purple", state="hidden")',
        ]
    return "\n".join([*lines, "    world.rename()"]) + "\n"


def plan_key(plan: Plan) -> Thing:
    """A key that no production knows, so that it stays what it is."""
    used = {*plan.things, *plan.goal.things, *(part for rule in plan.rules for part in (*rule.inputs, rule.product))}
    return next(what for what in OBJECT_NAMES if what.tile is Tile.KEY and what not in used)


def goal_text(goal: Goal) -> str:
    """The goal as code."""
    parts = [*map(_quoted, goal.things), *([f"at={goal.at}"] if goal.at else [])]
    return f"Goal.{goal.kind}({', '.join([*parts, *_side(goal.side)])})"


def rule_text(rule: Rule) -> str:
    """A production as code."""
    makes = [f"makes={_quoted(rule.product)}"] if rule.product else []
    return f"Rule.{rule.kind}({', '.join([*map(_quoted, rule.inputs), *makes, *_side(rule.side)])})"


def _side(side: object) -> list[str]:
    return [] if side is None else [f'side="{side.name.lower()}"']  # type: ignore[attr-defined]


def _rules_text(parts: list[str]) -> list[str]:
    return ["RULES = Rules(", *(f"    {part}," for part in parts), ")"] if parts else []


def _quoted(what: Thing | None) -> str:
    return f'"{what}"'
