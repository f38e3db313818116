"""A pytree of arrays as one file of plain bytes, one array after the other, in the order of their names' paths.

The file describes nothing: names, shapes and types stand in the checkpoint's meta.json and must be, to the letter,
those of the network that asks. So there is no header to parse, no offset to trust and nothing to unpack, and a file
from outside can't be larger than the arrays that are wanted.
"""

from pathlib import Path
from typing import Any

import numpy as np

from dicode.received import files as received

FILE = "arrays.bin"
Description = list[list[Any]]
"""[name, shape, dtype] of each array, as JSON values."""


def describe(tree: Any) -> Description:
    """What a pytree holds: the path, shape and dtype of each of its arrays, in order."""
    import jax

    leaves = jax.tree_util.tree_flatten_with_path(tree)[0]
    return [[jax.tree_util.keystr(path), list(np.shape(leaf)), str(np.dtype(leaf.dtype))] for path, leaf in leaves]


def write(folder: Path, tree: Any) -> Description:
    """Write the arrays of `tree` (host arrays); returns their description. Raises OSError if the disk refuses."""
    import jax

    with open(folder / FILE, "wb") as file:
        for leaf in jax.tree.leaves(tree):
            file.write(np.ascontiguousarray(leaf).tobytes())
    return describe(tree)


def read(folder: Path, description: object, template: Any) -> Any:
    """The arrays in `folder` as a pytree like `template`, on the host.

    Raises ValueError where `description` is not that of `template` or numbers are not finite, RunError or OSError for
    a file that can't be read.
    """
    import jax

    wanted = describe(template)
    if description != wanted:
        raise ValueError(_first_difference(description, wanted))
    leaves, structure = jax.tree.flatten(template)
    size = sum(leaf.size * np.dtype(leaf.dtype).itemsize for leaf in leaves)
    data = received.read(folder, FILE, most=size)
    if len(data) != size:
        raise ValueError(f"{FILE} holds {len(data)} bytes, not {size}")
    arrays, start = [], 0
    for (name, shape, dtype), leaf in zip(wanted, leaves, strict=True):
        array = np.frombuffer(data, np.dtype(leaf.dtype), leaf.size, start).reshape(shape)
        if np.issubdtype(array.dtype, np.floating) and not np.isfinite(array).all():
            raise ValueError(f"{name} ({dtype}) holds numbers that are not finite")
        start += array.nbytes
        arrays.append(array)
    return jax.tree.unflatten(structure, arrays)


def _first_difference(found: object, wanted: Description) -> str:
    if not isinstance(found, list):
        return "it does not say what it holds"
    for theirs, ours in zip(found, wanted, strict=False):
        if theirs != ours:
            return f"it holds {str(theirs)[:80]} where {ours} is needed"
    return f"it holds {len(found)} arrays where {len(wanted)} are needed"
