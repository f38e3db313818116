"""A world's arrays as level code uses them: no member of another enumeration, no fraction of a whole number, no overflow.

NumPy takes every enumeration by its number, cuts every fraction off and begins again at 0 behind the end of a type.
Whatever is derived from such an array keeps the guard; what is made of one by `np.asarray` has lost it.
"""

from collections.abc import Iterator
from enum import Enum, IntEnum
from typing import Any

import numpy as np

from dicode.games.craftax.levels.kinds import as_amount, as_member
from dicode.games.craftax.levels.names import Block, Facing, Floor, Item
from dicode.games.written import check_written


class Enchantment(IntEnum):
    """What a sword, a bow or a piece of armour is enchanted with."""

    NONE = 0
    FIRE = 1
    ICE = 2


KINDS: dict[str, type[IntEnum]] = {
    "blocks": Block,
    "items": Item,
    "player_level": Floor,
    "player_direction": Facing,
    "sword_enchantment": Enchantment,
    "bow_enchantment": Enchantment,
    "armour_enchantments": Enchantment,
}
"""Arrays of a world whose numbers are members of an enumeration."""


_GROWS = frozenset({np.add, np.subtract, np.multiply, np.negative, np.power, np.left_shift})
"""What may leave the range of a small integer type."""


_WRITES = {np.copyto: 1, np.put: 2, np.place: 2, np.putmask: 2}
"""Functions that write into their first argument, with the place of what is written."""


class Cell(np.int64):
    """One number of an array whose numbers are members of `kind`."""

    kind: type[IntEnum] | None = None

    def __eq__(self, other: object) -> Any:
        return super().__eq__(as_member(other, self.kind) if isinstance(other, Enum) and self.kind else other)

    def __ne__(self, other: object) -> Any:
        return super().__ne__(as_member(other, self.kind) if isinstance(other, Enum) and self.kind else other)

    def __hash__(self) -> int:
        return super().__hash__()


class Guarded(np.ndarray):
    """A view of a world's array that checks what is written into it and what it is compared with."""

    label = "a number"
    kind: type[IntEnum] | None = None

    def __array_finalize__(self, source: Any) -> None:
        """Views and copies keep name and kind."""
        self.label, self.kind = getattr(source, "label", "a number"), getattr(source, "kind", None)

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        if self.kind is None or isinstance(found, np.ndarray) or self.dtype == bool:
            return _roomy(found) if isinstance(found, np.integer) else found
        cell = Cell(found)
        cell.kind = self.kind
        return cell

    def __setitem__(self, index: Any, value: Any) -> None:
        super().__setitem__(index, self._taken(value))

    def fill(self, value: Any) -> None:
        """Every element becomes `value`."""
        super().fill(self._taken(value))

    def put(self, indices: Any, values: Any, mode: Any = "raise") -> None:
        """The elements at flat `indices` become `values`."""
        super().put(indices, self._taken(values), mode)

    def __eq__(self, other: object) -> Any:
        return super().__eq__(self._compared(other))

    def __ne__(self, other: object) -> Any:
        return super().__ne__(self._compared(other))

    def _compared(self, value: Any) -> Any:
        """What may be compared with: a number that means something else is equal by chance."""
        return as_member(value, self.kind) if isinstance(value, Enum) and self.kind and self.dtype != bool else value

    def __array_ufunc__(self, ufunc: np.ufunc, method: Any, *inputs: Any, out: Any = None, **kwargs: Any) -> Any:
        """Arithmetic with room for every result; what is written in place is checked like any other value."""
        first = next((each for each in inputs if isinstance(each, Guarded)), self)
        checked = out is not None and isinstance(out[0], Guarded) and method == "__call__" and len(out) == 1
        checked = checked and set(kwargs) <= {"casting"}
        plain = [_bare(each) for each in inputs]
        if ufunc in _GROWS and method == "__call__" and (out is None or checked):
            plain = [_roomy(each) for each in plain]
        if out is not None and not checked:
            kwargs["out"] = tuple(_bare(each) for each in out)
        found = getattr(ufunc, method)(*plain, **kwargs)
        if checked:
            out[0][...] = found
            return out[0]
        if isinstance(found, np.ndarray):
            view = found.view(Guarded)
            view.label, view.kind = first.label, first.kind
            return view
        return _roomy(found)

    def __array_function__(self, function: Any, types: Any, arguments: Any, named: Any) -> Any:
        """Any function of NumPy's that also takes such an array: `np.where(mask, Block.TREE, world.blocks)`."""
        given = list(_flat((arguments, tuple(named.values()))))
        if function in _WRITES and isinstance(arguments[0], Guarded):
            arguments[0]._taken(arguments[_WRITES[function]])
        kinds = [each.kind for each in given if isinstance(each, Guarded) and each.kind and each.dtype != bool]
        for member in (each for each in given if isinstance(each, Enum)):
            if kinds and not isinstance(member, tuple(kinds)):
                as_member(member, kinds[0])
        return super().__array_function__(function, types, arguments, named)

    def _taken(self, value: Any) -> Any:
        """The value as a number, or as numbers. Raises LevelError for one that NumPy would take for something else."""
        if isinstance(value, Enum):
            return int(as_member(value, self.kind)) if self.kind else as_amount(value, self.label)
        if isinstance(value, list | tuple):
            return [self._taken(item) for item in value]
        check_written(self.label, self.dtype, value)
        return value


def _bare(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, Guarded) else value


def _roomy(value: Any) -> Any:
    small = isinstance(value, (np.ndarray, np.integer)) and value.dtype.kind in "iu" and value.dtype.itemsize < 8
    return value.astype(np.int64) if small else value


def _flat(values: Any) -> Iterator[Any]:
    """What lies in nested lists and tuples."""
    for value in values:
        if isinstance(value, list | tuple):
            yield from _flat(value)
        else:
            yield value


def guard(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same dictionary with guarded views in the place of a world's arrays."""
    for name, array in arrays.items():
        view = array.view(Guarded)
        view.label, view.kind = name, KINDS.get(name)
        arrays[name] = view
    return arrays
