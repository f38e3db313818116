"""A world's arrays as level code uses them."""

from collections.abc import MutableMapping

import numpy as np

from dicode.games.written import Guarded


def guard(arrays: MutableMapping[str, np.ndarray]) -> MutableMapping[str, np.ndarray]:
    """The same dictionary with guarded views in the place of a world's arrays."""
    for name, array in arrays.items():
        arrays[name] = Guarded.of(f"world.arrays[{name!r}]", array)
    return arrays
