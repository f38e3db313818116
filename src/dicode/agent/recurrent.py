"""Recurrent agents: an LSTM (the strongest published baseline, and a cheap one) and a GRU.

The gradient flows through the whole rollout and stops at its start. A cell is a function of the
input's and the state's projections, so that both products are batched: the input's before the scan,
the weight gradient of the state's after it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Float

from dicode.accelerator import on_accelerator
from dicode.agent import products
from dicode.agent.actor_critic import Heads
from dicode.agent.encoder import make_encoder
from dicode.agent.initialisers import side_by_side
from dicode.agent.settings import RecurrentConfig
from dicode.agent.spec import ObservationSpec, Observed
from dicode.agent.types import Agent, Output, Params

State = tuple[Float[Array, "E D"], Float[Array, "E D"]]
"""Hidden state and cell; a cell without the second carries it along as zeros."""


@struct.dataclass
class Hidden:
    """What a recurrent agent remembers; zero is nothing."""

    hidden: Float[Array, "E layers D"]
    cell: Float[Array, "E layers D"]


@dataclass(frozen=True)
class Cell:
    """A recurrent cell on projected inputs."""

    gates: int
    """Width of the projections in units of the state's."""
    apply: Callable[[jax.Array, jax.Array, State], State]
    """(projected input, projected hidden state, state) -> state, all float32"""
    bias: Callable[[int], jax.Array]
    """(width) -> initial bias of the projected input"""


def _lstm(x: jax.Array, h: jax.Array, state: State) -> State:
    i, f, g, o = jnp.split(x + h, 4, axis=-1)
    cell = nn.sigmoid(f) * state[1] + nn.sigmoid(i) * jnp.tanh(g)
    return nn.sigmoid(o) * jnp.tanh(cell), cell


def _gru(x: jax.Array, h: jax.Array, state: State) -> State:
    xr, xz, xn = jnp.split(x, 3, axis=-1)
    hr, hz, hn = jnp.split(h, 3, axis=-1)
    update = nn.sigmoid(xz + hz)
    new = jnp.tanh(xn + nn.sigmoid(xr + hr) * hn)
    return new + update * (state[0] - new), state[1]


def _lstm_bias(width: int) -> jax.Array:
    return jnp.zeros(4 * width).at[width : 2 * width].set(1.0)


CELLS = {"lstm": Cell(4, _lstm, _lstm_bias), "gru": Cell(3, _gru, lambda width: jnp.zeros(3 * width))}


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def run_cell(cell: Cell, dtype: str, kernel: jax.Array, inputs: jax.Array, state: State, start: jax.Array) -> jax.Array:
    """Hidden states [T, E, D] for projected inputs [T, E, gates D]; `start[t]` forgets before step t.

    `dtype` is that of the product which gives the kernel's gradient; the recurrence itself is float32.
    """
    return _scan(cell, kernel, inputs, jnp.zeros_like(inputs), state, start)[1][0]


def _scan(
    cell: Cell, kernel: jax.Array, inputs: jax.Array, shift: jax.Array, state: State, start: jax.Array
) -> tuple[State, tuple[jax.Array, jax.Array]]:
    """Last state; hidden states after and before each step. `shift` is added to the projected hidden state."""

    def step(state: State, xs: tuple[jax.Array, ...]) -> tuple[State, tuple[jax.Array, jax.Array]]:
        x, offset, first = xs
        state = jax.tree.map(lambda s: jnp.where(first[:, None], 0.0, s), state)
        before = state[0]
        state = cell.apply(x, before @ kernel + offset, state)
        return state, (state[0], before)

    return jax.lax.scan(step, state, (inputs, shift, start))


def _run_forward(
    cell: Cell, dtype: str, kernel: jax.Array, inputs: jax.Array, state: State, start: jax.Array
) -> tuple[Any, Any]:
    def hidden(inputs: jax.Array, shift: jax.Array, state: State) -> tuple[jax.Array, jax.Array]:
        return _scan(cell, kernel, inputs, shift, state, start)[1]

    # The kernel is a constant of this pullback: the gradient of `shift` is that of the products, and one
    # batched product with the states gives the kernel's, instead of T small sums into a matrix.
    out, pullback, before = jax.vjp(hidden, inputs, jnp.zeros_like(inputs), state, has_aux=True)
    return out, (pullback, before)


def _run_backward(cell: Cell, dtype: str, residual: tuple[Any, ...], gradient: jax.Array) -> tuple[Any, ...]:
    pullback, before = residual
    inputs, projected, state = pullback(gradient)
    return products.outer(before, projected, dtype), inputs, state, None


run_cell.defvjp(_run_forward, _run_backward)


class Recurrent(nn.Module):
    """Encoder, recurrent layers, heads; the methods are the agent's functions for given parameters."""

    spec: ObservationSpec
    config: RecurrentConfig
    cell: Cell

    def setup(self) -> None:
        """Create the encoder, the layers' projections and the heads."""
        c = self.config
        self.kept = products.kept_as(c.dtype)
        self.encoder = make_encoder(self.spec, c, c.dtype)
        bias = lambda key, shape, dtype: self.cell.bias(c.width)  # noqa: E731
        size = self.cell.gates * c.width
        self.inputs = [products.dense(size, c.dtype, bias_init=bias) for _ in range(c.layers)]
        orthogonal = side_by_side(nn.initializers.orthogonal(1.0), self.cell.gates)
        self.kernels = [self.param(f"hidden_{n}", orthogonal, (c.width, size)) for n in range(c.layers)]
        self.heads = Heads(self.spec.num_actions, c.head_hidden, c.dtype)

    def act(self, memory: Hidden, observation: Observed, conditioning: jax.Array) -> tuple[Output, Hidden]:
        """One step of E environments."""
        x = nn.relu(self.encoder(observation, conditioning))
        states = []
        for n, (dense, kernel) in enumerate(zip(self.inputs, self.kernels, strict=True)):
            state = (memory.hidden[:, n], memory.cell[:, n])
            states.append(self.cell.apply(dense(x).astype(jnp.float32), state[0] @ kernel, state))
            x = states[-1][0].astype(self.kept)
        hidden, cell = (jnp.stack(s, axis=1) for s in zip(*states, strict=True))
        logits, value = self.heads(x, side_by_side=on_accelerator())
        return Output(logits, value, ()), Hidden(hidden, cell)

    def unroll(
        self,
        memory: Hidden,
        observations: Observed,
        conditioning: jax.Array,
        record: tuple[jax.Array, ...],
        done: jax.Array,
    ) -> tuple[Float[Array, "T E A"], Float[Array, "T E"]]:
        """All steps of T; where an episode ended the next step starts from nothing."""
        x = nn.relu(self.encoder(observations, conditioning))
        start = jnp.concatenate([jnp.zeros_like(done[:1]), done[:-1]])
        for n, (dense, kernel) in enumerate(zip(self.inputs, self.kernels, strict=True)):
            state = (memory.hidden[:, n], memory.cell[:, n])
            x = run_cell(self.cell, self.config.dtype, kernel, dense(x).astype(jnp.float32), state, start)
            x = x.astype(self.kept)
        return self.heads(x)


def recurrent(spec: ObservationSpec, config: RecurrentConfig) -> Agent:
    """The agent with the cell that `config.kind` names."""
    network = Recurrent(spec, config, CELLS[config.kind])

    def initial_memory(num_envs: int) -> Hidden:
        zero = jnp.zeros((num_envs, config.layers, config.width))
        return Hidden(zero, zero)

    def init(key: jax.Array) -> Params:
        example = (initial_memory(1), spec.example(1), jnp.zeros((1, spec.conditioning)))
        return network.init(key, *example, method="act")["params"]

    def forget(memory: Hidden, done: jax.Array) -> Hidden:
        kept: Hidden = jax.tree.map(lambda m: jnp.where(done[:, None, None], 0.0, m), memory)
        return kept

    return Agent(
        name=config.kind,
        spec=spec,
        init=init,
        initial_memory=initial_memory,
        begin=lambda params, memory: memory,
        act=lambda params, *a: network.apply({"params": params}, *a, method="act"),
        forget=forget,
        end=lambda memory, cache, record: cache,
        unroll=lambda params, *a: network.apply({"params": params}, *a, method="unroll"),  # type: ignore[arg-type]
    )


def without_memory(agent: Agent) -> Agent:
    """The same agent, forgetting after every step: the control that shows what memory is worth."""

    def act(params: Params, cache: object, observation: Observed, conditioning: jax.Array) -> tuple[Output, object]:
        output, cache = agent.act(params, cache, observation, conditioning)
        return output, agent.forget(cache, jnp.ones(output.value.shape, bool))

    def unroll(params: Params, memory: object, observations: Observed, conditioning: jax.Array,
               record: object, done: jax.Array) -> tuple[jax.Array, jax.Array]:  # fmt: skip
        return agent.unroll(params, memory, observations, conditioning, record, jnp.ones_like(done))

    return replace(agent, name=f"{agent.name}-without-memory", act=act, unroll=unroll)
