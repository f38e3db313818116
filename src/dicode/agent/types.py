"""The agent as a value: pure functions over its parameters and its memory.

Between two rollouts a `memory` (leading axis E in every array) says what the agent remembers,
independent of the parameters. During a rollout it is opened into a `cache`, in which what the
parameters imply is computed once.

    cache = agent.begin(params, memory)
    for t in range(T):
        output, cache = agent.act(params, cache, observation, conditioning)   # records output.record
        cache = agent.forget(cache, done)                                     # where an episode ended
    memory = agent.end(memory, cache, records)
    logits, values = agent.unroll(params, memory_before, observations, conditioning, records, dones)

`unroll` gives, with gradients, what `act` gave: equal up to rounding while the parameters are the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
from flax import struct
from jaxtyping import Array, Float

from dicode.agent.spec import ObservationSpec

Params = Any
Memory = Any
Cache = Any
Record = Any


@struct.dataclass
class Output:
    """What one step of the agent gives for E environments."""

    logits: Float[Array, "E A"]
    value: Float[Array, " E"]
    record: Record
    """What `unroll` needs to know of this step; may be empty."""


@dataclass(frozen=True)
class Agent:
    """One kind of agent, as functions."""

    name: str
    spec: ObservationSpec
    init: Callable[[jax.Array], Params]
    """(key) -> params"""
    initial_memory: Callable[[int], Memory]
    """(num_envs) -> memory of having seen nothing"""
    begin: Callable[[Params, Memory], Cache]
    act: Callable[[Params, Cache, Any, jax.Array], tuple[Output, Cache]]
    """(params, cache, observation [E], conditioning [E, C]) -> output, cache that includes this step"""
    forget: Callable[[Cache, jax.Array], Cache]
    """(cache, done bool[E]) -> cache that remembers nothing where done"""
    end: Callable[[Memory, Cache, Record], Memory]
    """(memory at the rollout's start, cache at its end, records [T, E]) -> memory"""
    unroll: Callable[[Params, Memory, Any, jax.Array, Record, jax.Array], tuple[jax.Array, jax.Array]]
    """(params, memory, observations [T, E], conditioning [E, C], records [T, E], done [T, E]) -> logits, values"""
