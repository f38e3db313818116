"""Observation encoder: one dense layer on the one-hot observation, computed by table look-up.

The parameters are those of the dense layer (`to_dense` and `from_dense` only cut and join), so the
published network and this one are the same function. Wide categories are looked up, narrow channels
multiplied, rare bits found and looked up.
"""

from collections.abc import Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax.typing import DTypeLike
from jaxtyping import Array, Float

from dicode.accelerator import on_accelerator
from dicode.agent import products
from dicode.agent.cells import CellEncoder
from dicode.agent.initialisers import trunk
from dicode.agent.lookup import best_lookup, set_bits, sum_rows
from dicode.agent.settings import AgentConfig, Lookup
from dicode.agent.spec import Bits, Category, ObservationSpec, Observed
from dicode.errors import ConfigError

_NARROW = 8
"""Categories up to this size are multiplied as one-hot columns instead of looked up."""
_TILE = 128
"""Rows of a product of the dense observation are a multiple of this, else XLA copies both operands to make them so."""
_ONE_STEP = 4
"""Axes of the cells of one step of all environments."""

Kernel = dict[str, jax.Array]


def _init(key: jax.Array, spec: ObservationSpec, width: int, init: str) -> Kernel:
    """Weights of the whole dense layer, cut by where they are used."""
    shape = (spec.dense_size + spec.conditioning, width)
    return _cut(trunk(init, 2.0**0.5)(key, shape, jnp.float32), spec)


def _cut(kernel: jax.Array, spec: ObservationSpec) -> Kernel:
    rows = spec.num_cells * spec.cell_channels
    cells, scalars, conditioning = jnp.split(kernel, [rows, rows + spec.scalars])
    return {"cells": cells, "scalars": scalars, "conditioning": conditioning}


def make_encoder(
    spec: ObservationSpec, config: AgentConfig, dtype: DTypeLike, weights: str = "orthogonal"
) -> nn.Module:
    """The encoder that `config.encoder` names, as wide as the network; `weights` as in `initialisers.trunk`."""
    lookup = config.lookup or best_lookup()
    if config.encoder == "structured":
        return CellEncoder(spec, config.width, config.cell_width, lookup, dtype, weights)
    return Encoder(spec, config.width, lookup, dtype, weights)


class Encoder(nn.Module):
    """Embeds an observation and the conditioning vector: equal to `Dense(width)` on their dense concatenation."""

    spec: ObservationSpec
    width: int
    lookup: Lookup
    dtype: DTypeLike = jnp.float32
    weights: str = "orthogonal"

    def setup(self) -> None:
        """Create the dense layer's weights, cut by where they are used."""
        self.kernel = self.param("kernel", _init, self.spec, self.width, self.weights)
        self.bias = self.param("bias", nn.initializers.zeros, (self.width,))

    def __call__(self, observation: Observed, conditioning: Float[Array, "... C"]) -> Float[Array, "... D"]:
        """Embed observations [..., ] with conditioning that broadcasts against them, in `kept_as(dtype)`."""
        kernel = self.kernel
        if self.lookup == "onehot":
            return self._dense(observation, conditioning)
        total = self._cells(observation.cells, kernel["cells"].astype(products.kept_as(self.dtype))) + self.bias
        total += products.product(observation.scalars, kernel["scalars"], self.dtype)
        if self.spec.conditioning:
            total += products.product(conditioning, kernel["conditioning"], self.dtype)
        return total.astype(products.kept_as(self.dtype))

    def _cells(self, cells: jax.Array, table: jax.Array) -> jax.Array:
        narrow, index = _split(self.spec, cells)
        total = sum_rows(table, index, self.lookup)
        if narrow:
            columns = _channels(self.spec, cells, narrow, self.dtype)
            total += products.product(columns, table[_columns(self.spec, narrow)], self.dtype)
        return total

    def _dense(self, observation: Observed, conditioning: jax.Array) -> jax.Array:
        """One product, for processors to which each product is a kernel to launch; of whole rollouts, two."""
        table = {name: part.astype(self.dtype) for name, part in self.kernel.items()}
        way = _dense_product
        if on_accelerator() and observation.cells.ndim > _ONE_STEP:
            # The channels are made again for the gradient; what they are made of is a tenth of them.
            way = jax.checkpoint(_dense_products, static_argnums=0)
        total = way(self.spec, observation.cells, observation.scalars, conditioning, table)
        return (total + self.bias).astype(products.kept_as(self.dtype))


def _dense_product(
    spec: ObservationSpec, cells: jax.Array, scalars: jax.Array, conditioning: jax.Array, table: Kernel
) -> jax.Array:
    dtype = table["cells"].dtype
    tables = [table["cells"], table["scalars"], table["conditioning"]]
    return _tiled([_one_hot(spec, cells, dtype), *_rows(scalars, conditioning)], tables, dtype)


def _dense_products(
    spec: ObservationSpec, cells: jax.Array, scalars: jax.Array, conditioning: jax.Array, table: Kernel
) -> jax.Array:
    """The channels apart: as bytes, which the product reads and widens where it needs them (signed; XLA widens others first)."""
    total = _tiled([_one_hot(spec, cells, jnp.int8)], [table["cells"]], jnp.int8)
    rest = [table["scalars"], table["conditioning"]]
    return total + _tiled(_rows(scalars, conditioning), rest, rest[0].dtype)


def _tiled(inputs: list[jax.Array], tables: list[jax.Array], kind: DTypeLike) -> jax.Array:
    """The product of inputs [n, ...], kept as `kind`, and tables [n, D], one below the other, in rows that suit its tiles: f32[..., D]."""
    lead, dtype = inputs[0].shape[1:], tables[0].dtype
    padding = -sum(map(len, tables)) % _TILE
    tables = [*tables, jnp.zeros((padding, tables[0].shape[-1]), dtype)]
    rows = [x.astype(kind) for x in inputs]
    dense = jnp.concatenate([*rows, jnp.zeros((padding, *lead), kind)])
    if kind != dtype:
        dense = jax.lax.optimization_barrier(dense).astype(dtype)
    return _product(dense, jnp.concatenate(tables))


@jax.custom_vjp
def _product(rows: jax.Array, table: jax.Array) -> jax.Array:
    """Rows [R, ...] and a table [R, D] of one type, summed in float32: f32[..., D]. Rows are what is observed, which has no gradient."""
    return jnp.einsum("r...,rd->...d", rows, table, preferred_element_type=jnp.float32)


def _product_forward(rows: jax.Array, table: jax.Array) -> tuple[jax.Array, jax.Array]:
    return _product(rows, table), rows


def _product_backward(rows: jax.Array, gradient: jax.Array) -> tuple[None, jax.Array]:
    """The table's, multiplied in the type of the rows, too: wider, more would be moved for digits that no gradient here has."""
    narrow = gradient.astype(rows.dtype)
    pull = jnp.einsum("r...,...d->rd", rows, narrow, preferred_element_type=jnp.float32)
    return None, pull.astype(rows.dtype)


_product.defvjp(_product_forward, _product_backward)


def _rows(*parts: jax.Array) -> list[jax.Array]:
    """Parts [..., n] as [n, ...], the leading axes of all as long as those of the first."""
    lead = parts[0].shape[:-1]
    return [jnp.moveaxis(jnp.broadcast_to(part, (*lead, part.shape[-1])), -1, 0) for part in parts]


def _one_hot(spec: ObservationSpec, cells: jax.Array, dtype: DTypeLike) -> jax.Array:
    """Every dense channel [R, ...], cell-major: a row for each, so that neighbours on an accelerator ask the same question.

    Side by side, as `_channels` has them, neighbours are of different channels, and all wait for what each asks.
    """
    flat = cells.reshape(*cells.shape[:-3], -1)
    # A step's bytes are near each other anyway; a rollout's must be moved, or neighbours read what lies far apart.
    rows = products.turned(flat) if cells.ndim > _ONE_STEP else jnp.moveaxis(flat, -1, 0)
    rows = rows.reshape(*cells.shape[-3:], *cells.shape[:-3])
    lead = (1,) * (cells.ndim - 3)
    parts = [
        _set(channel, rows[:, :, i, None], jnp.arange(channel.size, dtype=jnp.uint8).reshape(-1, *lead))
        for i, channel in sorted(enumerate(spec.channels), key=lambda numbered: numbered[1].offset)
    ]
    return jnp.concatenate(parts, axis=2).astype(dtype).reshape(-1, *cells.shape[:-3])


def _split(spec: ObservationSpec, cells: jax.Array) -> tuple[list[int], jax.Array]:
    """Bytes to be multiplied as narrow columns, and the table rows to be looked up for all others."""
    narrow = [i for i, channel in enumerate(spec.channels) if channel.size < _NARROW]
    bits = [i for i, c in enumerate(spec.channels) if isinstance(c, Bits) and c.size > 1 and i not in narrow]
    bounded = spec.max_set_bits is not None and all(spec.channels[i].size == 8 for i in bits)
    if not bounded:
        narrow = sorted(narrow + bits)
    flat = cells.reshape(*cells.shape[:-3], spec.num_cells, len(spec.channels))
    first = jnp.arange(spec.num_cells, dtype=jnp.int32) * spec.cell_channels
    absent = spec.num_cells * spec.cell_channels
    found = []
    for i, channel in enumerate(spec.channels):
        if isinstance(channel, Category) and i not in narrow:
            value = flat[..., i].astype(jnp.int32)
            found.append(jnp.where(value < channel.size, first + channel.offset + value, absent))
    if bits and bounded:
        place = set_bits(flat[..., jnp.array(bits)], spec.max_set_bits or 0)
        cell, within = place // (8 * len(bits)), place % (8 * len(bits))
        offsets = jnp.array([spec.channels[i].offset for i in bits], jnp.int32)
        row = cell * spec.cell_channels + jnp.take(offsets, within // 8) + within % 8
        found.append(jnp.where(cell < spec.num_cells, row, absent))
    none = jnp.zeros((*flat.shape[:-2], 0), jnp.int32)
    return narrow, jnp.concatenate([none, *found], axis=-1)


def _channels(spec: ObservationSpec, cells: jax.Array, which: list[int], dtype: DTypeLike) -> jax.Array:
    """Dense one-hot columns of the bytes in `which`, cell-major, channels in order of their offsets."""
    columns = []
    for i in sorted(which, key=lambda i: spec.channels[i].offset):
        channel = spec.channels[i]
        columns.append(_set(channel, cells[..., i, None], jnp.arange(channel.size, dtype=jnp.uint8)))
    dense = jnp.concatenate(columns, axis=-1).astype(dtype)
    return dense.reshape(*cells.shape[:-3], -1)


def _set(channel: Category | Bits, byte: jax.Array, steps: jax.Array) -> jax.Array:
    """1 where a byte sets the dense channel that is `steps` after its first, else 0."""
    return (byte >> steps) & 1 if isinstance(channel, Bits) else (byte == steps).astype(jnp.uint8)


def _columns(spec: ObservationSpec, which: list[int]) -> jax.Array:
    """Table rows of the columns that `_channels` gives."""
    per_cell = sorted(spec.channels[i].offset + j for i in which for j in range(spec.channels[i].size))
    first = jnp.arange(spec.num_cells, dtype=jnp.int32)[:, None] * spec.cell_channels
    return (first + jnp.array(per_cell, jnp.int32)).reshape(-1)


def to_dense(params: Mapping[str, Any]) -> tuple[Float[Array, "R D"], Float[Array, " D"]]:
    """Kernel and bias of the equal dense layer on `[spec.expand(observation), conditioning]`, of R numbers in all."""
    kernel = params["kernel"]
    return jnp.concatenate([kernel["cells"], kernel["scalars"], kernel["conditioning"]]), params["bias"]


def from_dense(kernel: Float[Array, "R D"], bias: Float[Array, " D"], spec: ObservationSpec) -> dict[str, Any]:
    """Encoder parameters that equal a dense layer's; raises `ConfigError` for a kernel of another game."""
    needed = spec.dense_size + spec.conditioning
    if kernel.shape[0] != needed:
        raise ConfigError(f"the dense kernel has {kernel.shape[0]} rows; this observation needs {needed}")
    return {"kernel": _cut(jnp.asarray(kernel), spec), "bias": jnp.asarray(bias)}
