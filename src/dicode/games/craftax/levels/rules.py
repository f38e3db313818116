"""`Rules`: what a level changes about the game's numbers.

    RULES = Rules(ranged_spawn=0.2, plant_ripening=50, mob_health={"zombie": 2.0},
                  recipe_cost={"iron_pickaxe": {"iron": 0}}, ladder_kills=0)

Every name, default and range is in `dicode.games.craftax.levels.rule_spec`. A table takes one number for all its
entries, or a dict from label (or the member of `Mob`, `Floor`, `Achievement`, ...) to number or dict.
"""

from collections.abc import Iterator, Mapping
from enum import Enum
from numbers import Real

import numpy as np

from dicode.errors import LevelError
from dicode.games.craftax.levels.kinds import as_amount, nearest
from dicode.games.craftax.levels.names import Mob
from dicode.games.craftax.levels.rule_hints import rule_hint
from dicode.games.craftax.levels.rule_spec import MULTIPLIERS, RULES, VALUES, Rule


class Rules:
    """Changes to Craftax's numbers; without arguments, the unmodified game. Immutable.

    Raises:
        LevelError: an unknown name or label, a value out of range or of the wrong kind.
    """

    __slots__ = ("_arrays",)

    def __init__(self, **changes: object) -> None:
        """Check every change against the table of rules."""
        arrays: dict[str, np.ndarray] = {}
        for name, change in changes.items():
            rule = RULES.get(name)
            if rule is None:
                raise LevelError(f"there is no rule {name!r}{rule_hint(name, change)}")
            array = rule.default.copy()
            for index, value in _entries(rule, change, (), ()):
                array[index] = value
            array = np.where(_addressable(rule), array, rule.default)
            if not np.array_equal(array, rule.default):
                arrays[name] = array
        _check_spans(arrays)
        self._arrays = arrays

    def arrays(self) -> dict[str, np.ndarray]:
        """Every value of the game by name, float32 or int32, with changes and multipliers applied."""
        result = {rule.name: self._arrays.get(rule.name, rule.default).copy() for rule in VALUES}
        for rule in MULTIPLIERS:
            if rule.name in self._arrays:
                for target, labels in rule.scales:
                    _scale(result[target], RULES[target], labels, float(self._arrays[rule.name]))
        return result

    def value(self, name: str) -> np.ndarray:
        """One value as the game will see it (read-only use), by its name in the table of rules."""
        if name not in RULES or RULES[name].is_multiplier:
            raise LevelError(f"there is no value {name!r}{nearest(name, (rule.name for rule in VALUES))}")
        return self.arrays()[name]

    def to_json(self) -> dict[str, object]:
        """What differs from Craftax: name -> number, or name -> {"label" or "label.label": number}."""
        return {name: _to_json(RULES[name], array) for name, array in sorted(self._arrays.items())}

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> "Rules":
        """The inverse of `to_json`; also reads anything that the constructor takes."""
        return cls(**dict(data))

    def __eq__(self, other: object) -> bool:
        """Whether both change the same numbers to the same values."""
        return isinstance(other, Rules) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        return f"Rules({', '.join(f'{name}={value!r}' for name, value in self.to_json().items())})"


def _entries(
    rule: Rule, change: object, index: tuple[int, ...], path: tuple[str, ...]
) -> Iterator[tuple[tuple[int, ...], float]]:
    """(index, value) of every entry that `change` names, below the labels in `path`."""
    if not isinstance(change, Mapping):
        yield index, _number(rule, change, path)
        return
    if len(index) == len(rule.axes):
        raise LevelError(f"{_where(rule, path)} is one number, not a dict; allowed is {rule.bounds}")
    labels = rule.labels[len(index)]
    for key, inner in change.items():
        text = (key.name if isinstance(key, Enum) else str(key)).lower()
        first, _, rest = text.partition(".")
        if not first or first not in labels:
            known = tuple(filter(None, labels))
            raise LevelError(
                f"{_where(rule, path)} has no {rule.axes[len(index)].replace('_', ' ')} {first!r}"
                f"{nearest(first, known)}; it has {', '.join(known)}"
            )
        inner = {rest: inner} if rest else inner
        yield from _entries(rule, inner, (*index, labels.index(first)), (*path, first))


def _addressable(rule: Rule) -> np.ndarray:
    """Whether an entry has labels; those without keep Craftax's number."""
    mask = np.ones((), bool)
    for labels in rule.labels:
        mask = mask[..., None] & np.array([bool(label) for label in labels])
    return mask


def _number(rule: Rule, value: object, path: tuple[str, ...]) -> float:
    where = _where(rule, path)
    if isinstance(value, Mob) and rule.name.endswith("_kind"):
        raise LevelError(f"{where} is Mob.{value.name}; it takes the type within its class, write {value.type_id}")
    as_amount(value, where)
    if isinstance(value, np.ndarray | list | tuple):
        raise LevelError(f"{where} takes a number or a dict from label to number, not a {type(value).__name__}")
    if not isinstance(value, Real | np.number | bool | np.bool_):
        raise LevelError(f"{where} is {value!r}; allowed is a number from {rule.bounds}")
    number = float(value)
    if not rule.low <= number <= rule.high:  # NaN fails too
        raise LevelError(f"{where} is {number:g}; allowed range is {rule.bounds}")
    if rule.integer and number != int(number):
        raise LevelError(f"{where} is {number:g}; allowed range is {rule.bounds}")
    return number


def _where(rule: Rule, path: tuple[str, ...]) -> str:
    return ".".join((rule.name, *path))


def _check_spans(arrays: Mapping[str, np.ndarray]) -> None:
    """The least amount of a draw must not exceed the most."""
    for rule in VALUES:
        if not rule.name.endswith("_least"):
            continue
        most = rule.name.removesuffix("_least") + "_most"
        low, high = arrays.get(rule.name, rule.default), arrays.get(most, RULES[most].default)
        if np.any(low > high):
            raise LevelError(f"{rule.name} ({low}) exceeds {most} ({high}); change both")


def _scale(array: np.ndarray, rule: Rule, labels: tuple[str, ...], factor: float) -> None:
    """Multiply in place the entries that the multiplier reaches, within the rule's range."""
    scaled = array.astype(np.float64) * factor
    scaled = np.clip(np.rint(scaled) if rule.integer else scaled, rule.low, rule.high).astype(array.dtype)
    array[...] = np.where(_reached(rule, labels), scaled, array)


def _reached(rule: Rule, labels: tuple[str, ...]) -> np.ndarray:
    """Which entries of the last axis a multiplier scales; `melee` and `ranged` stand for all of a class of mobs."""
    if not labels:
        return np.ones((), bool)
    axis = rule.labels[-1]
    if rule.axes[-1] == "mob":
        return np.repeat([name in labels for name in ("passive", "melee", "ranged")], 8)
    return np.array([name in labels for name in axis])


def _to_json(rule: Rule, array: np.ndarray) -> object:
    plain = int if rule.integer else lambda value: float(str(np.float32(value)))
    if not rule.axes:
        return plain(array[()])
    changed = zip(*np.nonzero(array != rule.default), strict=True)
    return {
        ".".join(labels[i] for labels, i in zip(rule.labels, index, strict=True)): plain(array[index])
        for index in changed
    }
