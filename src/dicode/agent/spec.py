"""What an agent must know of a game: the layout of its observation, its actions, its conditioning.

The agent names no block and no mob. A game describes each byte of a map cell as a category or as a
set of bits, and says which channels of the equivalent dense (one-hot) observation they stand for.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Float, UInt8

from dicode.errors import ConfigError


@runtime_checkable
class Observed(Protocol):
    """An observation: any pytree that has these two arrays, or makes them when asked; leading axes free."""

    @property
    def cells(self) -> UInt8[Array, "... rows columns bytes"]:
        """The view."""

    @property
    def scalars(self) -> Float[Array, "... S"]:
        """What is seen beside it."""


@struct.dataclass
class PlainObservation:
    """An observation without a game, for tests and for giving shapes."""

    cells: UInt8[Array, "... rows columns bytes"]
    scalars: Float[Array, "... S"]


@dataclass(frozen=True)
class Category:
    """A byte that holds one of `size` values; a value of `size` or more sets no channel (for example, a dark cell)."""

    size: int
    offset: int
    """First of the `size` dense channels, counted within a cell."""


@dataclass(frozen=True)
class Bits:
    """A byte whose lowest `size` bits each set one dense channel."""

    size: int
    offset: int
    """Dense channel of the lowest bit, counted within a cell."""


@dataclass(frozen=True)
class ObservationSpec:
    """The layout of one observation; raises `ConfigError` where the channels do not tile a cell."""

    cells: tuple[int, int]
    """Rows and columns of the view."""
    channels: tuple[Category | Bits, ...]
    """One entry for each byte of a cell, in the order of the bytes."""
    scalars: int
    """Floats beside the map."""
    num_actions: int
    conditioning: int
    """Length C of the vector that says what the level asks for; 0 for none."""
    max_set_bits: int | None = None
    """The most bits that the multi-bit bytes of one observation can have set together; None: no bound known.

    A bound lets the encoder look up that many rows instead of multiplying by all channels. The game
    must guarantee it: a bit above the bound is not seen.
    """

    def __post_init__(self) -> None:
        """Check that the channels cover a cell's dense channels once each."""
        covered = sorted(c for channel in self.channels for c in range(channel.offset, channel.offset + channel.size))
        if covered != list(range(len(covered))):
            raise ConfigError(f"the channels of a cell cover dense channels {covered}; each of 0.. is needed once")
        for channel in self.channels:
            limit = 8 if isinstance(channel, Bits) else 255
            if not 1 <= channel.size <= limit:
                raise ConfigError(f"{channel} has size {channel.size}; a byte allows 1 to {limit}")

    @property
    def num_cells(self) -> int:
        """Cells of the view."""
        return self.cells[0] * self.cells[1]

    @property
    def cell_channels(self) -> int:
        """Dense channels of one cell."""
        return sum(channel.size for channel in self.channels)

    @property
    def dense_size(self) -> int:
        """Length of the dense observation: every cell's channels, cells in row-major order, then the scalars."""
        return self.num_cells * self.cell_channels + self.scalars

    def example(self, *lead: int) -> PlainObservation:
        """An all-zero observation with the given leading axes."""
        cells = jnp.zeros((*lead, *self.cells, len(self.channels)), jnp.uint8)
        return PlainObservation(cells, jnp.zeros((*lead, self.scalars), jnp.float32))

    def expand_cells(self, cells: UInt8[Array, "... bytes"]) -> Float[Array, "... channels"]:
        """The dense channels of cells, in the order of their offsets."""
        columns: list[jax.Array | None] = [None] * self.cell_channels
        for index, channel in enumerate(self.channels):
            byte = cells[..., index].astype(jnp.int32)
            for j in range(channel.size):
                is_set = (byte >> j) & 1 if isinstance(channel, Bits) else byte == j
                columns[channel.offset + j] = is_set.astype(jnp.float32)
        return jnp.stack(columns, axis=-1)  # type: ignore[arg-type]

    def expand(self, observation: Observed) -> Float[Array, "... dense"]:
        """The dense observation: cell-major one-hot channels, then the scalars."""
        dense = self.expand_cells(observation.cells)
        lead = dense.shape[:-3]
        return jnp.concatenate([dense.reshape(*lead, -1), observation.scalars], axis=-1)
