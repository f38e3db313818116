"""Goals and rules of a game that needs nothing special: a conjunction of names and minima, and numbers with ranges.

    class Goal(PlainGoal, achievements=("OPEN_DOOR",), quantities={"keys": 5}): ...

    class Rules(PlainRules, slip=Number(0.0, 0.0, 0.9)): ...

Both read hostile values: whatever isn't a known name with a number in its range is a LevelError.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from dicode.errors import LevelError, nearest


def _number(name: str, value: object, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not low <= value <= high:
        raise LevelError(f"{name} is {value!r}; allowed is {low:g} to {high:g}")
    return float(value)


def _known(name: object, choices: Any, what: str) -> str:
    if name not in choices:
        raise LevelError(f"there is no {what} {name!r}{nearest(str(name), choices)} (there is {', '.join(choices)})")
    return str(name)


class PlainGoal:
    """Achievements by name, and a minimum for quantities by name; met when all hold at once. Implements `Goal`."""

    ACHIEVEMENTS: ClassVar[tuple[str, ...]] = ()
    QUANTITIES: ClassVar[Mapping[str, float]] = {}
    """Name -> the highest minimum that can be asked."""

    def __init_subclass__(
        cls, achievements: tuple[str, ...] = (), quantities: Mapping[str, float] | None = None
    ) -> None:
        cls.ACHIEVEMENTS, cls.QUANTITIES = achievements, dict(quantities or {})

    def __init__(self, /, *achievements: str, **minimum: float) -> None:
        """Raises LevelError for a name that there isn't, or a minimum that isn't above 0 and at most the highest."""
        asked = {_known(name, self.ACHIEVEMENTS, "achievement") for name in achievements}
        for name in minimum:
            _known(name, self.QUANTITIES, "quantity")
        self.achievements = tuple(name for name in self.ACHIEVEMENTS if name in asked)
        self.minimum = {
            name: _number(name, minimum[name], 1e-6, high) for name, high in self.QUANTITIES.items() if name in minimum
        }

    @property
    def is_empty(self) -> bool:
        """Nothing is asked for."""
        return not self.achievements and not self.minimum

    def to_arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """(achievements bool[A], minimum float32[Q]); 0 means not asked."""
        asked = np.array([name in self.achievements for name in self.ACHIEVEMENTS], bool)
        return asked, np.array([self.minimum.get(name, 0.0) for name in self.QUANTITIES], np.float32)

    def met(self, achievements: np.ndarray, quantities: np.ndarray) -> bool:
        """Whether bool[A] and float[Q] satisfy this goal; an empty one is never met."""
        asked, minimum = self.to_arrays()
        return not self.is_empty and bool(np.all(achievements | ~asked) and np.all(quantities >= minimum))

    def to_json(self) -> dict[str, object]:
        """Names and minima, in the order of the game."""
        return {"achievements": list(self.achievements), "minimum": dict(self.minimum)}

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> Self:
        """The inverse of `to_json`. Raises LevelError."""
        names, minimum = data.get("achievements", []), data.get("minimum", {})
        if set(data) - {"achievements", "minimum"} or not isinstance(names, list) or not isinstance(minimum, Mapping):
            raise LevelError(f"a goal is {{'achievements': [...], 'minimum': {{...}}}}, got {sorted(data)}")
        if not all(isinstance(name, str) for name in (*names, *minimum)):
            raise LevelError("the names of a goal are texts")
        return cls(*names, **minimum)

    @classmethod
    def as_goal(cls, value: object) -> Self | None:
        """What `GOAL = value` means; None for anything but a goal."""
        return value if isinstance(value, cls) else None

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash(str(self))

    def __str__(self) -> str:
        parts = [*self.achievements, *(f"{name} >= {value:g}" for name, value in self.minimum.items())]
        return " and ".join(parts) or "nothing"


@dataclass(frozen=True)
class Number:
    """One rule: the game's own number, and the range that a level may choose from."""

    default: float
    low: float
    high: float


class PlainRules:
    """Numbers by name; what isn't named is the game's own. Implements `Rules`."""

    NUMBERS: ClassVar[Mapping[str, Number]] = {}

    def __init_subclass__(cls, **numbers: Number) -> None:
        cls.NUMBERS = numbers

    def __init__(self, /, **changes: float) -> None:
        """Raises LevelError for a rule that there isn't, and a number out of its range."""
        for name in changes:
            _known(name, self.NUMBERS, "rule")
        bounds = ((name, self.NUMBERS[name]) for name in sorted(changes))
        values = {name: _number(name, changes[name], rule.low, rule.high) for name, rule in bounds}
        self.changes = {name: value for name, value in values.items() if value != self.NUMBERS[name].default}

    def to_json(self) -> dict[str, object]:
        """What differs from the game."""
        return dict(self.changes)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`. Raises LevelError."""
        return cls(**data)

    def arrays(self) -> dict[str, np.ndarray]:
        """Every number by name, float32[]."""
        return {
            name: np.asarray(self.changes.get(name, rule.default), np.float32) for name, rule in self.NUMBERS.items()
        }
