"""A world's arrays as level code uses them, whose numbers are often members of an enumeration: NumPy takes every one by its number."""

from collections.abc import Iterator
from enum import Enum, IntEnum
from typing import Any

import numpy as np

from dicode.games.craftax.levels.kinds import as_amount, as_member
from dicode.games.craftax.levels.names import Block, Facing, Floor, Item
from dicode.games.written import Guarded


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


class Cell(np.int64):
    """One number of an array whose numbers are members of `kind`."""

    kind: type[IntEnum] | None = None

    def __eq__(self, other: object) -> Any:
        return super().__eq__(as_member(other, self.kind) if isinstance(other, Enum) and self.kind else other)

    def __ne__(self, other: object) -> Any:
        return super().__ne__(as_member(other, self.kind) if isinstance(other, Enum) and self.kind else other)

    def __hash__(self) -> int:
        return super().__hash__()


class KindGuarded(Guarded):
    """A view of a world's array that checks what is written into it and what it is compared with."""

    kind: type[IntEnum] | None = None

    def __array_finalize__(self, source: Any) -> None:
        """Views and copies keep name and kind."""
        super().__array_finalize__(source)
        self.kind = getattr(source, "kind", None)

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        if self.kind is None or isinstance(found, np.ndarray) or self.dtype == bool:
            return found
        cell = Cell(found)
        cell.kind = self.kind
        return cell

    def __eq__(self, other: object) -> Any:
        return super().__eq__(self._compared(other))

    def __ne__(self, other: object) -> Any:
        return super().__ne__(self._compared(other))

    def _compared(self, value: Any) -> Any:
        """What may be compared with: a number that means something else is equal by chance."""
        return as_member(value, self.kind) if isinstance(value, Enum) and self.kind and self.dtype != bool else value

    def _like(self, array: np.ndarray) -> Guarded:
        view = array.view(KindGuarded)
        view.__array_finalize__(self)
        return view

    def __array_function__(self, function: Any, types: Any, arguments: Any, named: Any) -> Any:
        """Any function of NumPy's that also takes such an array: `np.where(mask, Block.TREE, world.blocks)`."""
        given = list(_flat((arguments, tuple(named.values()))))
        kinds = [each.kind for each in given if isinstance(each, KindGuarded) and each.kind and each.dtype != bool]
        for member in (each for each in given if isinstance(each, Enum)):
            if kinds and not isinstance(member, tuple(kinds)):
                as_member(member, kinds[0])
        return super().__array_function__(function, types, arguments, named)

    def _taken(self, value: Any) -> Any:
        if isinstance(value, Enum):
            return int(as_member(value, self.kind)) if self.kind else as_amount(value, self.label)
        if isinstance(value, list | tuple):
            return [self._taken(item) for item in value]
        return super()._taken(value)


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
        view = KindGuarded.of(name, array)
        view.kind = KINDS.get(name)
        arrays[name] = view
    return arrays
