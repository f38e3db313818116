"""A world's arrays as level code uses them: no number that they cannot hold is written into one.

Whatever is derived from such an array keeps the guard; what is made of one by `np.asarray` has lost it.
"""

from collections.abc import MutableMapping
from typing import Any

import numpy as np

from dicode.games.written import check_written


class Guarded(np.ndarray):
    """A view of a world's array that checks what is written into it."""

    label = "an array"

    def __array_finalize__(self, source: Any) -> None:
        """Views and copies keep the name."""
        self.label = getattr(source, "label", "an array")

    def __setitem__(self, index: Any, value: Any) -> None:
        check_written(self.label, self.dtype, value)
        super().__setitem__(index, value)

    def fill(self, value: Any) -> None:
        """Every element becomes `value`."""
        check_written(self.label, self.dtype, value)
        super().fill(value)


def guard(arrays: MutableMapping[str, np.ndarray]) -> MutableMapping[str, np.ndarray]:
    """The same dictionary with guarded views in the place of a world's arrays."""
    for name, array in arrays.items():
        view = array.view(Guarded)
        view.label = f"world.arrays[{name!r}]"
        arrays[name] = view
    return arrays
