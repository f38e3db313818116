"""`dicode export runs/NAME`: the trained policy as one portable file, with a manifest and a program that plays it.

The file holds one function, exported with `jax.export`, parameters included:

    logits, value, *memory = call(observation, goal, fresh, *memory)

for any number of environments E: `observation` float32[E, D] is the dense observation (of Craftax, the package's own),
`goal` float32[E, C] what the level asks for (the manifest holds the unmodified game's), `fresh` bool[E] says whose episode has
just begun, and `memory` is what the last call gave, zeros before the first. Nothing of this package is needed to call it.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

import jax
import jax.export
import jax.numpy as jnp
import numpy as np

from dicode import __version__, files
from dicode.agent.make import make_agent
from dicode.agent.settings import computing_in
from dicode.agent.spec import Bits, Category, ObservationSpec, PlainObservation
from dicode.agent.types import Agent
from dicode.config import Config
from dicode.environment.goals import conditioning
from dicode.games.device import DeviceGame

FORMAT = 1
POLICY, MANIFEST, PROGRAM = "policy.stablehlo", "manifest.json", "play.py"
PLATFORMS = ("cpu", "cuda", "tpu")


@dataclass(frozen=True)
class Policy:
    """An agent with its parameters as a function of plain arrays."""

    call: Callable[..., tuple[jax.Array, ...]]
    memory: tuple[jax.ShapeDtypeStruct, ...]
    """Of one environment."""


def agent_of(config: Config, spec: ObservationSpec) -> Agent:
    """The run's agent, with the look-up that every platform can do."""
    settings = computing_in(config.agent, config.learner.precision)
    return make_agent(spec, replace(settings, lookup="onehot"))


def policy(agent: Agent, params: Any) -> Policy:
    """The agent as `call`; what of its cache never changes is part of the function, not of the memory."""
    start = agent.begin(params, agent.initial_memory(1))
    leaves, tree = jax.tree.flatten(start)
    observation, goal = agent.spec.example(1), jnp.zeros((1, agent.spec.conditioning))
    changes = _changing(agent, params, start, observation, goal)

    def call(observation: jax.Array, goal: jax.Array, fresh: jax.Array, *memory: jax.Array) -> tuple[jax.Array, ...]:
        rest = iter(memory)
        whole = [next(rest) if changed else leaf for leaf, changed in zip(leaves, changes, strict=True)]
        cache = agent.forget(jax.tree.unflatten(tree, whole), fresh)
        output, cache = agent.act(params, cache, compact(agent.spec, observation), goal)
        after = [leaf for leaf, changed in zip(jax.tree.leaves(cache), changes, strict=True) if changed]
        return output.logits, output.value, *after

    kept = [leaf for leaf, changed in zip(leaves, changes, strict=True) if changed]
    return Policy(call, tuple(jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in kept))


def _changing(agent: Agent, params: Any, cache: Any, observation: Any, goal: jax.Array) -> list[bool]:
    """Which arrays of the cache a step changes: those that it does not hand through."""
    traced = jax.make_jaxpr(lambda cache: agent.act(params, cache, observation, goal)[1])(cache).jaxpr
    return [after is not before for before, after in zip(traced.invars, traced.outvars, strict=True)]


def compact(spec: ObservationSpec, dense: jax.Array) -> PlainObservation:
    """The compact observation [..., ] whose `ObservationSpec.expand` is `dense` [..., D]."""
    rows, columns = spec.cells
    cells, scalars = jnp.split(dense, [spec.num_cells * spec.cell_channels], axis=-1)
    cells = cells.reshape(*dense.shape[:-1], rows, columns, spec.cell_channels) > 0.5
    return PlainObservation(jnp.stack([_byte(channel, cells) for channel in spec.channels], axis=-1), scalars)


def _byte(channel: Category | Bits, cells: jax.Array) -> jax.Array:
    own = cells[..., channel.offset : channel.offset + channel.size]
    if isinstance(channel, Bits):
        return jnp.sum(own * (1 << jnp.arange(channel.size)), axis=-1).astype(jnp.uint8)
    return jnp.where(jnp.any(own, axis=-1), jnp.argmax(own, axis=-1), channel.size).astype(jnp.uint8)


def serialise(found: Policy, spec: ObservationSpec) -> bytes:
    """The exported function for any number of environments, on every platform of `PLATFORMS`."""
    (envs,) = jax.export.symbolic_shape("envs")

    def shaped(shape: tuple[Any, ...], dtype: Any) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct(shape, dtype)

    memory = [shaped((envs, *leaf.shape[1:]) if leaf.shape else (), leaf.dtype) for leaf in found.memory]
    arguments = (
        shaped((envs, spec.dense_size), jnp.float32),
        shaped((envs, spec.conditioning), jnp.float32),
        shaped((envs,), jnp.bool_),
        *memory,
    )
    return bytes(jax.export.export(jax.jit(found.call), platforms=PLATFORMS)(*arguments).serialize())


def write(folder: Path, game: DeviceGame, config: Config, params: Any, about: dict[str, Any]) -> Path:
    """Write policy, manifest and program into `folder`, new or empty, all or none; returns the policy's file."""
    host = game.host
    goal = conditioning(host, host.target_goal, config.agent.conditioning)
    spec = replace(game.observation, conditioning=len(goal))
    found = policy(agent_of(config, spec), params)
    data = serialise(found, spec)
    manifest = {
        "format": FORMAT,
        **about,
        "game": host.name,
        "agent": config.agent.kind,
        "observation": spec.dense_size,
        "actions": spec.num_actions,
        "target_goal": np.round(goal.astype(float), 7).tolist(),
        "memory": [{"shape": list(leaf.shape), "dtype": str(leaf.dtype)} for leaf in found.memory],
        "platforms": list(PLATFORMS),
        "versions": {"dicode": __version__, "jax": jax.__version__},
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    _put(folder, data, manifest)
    return folder / POLICY


def _put(folder: Path, data: bytes, manifest: Mapping[str, Any]) -> None:
    """Policy, manifest and program in `folder`, all of them or none."""
    program = resources.files("dicode.adapters").joinpath(f"{PROGRAM}.txt")
    with files.output(folder), files.filled(folder) as partial:
        (partial / POLICY).write_bytes(data)
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        (partial / PROGRAM).write_text(program.read_text(encoding="utf-8"), encoding="utf-8")
