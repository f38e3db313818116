"""Single cells of a map on one floor: read, and written in place.

Indices follow the package's (NumPy's) habits: a negative index counts from the end; beyond that, reads
are clamped to the map and writes fall outside and are dropped.

On a CPU every write is done at once, in place. On an accelerator each would be a kernel, so writes wait in a list
that reads look through, and `settled` does them all.
"""

from functools import reduce

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct

from dicode.accelerator import on_accelerator
from dicode.games.craftax.dynamics.few import Slots, parts
from dicode.games.craftax.levels.names import MAP_SIZE

_FLOOR_CELLS = MAP_SIZE * MAP_SIZE


class Layer(struct.PyTreeNode):
    """One map, seen on one floor."""

    cells: jax.Array
    """[9, 48, 48]."""
    floor: jax.Array
    waiting: tuple[tuple[jax.Array, jax.Array], ...] = ()
    """Writes not yet done, oldest first: place in the flat map (its size: none) and value of each, or of several."""

    def read(self, row: jax.Array, column: jax.Array) -> jax.Array:
        """The value at (row, column); any shape."""
        place = self.floor * _FLOOR_CELLS + _clamped(row) * MAP_SIZE + _clamped(column)
        value = self.cells.reshape(-1).at[place].get(mode="promise_in_bounds")
        for written, new in self.waiting:
            for one in range(written.size):
                value = jnp.where(place == written.reshape(-1)[one], new.reshape(-1)[one], value)
        return value

    def write(self, row: jax.Array, column: jax.Array, value: jax.Array | int, where: jax.Array) -> "Layer":
        """Set a cell where `where` is true."""
        row, column = _wrapped(row), _wrapped(column)
        inside = (row >= 0) & (row < MAP_SIZE) & (column >= 0) & (column < MAP_SIZE)
        flat = self.cells.reshape(-1)
        place = jnp.where(where & inside, self.floor * _FLOOR_CELLS + row * MAP_SIZE + column, flat.size)
        value = jnp.asarray(value, flat.dtype)
        if on_accelerator():
            return self.replace(waiting=(*self.waiting, (place, value)))
        return self.replace(cells=flat.at[place].set(value, mode="drop").reshape(self.cells.shape))

    def write_all(self, row: Slots, column: Slots, value: Slots, where: Slots) -> "Layer":
        """As `write` for several cells; cells given twice need equal values."""
        if not on_accelerator():
            return self.write(row, column, value, where)
        cells = zip(*map(parts, (row, column, value, where)), strict=True)
        return reduce(lambda layer, cell: layer.write(*cell), cells, self)

    def gathered(self) -> "Layer":
        """This layer with all waiting writes as one of several cells."""
        if not self.waiting:
            return self
        place, value = (jnp.concatenate([jnp.atleast_1d(x) for x in of]) for of in zip(*self.waiting, strict=True))
        return self.replace(waiting=((place, value),))

    def settled(self) -> "Layer":
        """This layer with all waiting writes done, the newest where several meet."""
        if not self.waiting:
            return self
        flat = self.cells.reshape(-1)
        ((place, value),) = self.gathered().waiting
        later = np.triu(np.ones((place.size, place.size), bool), 1)
        overwritten = ((place[:, None] == place[None, :]) & later).any(axis=1)
        # Writes that are dropped lie outside each at its own place, so that no two are the same.
        place = jnp.where(overwritten | (place >= flat.size), flat.size + np.arange(place.size), place)
        cells = flat.at[place].set(value, mode="drop", unique_indices=True)
        return self.replace(cells=cells.reshape(self.cells.shape), waiting=())


def _wrapped(index: jax.Array) -> jax.Array:
    return jnp.where(index < 0, index + MAP_SIZE, index)


def _clamped(index: jax.Array) -> jax.Array:
    return jnp.clip(_wrapped(index), 0, MAP_SIZE - 1)
