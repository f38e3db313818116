"""Goals: what a level asks for is one of the package's goals.

Goal.hold("red key")                 pick it up
Goal.near("blue ball")               step up to it
Goal.together("red key", "blue ball")   put one beside the other
Goal.on("green goal tile")           step onto it
Goal.place("red key", at=(1, 1))     lying in that cell
Goal.reach((1, 1))                   standing in that cell
Goal.task()                          whatever the world itself asks for, as on the target
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from dicode.errors import LevelError, nearest
from dicode.games.xland.levels.names import (
    FLOOR,
    SIZE,
    WALKABLE,
    WALL,
    Side,
    Thing,
    an_object,
    as_side,
    from_code,
    thing,
    whole,
)

if TYPE_CHECKING:
    from dicode.games.xland.levels.rules import Rule

ACHIEVEMENTS = (
    "PICK_UP",
    "PUT_DOWN",
    "OPEN_DOOR",
    "UNLOCK_DOOR",
    "MAKE_ONE",
    "MAKE_TWO",
    "MAKE_THREE",
    "SOLVE_DEPTH_0",
    "SOLVE_DEPTH_1",
    "SOLVE_DEPTH_2",
    "SOLVE_DEPTH_3",
)
"""What an episode can achieve, in the order of the state's array: skills, then tasks solved, by the length of the chain of
productions that they need. They are for telling what the agent can do; no goal asks for them."""
QUANTITIES = ("solved",)
CODE_LENGTH = 5
"""Bytes of a goal: its kind, then two things, or a thing and a cell, or a cell."""
MAX_DEPTH = 3
"""Chains of more productions count as this deep."""
_NUMBERS = {"hold": 1, "on": 2, "near": 3, "together": 4, "place": 5, "reach": 6}
_TOGETHER_UP, _NEAR_UP = 7, 11
OF_TWO_THINGS = (_NUMBERS["together"], *range(_TOGETHER_UP, _TOGETHER_UP + len(Side)))
OF_NO_THING = (0, _NUMBERS["reach"])
"""Numbers of the package's kinds of goals."""
_THINGS = {"task": 0, "hold": 1, "on": 1, "near": 1, "together": 2, "place": 1, "reach": 0}


@dataclass(frozen=True)
class Goal:
    """What a level asks for; made by the functions of its kinds. `Goal()` asks for nothing."""

    kind: str = ""
    things: tuple[Thing, ...] = ()
    side: Side | None = None
    at: tuple[int, int] | None = None

    @classmethod
    def hold(cls, what: object) -> "Goal":
        """Pick the object up, or something that turns into it in hand."""
        return cls("hold", (an_object(what),))

    @classmethod
    def on(cls, what: object) -> "Goal":
        """Step onto a goal tile or into an open door."""
        found = thing(what)
        if found.tile not in WALKABLE:
            raise LevelError(f"nobody can stand on the {found}; ask for a goal tile or an open door")
        if found == FLOOR:
            raise LevelError(
                "plain floor is everywhere; a goal on it asks for nothing: ask for a goal tile, or Goal.reach"
            )
        return cls("on", (found,))

    @classmethod
    def near(cls, what: object, side: object = None) -> "Goal":
        """Step up to the thing; `side` asks that it lies on that side of the player."""
        found = thing(what)
        if found in (WALL, FLOOR):
            raise LevelError(f"the {found} is everywhere; a goal near it asks for nothing")
        return cls("near", (found,), as_side(side))

    @classmethod
    def together(cls, first: object, second: object, side: object = None) -> "Goal":
        """Put one of the objects down beside the other; `side` asks that the second lies on that side of the first."""
        return cls("together", (an_object(first), an_object(second)), as_side(side))

    @classmethod
    def place(cls, what: object, at: object) -> "Goal":
        """The object lies in the cell (row, column)."""
        return cls("place", (an_object(what),), at=_cell(at))

    @classmethod
    def reach(cls, at: object) -> "Goal":
        """The player stands in the cell (row, column)."""
        return cls("reach", at=_cell(at))

    @classmethod
    def task(cls) -> "Goal":
        """Solve the task that the world comes with, as on the target."""
        return cls("task")

    def __bool__(self) -> bool:
        """Refused: `a and b` of two goals would be the second alone."""
        raise LevelError(
            "a goal is neither true nor false",
            hint="a level asks for one goal, without 'and' and 'or'; what comes before it may be a production of Rules",
        )

    @property
    def is_empty(self) -> bool:
        """Nothing is asked for."""
        return not self.kind

    @property
    def code(self) -> np.ndarray | None:
        """The package's encoding, uint8[5]; None where the world's own task stands."""
        if self.kind == "task":
            return None
        code = np.zeros(CODE_LENGTH, np.uint8)
        if self.kind in _NUMBERS:
            number = _NUMBERS[self.kind]
            if self.side is not None:
                number = (_NEAR_UP if self.kind == "near" else _TOGETHER_UP) + self.side
            flat = [number, *(part for each in self.things for part in each.code), *(self.at or ())]
            code[: len(flat)] = flat
        return code

    @classmethod
    def from_code(cls, code: Sequence[int]) -> "Goal":
        """The inverse of `code`; `Goal()` for zeros. Raises LevelError for what encodes no goal."""
        number = int(code[0])
        kinds = {value: kind for kind, value in _NUMBERS.items()}
        kinds |= {_TOGETHER_UP + side: "together" for side in Side} | {_NEAR_UP + side: "near" for side in Side}
        if not any(code):
            return cls()
        if number not in kinds:
            raise LevelError(f"no kind of goal has the number {number}")
        where = Side((number - _TOGETHER_UP) % len(Side)) if number >= _TOGETHER_UP else None
        goal = _made(kinds[number], [int(part) for part in code[1:]], where)
        if goal.code is None or goal.code.tolist() != [int(part) for part in code]:
            raise LevelError(f"{list(code)} encodes no goal")
        return goal

    def renamed(self, name: Callable[[Thing], Thing]) -> "Goal":
        """The same goal about other things."""
        return replace(self, things=tuple(map(name, self.things)))

    def to_arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """(achievements bool[A], none of them asked; minimum float32[1] of the one quantity `solved`)."""
        return np.zeros(len(ACHIEVEMENTS), bool), np.array([0.0 if self.is_empty else 1.0], np.float32)

    def to_json(self) -> dict[str, object]:
        """Plain values that `from_json` reads."""
        return {
            "kind": self.kind,
            "things": [str(each) for each in self.things],
            "side": None if self.side is None else self.side.name.lower(),
            "at": None if self.at is None else list(self.at),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> "Goal":
        """The inverse of `to_json`; raises LevelError for anything else."""
        if not isinstance(data, Mapping) or set(data) != {"kind", "things", "side", "at"}:
            raise LevelError("a goal is {'kind': ..., 'things': [...], 'side': ..., 'at': ...}")
        kind, things = data["kind"], data["things"]
        if kind == "":
            return cls()
        if not isinstance(kind, str) or kind not in _THINGS:
            raise LevelError(f"a goal's kind is {str(kind)[:40]!r}{nearest(str(kind)[:40], _THINGS)}")
        if not isinstance(things, list) or len(things) != _THINGS[kind]:
            raise LevelError(f"a goal of kind {kind} has {_THINGS[kind]} things")
        goal = _from_parts(kind, things, data["side"], data["at"])
        if goal.to_json() != dict(data):
            raise LevelError(f"a goal of kind {kind} has parts that it cannot have")
        return goal

    def __str__(self) -> str:
        where = "" if self.side is None else f" ({self.side.name.lower()})"
        words = {
            "": "nothing",
            "task": "solve the world's own task",
            "hold": "hold the {}",
            "on": "step onto the {}",
            "near": "walk up to the {}",
            "together": "put the {} and the {} together",
            "place": "put the {} into cell {at}",
            "reach": "walk to cell {at}",
        }
        return words[self.kind].format(*self.things, at=self.at) + where


def as_goal(value: object) -> Goal | None:
    """The goal that `GOAL = value` means, None where that isn't clear."""
    if not isinstance(value, Goal):
        return None
    try:
        return value if Goal.from_json(value.to_json()) == value else None
    except (LevelError, AttributeError, TypeError):
        return None  # made by hand, not by one of the functions


def chain_depth(goal: Goal, rules: "Sequence[Rule]") -> int:
    """Productions in the longest chain that the goal needs if none of what is made lies there already, at most 3."""
    makers: dict[Thing, list[Rule]] = {}
    for rule in rules:
        if rule.product is not None:
            makers.setdefault(rule.product, []).append(rule)

    def depth(what: Thing, above: frozenset[Thing]) -> int:
        found = [
            1 + max(depth(part, above | {what}) for part in rule.inputs)
            for rule in makers.get(what, [])
            if not above & set(rule.inputs) and what not in rule.inputs
        ]
        return min(found, default=0)

    return min(MAX_DEPTH, max((depth(each, frozenset()) for each in goal.things), default=0))


def _made(kind: str, rest: list[int], where: Side | None) -> Goal:
    try:
        if kind == "reach":
            return Goal.reach((rest[0], rest[1]))
        first = from_code(rest[0], rest[1])
        if kind == "together":
            return Goal.together(first, from_code(rest[2], rest[3]), where)
        if kind == "place":
            return Goal.place(first, (rest[2], rest[3]))
        return Goal.near(first, where) if kind == "near" else Goal.hold(first) if kind == "hold" else Goal.on(first)
    except ValueError:
        raise LevelError(f"{rest} encodes no goal") from None


def _from_parts(kind: str, things: list[object], where: object, at: object) -> Goal:
    if kind == "task":
        return Goal.task()
    if kind == "reach":
        return Goal.reach(at)
    if kind == "place":
        return Goal.place(things[0], at)
    if kind in ("near", "together"):
        return getattr(Goal, kind)(*things, side=where)  # type: ignore[no-any-return]
    return getattr(Goal, kind)(*things)  # type: ignore[no-any-return]


def _cell(value: object) -> tuple[int, int]:
    if isinstance(value, (list, tuple)) and len(value) == 2:
        row, column = value
        if whole(row, 1, SIZE - 2) and whole(column, 1, SIZE - 2):
            return int(row), int(column)
    raise LevelError(f"a cell is (row, column), each from 1 to {SIZE - 2}; {str(value)[:60]} is not")
