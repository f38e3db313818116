"""Single cells of a map on one floor: read, and written in place.

Indices follow the package's (NumPy's) habits: a negative index counts from the end; beyond that, reads
are clamped to the map and writes fall outside and are dropped.
"""

import jax
import jax.numpy as jnp
from flax import struct

from dicode.games.craftax.levels.names import MAP_SIZE

_FLOOR_CELLS = MAP_SIZE * MAP_SIZE


class Layer(struct.PyTreeNode):
    """One map, seen on one floor."""

    cells: jax.Array
    """[9, 48, 48]."""
    floor: jax.Array

    def read(self, row: jax.Array, column: jax.Array) -> jax.Array:
        """The value at (row, column); any shape."""
        place = self.floor * _FLOOR_CELLS + _clamped(row) * MAP_SIZE + _clamped(column)
        return self.cells.reshape(-1).at[place].get(mode="promise_in_bounds")

    def write(self, row: jax.Array, column: jax.Array, value: jax.Array | int, where: jax.Array) -> "Layer":
        """Set cells where `where` is true; cells given twice need equal values."""
        row, column = _wrapped(row), _wrapped(column)
        inside = (row >= 0) & (row < MAP_SIZE) & (column >= 0) & (column < MAP_SIZE)
        flat = self.cells.reshape(-1)
        place = jnp.where(where & inside, self.floor * _FLOOR_CELLS + row * MAP_SIZE + column, flat.size)
        cells = flat.at[place].set(jnp.asarray(value, flat.dtype), mode="drop")
        return self.replace(cells=cells.reshape(self.cells.shape))

    def window(self, corner: jax.Array, size: int) -> jax.Array:
        """[size, size] cells from `corner` (row, column), which must lie so that all are on the map."""
        return jax.lax.dynamic_slice(self.cells, (self.floor, corner[0], corner[1]), (1, size, size))[0]


def _wrapped(index: jax.Array) -> jax.Array:
    return jnp.where(index < 0, index + MAP_SIZE, index)


def _clamped(index: jax.Array) -> jax.Array:
    return jnp.clip(_wrapped(index), 0, MAP_SIZE - 1)
