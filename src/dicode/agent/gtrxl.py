"""Gated Transformer-XL (Parisotto et al., 2020): a transformer over the agent's past, stable under reinforcement learning.

Pre-norm layers with GRU-type gates and relative positions (Dai et al., 2019). A step attends to itself
and to at most M past steps of its own episode. In the update, gradients flow within windows of W
steps; the M steps before a window are stored layer inputs that get no gradient, while the projections
to keys and values do.
"""

from dataclasses import replace
from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Shaped

from dicode.accelerator import on_accelerator
from dicode.agent import attention, products
from dicode.agent import memory as memories
from dicode.agent.actor_critic import Heads
from dicode.agent.encoder import make_encoder
from dicode.agent.initialisers import side_by_side, trunk
from dicode.agent.memory import Memory, Ring
from dicode.agent.settings import GtrxlConfig
from dicode.agent.spec import ObservationSpec, Observed
from dicode.agent.types import Agent, Output, Params
from dicode.errors import ConfigError


class GruGate(nn.Module):
    """g(x, y) = (1 - z) x + z h: a GRU cell as a residual connection, biased to pass x through."""

    bias: float
    dtype: DTypeLike
    weights: str = "orthogonal"

    @nn.compact
    def __call__(self, x: Float[Array, "... D"], y: Float[Array, "... D"]) -> Float[Array, "... D"]:
        """Gate the new y into the stream x."""
        width = x.shape[-1]

        def gates(count: int, name: str) -> nn.Dense:
            init = side_by_side(trunk(self.weights, 1.0), count)
            return products.dense(count * width, self.dtype, use_bias=False, kernel_init=init, name=name)

        yr, yz, yh = jnp.split(gates(3, "y")(y), 3, axis=-1)
        xr, xz = jnp.split(gates(2, "x")(x), 2, axis=-1)
        bias = self.param("bias", nn.initializers.constant(self.bias), (width,)).astype(products.kept_as(self.dtype))
        reset = nn.sigmoid(yr + xr)
        update = nn.sigmoid(yz + xz - bias)
        return x + update * (jnp.tanh(yh + gates(1, "h")(reset * x)) - x)


class Layer(nn.Module):
    """One transformer layer, cut where the cache needs it: keys and values, queries, the rest."""

    config: GtrxlConfig
    dtype: DTypeLike

    def setup(self) -> None:
        """Create the projections, gates and the feed-forward block."""
        c, heads = self.config, (self.config.heads, self.config.qkv // self.config.heads)
        self.kept = products.kept_as(self.dtype)
        dense = partial(products.dense, dtype=self.dtype, kernel_init=trunk(c.init, 2.0**0.5))
        project = partial(products.dense, dtype=self.dtype, use_bias=False)
        # One sum after the other is one kernel on an accelerator; two sums side by side are quicker elsewhere.
        norm = partial(nn.LayerNorm, use_fast_variance=not on_accelerator())
        self.norm_attention, self.norm_feed = norm(), norm()
        self.query, self.key_value, self.position = project(c.qkv), project(2 * c.qkv), project(c.qkv)
        self.out = products.dense(c.width, self.dtype)
        self.content_bias = self.param("content_bias", nn.initializers.zeros, heads)
        self.position_bias = self.param("position_bias", nn.initializers.zeros, heads)
        self.feed_0, self.feed_1 = dense(c.width), dense(c.width)
        self.gate_attention = GruGate(c.gate_bias, self.dtype, c.init)
        self.gate_feed = GruGate(c.gate_bias, self.dtype, c.init)

    def keys_values(self, inputs: Float[Array, "... D"]) -> tuple[Float[Array, "... H d"], Float[Array, "... H d"]]:
        """Keys and values of layer inputs."""
        normed = self.norm_attention(inputs.astype(jnp.float32)).astype(self.kept)
        keys, values = jnp.split(self.key_value(normed), 2, axis=-1)
        return self._heads(keys), self._heads(values)

    def queries(self, inputs: Float[Array, "... D"]) -> tuple[Float[Array, "... H d"], Float[Array, "... H d"]]:
        """Scaled queries for content and for position."""
        normed = self.norm_attention(inputs.astype(jnp.float32)).astype(self.kept)
        query = self._heads(self.query(normed))
        scale = query.shape[-1] ** -0.5
        content = (query + self.content_bias.astype(self.kept)) * scale
        return content, (query + self.position_bias.astype(self.kept)) * scale

    def logits(
        self, inputs: Float[Array, "E D"], keys: Float[Array, "E H K d"], ages: Float[Array, "H K d"]
    ) -> Float[Array, "E H K"]:
        """How well the queries of one step each fit keys and their ages: products with `queries`, multiplied out."""
        normed = self.norm_attention(inputs.astype(jnp.float32)).astype(self.kept)
        query = self._heads(self.query(normed))[:, :, None]
        content, position = self.content_bias[:, None], self.position_bias[:, None]
        query, keys, ages = (x.astype(jnp.float32) for x in (query, keys, ages))
        fit = jnp.sum(query * (keys + ages) + content * keys + position * ages, axis=-1)
        scaled: jax.Array = fit * query.shape[-1] ** -0.5
        return scaled

    def positions(self, oldest: int) -> Float[Array, "{oldest}+1 H d"]:
        """Positional keys of the ages oldest, ..., 1, 0."""
        age = jnp.arange(oldest, -1, -1, dtype=jnp.float32)
        frequency = jnp.exp(-jnp.log(10_000.0) * jnp.arange(0, self.config.width, 2) / self.config.width)
        angle = age[:, None] * frequency
        wave = jnp.concatenate([jnp.sin(angle), jnp.cos(angle)], axis=-1)[:, : self.config.width]
        return self._heads(self.position(wave.astype(self.kept)))

    def finish(self, inputs: Float[Array, "... D"], attended: Float[Array, "... H d"]) -> Float[Array, "... D"]:
        """Gate the attention's answer in, then the feed-forward block's."""
        attended = attended.reshape(*attended.shape[:-2], self.config.qkv).astype(self.kept)
        x = self.gate_attention(inputs, nn.relu(self.out(attended)))
        normed = self.norm_feed(x.astype(jnp.float32)).astype(self.kept)
        activation = nn.gelu if self.config.feed_activation == "gelu" else nn.relu
        fed = self.feed_1(activation(self.feed_0(normed)))
        return (
            self.gate_feed(x, nn.relu(fed)) if self.config.gate_order == "stream" else self.gate_feed(fed, nn.relu(x))
        )

    def _heads(self, x: jax.Array) -> jax.Array:
        return x.reshape(*x.shape[:-1], self.config.heads, self.config.qkv // self.config.heads)


class Gtrxl(nn.Module):
    """The network; the methods are the agent's functions for given parameters."""

    spec: ObservationSpec
    config: GtrxlConfig

    def setup(self) -> None:
        """Create the encoder, the layers and the heads."""
        c = self.config
        self.encoder = make_encoder(self.spec, c, c.dtype, c.init)
        self.stack = [Layer(c, c.dtype) for _ in range(c.layers)]
        self.heads = Heads(self.spec.num_actions, c.head_hidden, c.dtype)

    def begin(self, memory: Memory) -> Ring:
        """Project the remembered layer inputs to keys and values."""
        keys, values, position, current = [], [], [], []
        for index, layer in enumerate(self.stack):
            k, v = layer.keys_values(memory.inputs[:, :, index])
            ages = jnp.swapaxes(layer.positions(self.config.memory), 0, 1)
            keys.append(jnp.swapaxes(k, 1, 2))
            values.append(jnp.swapaxes(v, 1, 2))
            position.append(jnp.concatenate([ages[:, :-1], ages[:, :-1]], axis=1))
            current.append(ages[:, -1])
        head = jnp.zeros((), jnp.int32)
        return Ring(tuple(keys), tuple(values), tuple(position), tuple(current), head, memory.count)

    def act(self, ring: Ring, observation: Observed, conditioning: jax.Array) -> tuple[Output, Ring]:
        """One step of E environments from the cache."""
        x = self.encoder(observation, conditioning)
        valid = memories.slot_valid(ring)[:, None]
        inputs, new_keys, new_values = [], [], []
        for index, layer in enumerate(self.stack):
            inputs.append(x)
            key, value = layer.keys_values(x)
            look = _sums if on_accelerator() else _products
            attended = look(layer, x, ring, index, (key, value), valid)
            x = layer.finish(x, attended)
            new_keys.append(key)
            new_values.append(value)
        logits, value = self.heads(x, side_by_side=on_accelerator())
        record = jnp.stack(inputs, axis=1).astype(self.config.stored_dtype)
        return Output(logits, value, record), memories.push(ring, new_keys, new_values)

    def unroll(
        self, memory: Memory, observations: Observed, conditioning: jax.Array, record: jax.Array, done: jax.Array
    ) -> tuple[Float[Array, "T E A"], Float[Array, "T E"]]:
        """All steps of T at once, in windows."""
        window = min(self.config.window, done.shape[0])
        if done.shape[0] % window:
            raise ConfigError(f"a rollout of {done.shape[0]} steps is not a multiple of agent.window={window}")
        x = _windows(self.encoder(observations, conditioning), window)
        count = _windows(memories.counts(memory.count, done, self.config.memory), window)
        stored = jnp.concatenate([memory.inputs, jnp.swapaxes(record[: done.shape[0] - window], 0, 1)], axis=1)
        stored = jax.lax.stop_gradient(stored)
        valid = attention.band(count, self.config.memory)
        for index, layer in enumerate(self.stack):
            past = [self._past(a, window, x.shape[1]) for a in layer.keys_values(stored[:, :, index])]
            x = layer.finish(x, _attend(layer, x, past, valid, self.config.memory))
        logits, value = self.heads(x)
        return _steps(logits), _steps(value)

    def _past(self, projected: Float[Array, "E S H d"], window: int, num_windows: int) -> Float[Array, "E N M H d"]:
        """For each window, what lies in the M steps before it."""
        size = self.config.memory
        return jnp.stack([projected[:, n * window : n * window + size] for n in range(num_windows)], axis=1)


def _products(
    layer: Layer, x: jax.Array, ring: Ring, index: int, new: tuple[jax.Array, jax.Array], valid: jax.Array
) -> jax.Array:
    """What a step finds, [E, H, d], in a layer's ring and in its own key and value."""
    (content, position), (key, value) = layer.queries(x), new
    past = jnp.einsum("ehd,ehmd->ehm", content, ring.keys[index], preferred_element_type=jnp.float32)
    past += jnp.einsum(
        "ehd,hmd->ehm", position, memories.rotated_position(ring, index), preferred_element_type=jnp.float32
    )
    now = jnp.sum((content * key + position * ring.self_position[index]).astype(jnp.float32), axis=-1)
    logits = jnp.concatenate([past, now[..., None]], axis=-1)
    weights = jax.nn.softmax(jnp.where(valid, logits, attention.MASKED), axis=-1).astype(value.dtype)
    return jnp.einsum("ehm,ehmd->ehd", weights[..., :-1], ring.values[index]) + weights[..., -1:] * value


def _sums(
    layer: Layer, x: jax.Array, ring: Ring, index: int, new: tuple[jax.Array, jax.Array], valid: jax.Array
) -> jax.Array:
    """The same but for rounding, as sums whose operands need not be made first: three kernels instead of seven."""
    keys, values = (
        jnp.concatenate([past[index], now[:, :, None]], axis=2)
        for past, now in zip((ring.keys, ring.values), new, strict=True)
    )
    ages = jnp.concatenate([memories.rotated_position(ring, index), ring.self_position[index][:, None]], axis=1)
    weights = jax.nn.softmax(jnp.where(valid, layer.logits(x, keys, ages), attention.MASKED), axis=-1)
    return jnp.einsum("ehm,ehmd->ehd", weights.astype(values.dtype), values)


def _attend(layer: Layer, x: jax.Array, past: list[jax.Array], valid: jax.Array, size: int) -> jax.Array:
    """Attention of whole windows [E, N, W, D] to themselves and to the steps before them."""
    keys, values = (jnp.concatenate([p, new], axis=2) for p, new in zip(past, layer.keys_values(x), strict=True))
    return attention.attend(*layer.queries(x), keys, values, layer.positions(size), valid)


def _windows(steps: Shaped[Array, "T E ..."], window: int) -> Shaped[Array, "E N W ..."]:
    moved = jnp.swapaxes(steps, 0, 1)
    return moved.reshape(moved.shape[0], -1, window, *moved.shape[2:])


def _steps(windows: Shaped[Array, "E N W ..."]) -> Shaped[Array, "T E ..."]:
    return jnp.swapaxes(windows.reshape(windows.shape[0], -1, *windows.shape[3:]), 0, 1)


def gtrxl(spec: ObservationSpec, config: GtrxlConfig) -> Agent:
    """The transformer agent; raises `ConfigError` where heads do not divide the width of the queries."""
    if config.qkv % config.heads:
        raise ConfigError(f"agent.qkv is {config.qkv}, which {config.heads} heads do not divide")
    network = Gtrxl(spec, config)
    stored = jnp.dtype(config.stored_dtype)

    def initial_memory(num_envs: int) -> Memory:
        return memories.empty_memory(num_envs, config.memory, config.layers, config.width, stored)

    def init(key: jax.Array) -> Params:
        return network.init(key, *_example(spec, initial_memory(1)), method=_touch)["params"]

    def forget(ring: Ring, done: jax.Array) -> Ring:
        return replace(ring, count=jnp.where(done, 0, ring.count))

    def end(memory: Memory, ring: Ring, record: jax.Array) -> Memory:
        return memories.advance(memory, record, ring.count)

    return Agent(
        name="gtrxl",
        spec=spec,
        init=init,
        initial_memory=initial_memory,
        begin=lambda params, memory: network.apply({"params": params}, memory, method="begin"),
        act=lambda params, *a: network.apply({"params": params}, *a, method="act"),
        forget=forget,
        end=end,
        unroll=lambda params, *a: network.apply({"params": params}, *a, method="unroll"),  # type: ignore[arg-type]
    )


def _touch(network: Gtrxl, memory: Memory, observation: Observed, conditioning: jax.Array) -> jax.Array:
    return network.act(network.begin(memory), observation, conditioning)[0].value


def _example(spec: ObservationSpec, memory: Memory) -> tuple[Memory, Observed, jax.Array]:
    return memory, spec.example(1), jnp.zeros((1, spec.conditioning))
