"""Is there room? The devices, the memory and the disk that a run needs, estimated from shapes before anything compiles.

Device memory is counted array by array: what the programs take and give, and what the backward pass keeps of one
minibatch. XLA adds temporaries that nobody knows before compiling, so the estimate is on the low side; a run that it
refuses can't work.
"""

import shutil
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from dicode.config import Config
from dicode.errors import ConfigError
from dicode.learner import distributed, update
from dicode.learner.schedule import linear
from dicode.learner.types import PpoConfig
from dicode.training.sizes import pool_size
from dicode.training.trainer import Trainer

BASE = 1e9
"""Bytes of a process that has compiled the game's step, before any array."""
COUNTERS = 4096
"""Bytes that an environment keeps beside the game's state: goal, counters, its first episode."""
STEP_SCALARS = 41
"""Bytes of a step in the trajectory beside observation and record: action, value, reward, advantage, ..."""


@dataclass(frozen=True)
class Need:
    """Bytes by what they are for; `device` is the most of one device, `host` what the process needs beside it."""

    device: dict[str, float]
    host: dict[str, float]
    fixed: float
    """Of `device`, what does not grow with the environments."""


def on_this_machine(config: Config) -> Config:
    """The configuration with no more devices than there are, for what gives the same on any number of them."""
    distributed.use_cpu_devices(config.cpu_parts)
    return replace(config, devices=min(config.devices, jax.local_device_count()))


def require(config: Config, training: bool = True, folder: Path | None = None) -> None:
    """Raise ConfigError if devices, memory or the disk of `folder` can't hold the run; names numbers and settings."""
    devices = require_devices(config)
    found = need(config, len(devices), training)
    mine = [device for device in devices if device.process_index == jax.process_index()]
    on_host = mine[0].platform == "cpu"
    free = memory_available()
    if on_host:
        whole = {name: size * len(mine) for name, size in found.device.items()} | found.host
        _compare(config, whole, found.fixed + sum(found.host.values()), free, "this machine has {} of memory free")
    else:
        _compare(config, found.host, sum(found.host.values()), free, "this machine has {} of memory free")
        stats = mine[0].memory_stats() or {}
        left = stats.get("bytes_limit", float("inf")) - stats.get("bytes_in_use", 0)
        _compare(config, found.device, found.fixed, left, f"a {mine[0].device_kind} has {{}} of memory for it")
    if folder is not None:
        _require_disk(config, found.device["network and optimiser"], folder)


def require_devices(config: Config) -> list[jax.Device]:
    """The devices of the run. Raises ConfigError where a process has too few, or environments don't divide among them."""
    have = jax.local_device_count()
    if config.devices > have:
        kinds = ", ".join(sorted({device.device_kind for device in jax.local_devices()}))
        raise ConfigError(
            f"devices={config.devices}, but this process has {have} ({kinds}); use devices={have}, or 0 for all"
        )
    devices = distributed.mesh_devices(config.devices)
    strata = update.num_strata(config.num_envs, config.learner)
    blocks = f"blocks of num_envs={config.num_envs} environments (learner.strata={config.learner.strata} at most)"
    for count, name in ((config.num_envs, "num_envs"), (strata, blocks)):
        if count % len(devices):
            more = f" and learner.strata one of {len(devices)}" if config.learner.strata % len(devices) else ""
            raise ConfigError(
                f"{count} {name} do not divide among {len(devices)} devices; use devices=1, or make num_envs a multiple "
                f"of {config.learner.minibatches * len(devices)}{more}"
            )
    return devices


def need(config: Config, devices: int, training: bool = True) -> Need:
    """What a run takes on each of `devices` devices; `training`: learning too, not only playing."""
    trainer, envs, steps = Trainer(config), config.num_envs // devices, config.learner.rollout_steps
    agent, state_bytes = trainer.agent, trainer.game.host.state_bytes
    key = jax.ShapeDtypeStruct((2,), jnp.uint32)
    schedule = jax.eval_shape(lambda: linear(1.0, 0.0, 0, 1))
    learner = jax.eval_shape(partial(update.init, agent, PpoConfig()), key, schedule)
    state, pool = state_bytes + COUNTERS, pool_size(config) * state_bytes

    def played(count: int) -> tuple[Any, ...]:
        """Memory, cache, observation, conditioning and record of `count` environments."""
        memory = jax.eval_shape(lambda: agent.initial_memory(count))
        cache = jax.eval_shape(agent.begin, learner.params, memory)
        seen = jax.eval_shape(lambda: agent.spec.example(count))
        wanted = jax.ShapeDtypeStruct((count, agent.spec.conditioning), jnp.float32)
        output, cache = jax.eval_shape(agent.act, learner.params, cache, seen, wanted)
        return memory, cache, seen, wanted, output.record

    memory, cache, seen, wanted, record = played(envs)
    trajectory = steps * (_bytes(seen) + _bytes(record) + envs * STEP_SCALARS) + _bytes(memory) + _bytes(wanted)
    device = {
        "network and optimiser": _bytes(learner),
        "worlds of the levels": float(pool),
        "states of the environments": float(envs * state) + _bytes(seen),
        "memory of the agent": _bytes(memory) + _bytes(cache),
        "steps between two updates": trajectory,
    }
    if training:
        part = played(max(envs // config.learner.minibatches, 1))
        kept = _kept_for_gradient(agent, learner.params, part, steps)
        device["gradient of one minibatch"] = kept + trajectory / config.learner.minibatches + _bytes(learner.params)
    # The pools as they are built, joined, and on their way to the device; the learner on its way to the disk.
    host = {"programs": BASE, "worlds being built": 2.0 * pool, "checkpoint being written": _bytes(learner)}
    fixed = _bytes(learner) + pool + (_bytes(learner.params) if training else 0.0)
    return Need(device, host, fixed)


def _kept_for_gradient(agent: Any, params: Any, part: tuple[Any, ...], steps: int) -> float:
    """Bytes that the backward pass keeps of the forward pass over a minibatch."""
    memory, _, seen, wanted, record = part
    count = wanted.shape[0]

    def longer(tree: Any) -> Any:
        return jax.tree.map(lambda x: jax.ShapeDtypeStruct((steps, *x.shape), x.dtype), tree)

    done = jax.ShapeDtypeStruct((steps, count), jnp.bool_)

    def residuals(params: Any, memory: Any, seen: Any, wanted: Any, record: Any, done: Any) -> Any:
        return jax.vjp(lambda p: agent.unroll(p, memory, seen, wanted, record, done), params)[1]

    return _bytes(jax.eval_shape(residuals, params, memory, longer(seen), wanted, longer(record), done))


def _bytes(tree: Any) -> float:
    return float(sum(np.prod(x.shape, dtype=float) * x.dtype.itemsize for x in jax.tree.leaves(tree)))


def _compare(config: Config, parts: dict[str, float], fixed: float, free: float, have: str) -> None:
    total = sum(parts.values())
    if total <= free:
        return
    first, second = sorted(parts, key=lambda name: -parts[name])[:2]
    fit = int(0.98 * (free - fixed) / max(total - fixed, 1.0) * config.num_envs)
    fit -= fit % config.learner.minibatches
    if fit >= 2 * config.level_slots:
        help_ = f"lower num_envs={config.num_envs} (about {fit} fit)"
    else:
        help_ = "lower pool_size or worlds_per_level" if "worlds" in first else "choose a smaller agent"
    raise ConfigError(
        f"this run needs about {_size(total)} ({_size(parts[first])} for the {first}, {_size(parts[second])} for the {second}), "
        f"and {have.format(_size(free))}; {help_}"
    )


def _require_disk(config: Config, learner: float, folder: Path) -> None:
    there = next(part for part in (folder, *folder.absolute().parents) if part.exists())
    wanted, free = (max(config.keep_checkpoints, 2) + 1) * learner, shutil.disk_usage(there).free
    if wanted > free:
        raise ConfigError(
            f"the checkpoints of this run need about {_size(wanted)}, and {_size(free)} are free at {folder}; "
            "free some space there, or choose another place with runs_dir="
        )


def _size(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def memory_available() -> float:
    """Bytes of memory that this process may still take: the machine's, or its container's if that is less."""
    return min(_machine_available(), *(_container_available(*names) for names in _CGROUPS))


_CGROUP_ROOT = Path("/sys/fs/cgroup")
_CGROUPS = (
    ("memory.max", "memory.current", "memory.stat", "inactive_file"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat", "total_inactive_file"),
)
"""Limit, use, and what of the use can be had back, under cgroups 2 and 1."""


def _machine_available() -> float:
    try:
        text = Path("/proc/meminfo").read_text()
    except OSError:
        return float("inf")  # no Linux: nothing is known, so nothing is refused
    rows = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    return 1024.0 * int(rows["MemAvailable"].split()[0]) if "MemAvailable" in rows else float("inf")


def _container_available(limit: str, used: str, stat: str, reclaimable: str) -> float:
    try:
        most, now = (_CGROUP_ROOT / limit).read_text().strip(), int((_CGROUP_ROOT / used).read_text())
        rows = dict(line.split() for line in (_CGROUP_ROOT / stat).read_text().splitlines())
    except (OSError, ValueError):
        return float("inf")
    return float(most) - now + int(rows.get(reclaimable, 0)) if most.isdigit() else float("inf")
