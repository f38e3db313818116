"""What a level asks for, as data: achievements and minimum quantities, all true at one step.

`QUANTITIES` fixes the order of the vector that the environment computes every step; a goal is a set
of achievements and a minimum for some of those quantities. Nothing here runs inside the game.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from dicode.errors import LevelError
from dicode.games.craftax.levels.counted import COLLECTABLES, PLACEABLES
from dicode.games.craftax.levels.kinds import as_amount, as_member, closest, nearest
from dicode.games.craftax.levels.names import NUM_ACHIEVEMENTS, Achievement, Floor, Mob
from dicode.games.craftax.levels.quantity_hints import kind_hint, quantity_hint


@dataclass(frozen=True)
class Quantity:
    """One number that a goal can put a minimum on; `high` is the largest minimum that makes sense."""

    name: str
    high: float
    sentence: str


def _inventory() -> list[Quantity]:
    counted = ["wood", "stone", "coal", "iron", "diamond", "sapphire", "ruby", "sapling", "arrows", "torches"]
    stacks = [Quantity(f"inventory.{name}", 99, f"{name} held") for name in counted]
    return [
        *stacks,
        Quantity("inventory.potions", 99, "potions held, all colours together"),
        Quantity("inventory.books", 99, "unread books held"),
        Quantity("inventory.pickaxe", 4, "pickaxe: 1 wood, 2 stone, 3 iron, 4 diamond"),
        Quantity("inventory.sword", 4, "sword: 1 wood, 2 stone, 3 iron, 4 diamond"),
        Quantity("inventory.bow", 1, "a bow"),
        Quantity("inventory.armour", 8, "armour: 1 for each iron piece, 2 for each diamond piece, of four pieces"),
    ]


def _vitals() -> list[Quantity]:
    return [
        Quantity("health", 17, "health now (9 at the start of the game)"),
        Quantity("food", 20, "food now"),
        Quantity("drink", 20, "drink now"),
        Quantity("energy", 20, "energy now"),
        Quantity("mana", 30, "mana now"),
    ]


def _counters() -> list[Quantity]:
    killed = [Quantity(f"kills.{mob.name.lower()}", 100, f"{mob.name.lower()} defeated this episode") for mob in Mob]
    collected = [Quantity(f"collected.{kind}", 1000, f"{kind} collected this episode") for kind in COLLECTABLES]
    placed = [Quantity(f"placed.{kind}", 1000, f"{kind} placed this episode") for kind in PLACEABLES]
    return [
        *killed,
        *collected,
        *placed,
        Quantity("eaten", 1000, "meals eaten this episode (mobs and ripe plants)"),
        Quantity("drunk", 1000, "sips of water taken this episode"),
        Quantity("damage_taken", 1000, "health lost this episode to mobs and projectiles"),
    ]


QUANTITY_TABLE: tuple[Quantity, ...] = (
    Quantity("survive", 100_000, "steps since the episode began"),
    Quantity("floor", max(Floor), "floor the player stands on, 0 overworld to 8 graveyard"),
    *_vitals(),
    *_inventory(),
    *_counters(),
)
"""Every quantity with its sentence, in the order of the environment's vector."""

QUANTITIES: tuple[str, ...] = tuple(quantity.name for quantity in QUANTITY_TABLE)
"""Names of the quantities; position in this tuple is position in `Goal.to_arrays()[1]`."""

NUM_QUANTITIES = len(QUANTITIES)
QUANTITY_INDEX: dict[str, int] = {name: index for index, name in enumerate(QUANTITIES)}
_HIGH = {quantity.name: quantity.high for quantity in QUANTITY_TABLE}


@dataclass(frozen=True)
class Condition:
    """`quantity >= minimum`; made by `Goal.at_least` and its shorthands."""

    quantity: str
    minimum: float

    def __post_init__(self) -> None:
        if self.quantity not in QUANTITY_INDEX:
            family, _, kind = str(self.quantity).partition(".")
            hint = quantity_hint(str(self.quantity), QUANTITIES) or (
                "" if closest(str(self.quantity), QUANTITIES) else kind_hint(family, kind, self.minimum)
            )
            raise LevelError(
                f"no quantity is called {self.quantity!r}{'' if hint else nearest(str(self.quantity), QUANTITIES)} "
                f"(a goal can ask for {_families()})",
                hint=hint,
            )
        as_amount(self.minimum, f"the minimum of {self.quantity}")
        high = _HIGH[self.quantity]
        if not (isinstance(self.minimum, (int, float, np.number)) and 0 < float(self.minimum) <= high):
            raise LevelError(f"{self.quantity} >= {self.minimum!r} cannot be asked; allowed is above 0, up to {high:g}")
        object.__setattr__(self, "minimum", float(self.minimum))

    def __bool__(self) -> bool:
        """Refused: `a and b` of two conditions would be the second alone."""
        raise _no_truth()

    def __str__(self) -> str:
        return f"{self.quantity} >= {self.minimum:g}"


def _no_truth() -> LevelError:
    return LevelError(
        "a goal, or a part of one, is neither true nor false",
        hint="a goal of several parts is Goal.all_of(a, b), not `a and b`; it has no 'or'",
    )


def _families() -> str:
    plain = [name for name in QUANTITIES if "." not in name]
    return ", ".join([*plain, "inventory.*", "kills.*", "collected.*", "placed.*"])


@dataclass(frozen=True)
class Goal:
    """A conjunction of achievements and minimum quantities, met when all hold at the same step.

    Achievements count from the reset on: one that the start already implies is marked as achieved.
    An empty goal asks for nothing and is allowed only beside a `success` hook.
    """

    achievements: frozenset[Achievement] = frozenset()
    minimum: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "achievements", frozenset(map(_achievement, self.achievements)))
        checked = [Condition(name, value) for name, value in dict(self.minimum).items()]
        object.__setattr__(self, "minimum", {c.quantity: c.minimum for c in sorted(checked, key=_order)})

    def __bool__(self) -> bool:
        """Refused: `a and b` of two goals would be the second alone."""
        raise _no_truth()

    def __hash__(self) -> int:
        return hash((self.achievements, tuple(self.minimum.items())))

    @classmethod
    def all_of(
        cls, *parts: "Achievement | Condition | Goal | str | Iterable[Achievement | Condition | Goal | str]"
    ) -> "Goal":
        """The goal that asks for every part: achievements, conditions and other goals, one by one or in a list.

        Of two minima for one quantity the larger holds. Raises LevelError for anything else, and
        for no parts at all.
        """
        if not list(_each(parts)):
            raise LevelError("Goal.all_of() needs at least one achievement or condition")
        achievements: set[Achievement] = set()
        minimum: dict[str, float] = {}
        for part in _each(parts):
            if isinstance(part, Goal):
                achievements |= part.achievements
                conditions = [Condition(name, value) for name, value in part.minimum.items()]
            elif isinstance(part, Condition):
                conditions = [part]
            else:
                achievements.add(_achievement(part))
                conditions = []
            for condition in conditions:
                minimum[condition.quantity] = max(condition.minimum, minimum.get(condition.quantity, 0.0))
        return cls(frozenset(achievements), minimum)

    @staticmethod
    def at_least(quantity: str, minimum: float) -> Condition:
        """`quantity >= minimum`, for example `Goal.at_least("inventory.iron", 3)`."""
        return Condition(quantity, minimum)

    @staticmethod
    def survive(steps: int) -> Condition:
        """Alive after so many steps of the episode."""
        return Condition("survive", steps)

    @staticmethod
    def reach_floor(floor: "Floor | str | int") -> Condition:
        """Standing on `floor` or deeper."""
        return Condition("floor", int(as_member(floor, Floor)))

    @staticmethod
    def hold(item: str, count: int = 1) -> Condition:
        """At least `count` of an inventory item, for example `Goal.hold("iron", 3)`."""
        return _member("inventory", item, count)

    @staticmethod
    def defeat(mob: Mob | str, count: int = 1) -> Condition:
        """`count` of one kind of mob defeated this episode (passive ones: eaten)."""
        return Condition(f"kills.{as_member(mob, Mob, numbers=False).name.lower()}", count)

    @staticmethod
    def collect(kind: str, count: int = 1) -> Condition:
        """`count` of a material collected this episode, whatever was held before."""
        return _member("collected", kind, count)

    @staticmethod
    def place(kind: str, count: int = 1) -> Condition:
        """`count` of a block placed this episode."""
        return _member("placed", kind, count)

    @property
    def is_empty(self) -> bool:
        """True when nothing is asked for (then only a `success` hook can end the level)."""
        return not self.achievements and not self.minimum

    @property
    def is_the_game(self) -> bool:
        """True when every achievement is asked, and nothing else: the game itself, which pays for each part."""
        return len(self.achievements) == len(Achievement) and not self.minimum

    def met(self, achievements: np.ndarray, quantities: np.ndarray) -> bool:
        """Whether bool[67] achievements and float[Q] quantities satisfy this goal; an empty goal is never met."""
        asked, minimum = self.to_arrays()
        return not self.is_empty and bool(np.all(achievements | ~asked) and np.all(quantities >= minimum))

    def to_arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """(achievements bool[67], minimum float32[Q]); a minimum of 0 means not asked."""
        asked = np.zeros(NUM_ACHIEVEMENTS, dtype=bool)
        asked[[int(achievement) for achievement in self.achievements]] = True
        minimum = np.zeros(NUM_QUANTITIES, dtype=np.float32)
        for name, value in self.minimum.items():
            minimum[QUANTITY_INDEX[name]] = value
        return asked, minimum

    def to_json(self) -> dict[str, object]:
        """Names of achievements in the game's order, and minimum by quantity in `QUANTITIES` order."""
        return {
            "achievements": [achievement.name for achievement in sorted(self.achievements)],
            "minimum": dict(self.minimum),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> "Goal":
        """The inverse of `to_json`; raises LevelError for unknown names, keys or types."""
        names, minimum = data.get("achievements", []), data.get("minimum", {})
        if set(data) - {"achievements", "minimum"} or not isinstance(names, list) or not isinstance(minimum, Mapping):
            raise LevelError(f"a goal is {{'achievements': [...], 'minimum': {{...}}}}, got {sorted(data)}")
        return cls(frozenset(_achievement(name) for name in names), {str(k): v for k, v in minimum.items()})

    def __str__(self) -> str:
        asked = [achievement.name for achievement in sorted(self.achievements)]
        return " and ".join([*asked, *(f"{name} >= {value:g}" for name, value in self.minimum.items())]) or "nothing"


def as_goal(value: object) -> Goal | None:
    """The goal that `GOAL = value` means, None where that isn't clear: the one reader of all files, whoever wrote them.

    A goal stands for itself; a condition, an achievement or its name, and a list, tuple or set of those
    (goals among them) for `Goal.all_of`.
    """
    parts = list(value) if isinstance(value, (list, tuple, set, frozenset)) else [value]
    if isinstance(value, Goal):
        return value
    if not parts or not all(map(_is_part, parts)):
        return None
    return Goal.all_of(*parts)  # type: ignore[arg-type]


def _is_part(value: object) -> bool:
    named = isinstance(value, str) and value.upper() in Achievement.__members__
    return named or isinstance(value, (Goal, Condition, Achievement))


def _each(parts: object) -> Iterator[object]:
    """What lies in nested lists, tuples and sets."""
    if isinstance(parts, (list, tuple, set, frozenset)):
        for part in parts:
            yield from _each(part)
    else:
        yield parts


def _order(condition: Condition) -> int:
    return QUANTITY_INDEX[condition.quantity]


def _achievement(value: object) -> Achievement:
    if isinstance(value, Achievement):
        return value
    name = str(value).upper()
    if isinstance(value, str) and name in Achievement.__members__:
        return Achievement[name]
    raise LevelError(f"no achievement is called {value!r}{nearest(name, Achievement.__members__)}")


def _member(family: str, kind: str, count: float) -> Condition:
    known = [name.partition(".")[2] for name in QUANTITIES if name.startswith(f"{family}.")]
    if isinstance(kind, Enum) or kind not in known:
        name = kind.name.lower() if isinstance(kind, Enum) else str(kind)
        hint = kind_hint(family, name, count)
        near = "" if hint else nearest(name, known)
        raise LevelError(f"{family} has no {kind!r}{near} (it has {', '.join(known)})", hint=hint)
    return Condition(f"{family}.{kind}", count)
