"""Structured encoder: every cell of the view becomes a few numbers by one shared table, one dense layer joins them.

A tree is a tree wherever it stands: what a block or a mob means is learned once instead of once a cell. The
result is linear in the one-hot observation like the published dense layer, with a twentieth of its parameters.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Int

from dicode.agent import products
from dicode.agent.initialisers import trunk
from dicode.agent.lookup import set_bits
from dicode.agent.settings import Lookup
from dicode.agent.spec import Bits, Category, ObservationSpec, Observed

_JOINT_ROWS = 4096
"""Bytes of a cell are looked up together as long as their values have at most this many combinations."""
_SPREAD = 0.3
"""Standard deviation of the initial table: the layer's outputs then have about that of the scalars' share."""


class CellEncoder(nn.Module):
    """Embeds an observation and the conditioning vector: cells by the shared table, then `Dense(width)` on everything."""

    spec: ObservationSpec
    width: int
    cell_width: int
    lookup: Lookup
    dtype: DTypeLike = jnp.float32
    weights: str = "orthogonal"

    def setup(self) -> None:
        """Create the table and the dense layer."""
        spec = self.spec
        inputs = spec.num_cells * self.cell_width + spec.scalars + spec.conditioning
        spread = nn.initializers.normal(_SPREAD)
        self.table = self.param("table", spread, (spec.cell_channels, self.cell_width))
        self.kernel = self.param("kernel", trunk(self.weights, 2.0**0.5), (inputs, self.width))
        self.bias = self.param("bias", nn.initializers.zeros, (self.width,))

    def __call__(self, observation: Observed, conditioning: Float[Array, "... C"]) -> Float[Array, "... D"]:
        """Embed observations [..., ] with conditioning that broadcasts against them, in `kept_as(dtype)`."""
        lead = observation.scalars.shape[:-1]
        embed = _by_rows if self.lookup == "rows" else _by_onehot
        # Steps and environments stay apart, so that each device looks up its own.
        cells = embed(
            self.spec, observation.cells.reshape(*lead, self.spec.num_cells, len(self.spec.channels)), self.table
        )
        inputs = jnp.concatenate([cells.reshape(*lead, -1), observation.scalars], axis=-1)
        seen, asked = jnp.split(self.kernel, [inputs.shape[-1]])
        total = products.product(inputs, seen, self.dtype) + self.bias
        if self.spec.conditioning:
            total += products.product(conditioning, asked, self.dtype)
        return total.astype(products.kept_as(self.dtype))


def _by_onehot(spec: ObservationSpec, cells: jax.Array, table: jax.Array) -> Float[Array, "... cells d"]:
    """One product of every cell's channels with the table."""
    channels = spec.expand_cells(cells)
    return jnp.dot(channels.astype(table.dtype), table)


def _by_rows(spec: ObservationSpec, cells: jax.Array, table: jax.Array) -> Float[Array, "... cells d"]:
    """Rows of the table looked up and added: one a cell for its categories, one for each bit that is set."""
    total = jnp.zeros((*cells.shape[:-1], table.shape[1]), table.dtype)
    for rows, index in _joint(spec, cells, table):
        total += jnp.take(rows, index, axis=0, mode="clip")
    many = [i for i, channel in enumerate(spec.channels) if isinstance(channel, Bits) and channel.size > 1]
    if not many:
        return total
    offsets = jnp.array([spec.channels[i].offset for i in many], jnp.int32)
    if spec.max_set_bits is None or any(spec.channels[i].size < 8 for i in many):
        return total + _all_bits(spec, cells, table, many)
    place = set_bits(cells[..., jnp.array(many)], spec.max_set_bits)
    cell, within = place // (8 * len(many)), place % (8 * len(many))
    rows = jnp.take(table, jnp.take(offsets, within // 8) + within % 8, axis=0, mode="clip")
    num_cells = cells.shape[-2]
    count = cells.size // (num_cells * cells.shape[-1])
    # A place that stands for no bit is cell `num_cells`: beyond the last cell of all, not the next view's first.
    first = num_cells * jnp.arange(count).reshape(*cells.shape[:-2], 1)
    where = jnp.where(cell < num_cells, first + cell, count * num_cells)
    flat = total.reshape(-1, table.shape[1]).at[where.reshape(-1)].add(rows.reshape(-1, table.shape[1]), mode="drop")
    return flat.reshape(total.shape)


def _all_bits(spec: ObservationSpec, cells: jax.Array, table: jax.Array, which: list[int]) -> jax.Array:
    """The sum over all bits of the bytes in `which`, set or not; for games that promise no bound."""
    total = jnp.zeros((), table.dtype)
    for i in which:
        channel = spec.channels[i]
        bits = (cells[..., i, None] >> jnp.arange(channel.size, dtype=jnp.uint8)) & 1
        total += jnp.dot(bits.astype(table.dtype), table[channel.offset : channel.offset + channel.size])
    return total


def _joint(
    spec: ObservationSpec, cells: jax.Array, table: jax.Array
) -> list[tuple[Float[Array, "J d"], Int[Array, "... cells"]]]:
    """Tables of all combinations of categories (and of single bits), and the row of each for every cell."""
    found: list[tuple[jax.Array, jax.Array]] = []
    none = jnp.zeros((1, table.shape[1]), table.dtype)
    for i, channel in enumerate(spec.channels):
        if isinstance(channel, Bits) and channel.size > 1:
            continue
        rows = table[channel.offset : channel.offset + channel.size]
        # A category's values from `size` on set no channel; a single bit sets none where it is 0.
        rows = jnp.concatenate([rows, none] if isinstance(channel, Category) else [none, rows])
        byte = cells[..., i] if isinstance(channel, Category) else cells[..., i] & 1
        index = jnp.minimum(byte.astype(jnp.int32), rows.shape[0] - 1)
        if found and found[-1][0].shape[0] * rows.shape[0] <= _JOINT_ROWS:
            before, at = found.pop()
            rows = (before[:, None] + rows[None]).reshape(-1, table.shape[1])
            index = at * (rows.shape[0] // before.shape[0]) + index
        found.append((rows, index))
    return found
