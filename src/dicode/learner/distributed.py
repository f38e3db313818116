"""Devices and processes: environments are sharded over all devices, everything else is replicated.

The programs are written for E environments and say nothing about devices; results differ from one
device's only by the order of float sums. With several processes each runs the same host program and
passes the same values; only process 0 writes files.
"""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import jax
import numpy as np
from jax._src.distributed import global_state as distributed_state
from jax.experimental import multihost_utils
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from dicode.errors import ConfigError, RunError
from dicode.machine import use_threads

AXIS = "env"

_SHUTDOWN_S = 30
"""Seconds that a process which has ended waits for the others to end."""


def slurm_processes() -> int:
    """Processes of the SLURM step this one belongs to; 1 outside of `srun` (a batch script alone is no step)."""
    step = ("SLURM_JOB_ID", "SLURM_STEP_NODELIST", "SLURM_STEP_NUM_TASKS", "SLURM_PROCID")
    return int(os.environ["SLURM_STEP_NUM_TASKS"]) if all(name in os.environ for name in step) else 1


def initialise(coordinator: str | None = None, num_processes: int | None = None, process_id: int | None = None) -> bool:
    """Join the other processes of this run: by the given addresses, else by SLURM's; False for a run of one process.

    Call once, before anything else asks JAX for its devices. Under SLURM each process takes one accelerator of its
    node. Raises `ConfigError` for half an address, `RunError` if the others do not come within five minutes.
    """
    given = (coordinator is not None, num_processes is not None, process_id is not None)
    use_threads()
    if any(given) and not all(given):
        raise ConfigError("several processes need coordinator, num_processes and process_id, all three")
    if not all(given) and slurm_processes() == 1:
        return False
    try:
        jax.distributed.initialize(coordinator, num_processes, process_id, shutdown_timeout_seconds=_SHUTDOWN_S)
    except jax.errors.JaxRuntimeError as error:
        raise RunError(f"the processes of this run did not find each other: {str(error).splitlines()[0]}") from error
    return True


def use_cpu_devices(count: int) -> None:
    """Cut this process's CPU into `count` devices, so that each plays and learns from its own environments.

    For entry points: it holds for all that the process does. Does nothing where JAX has its devices already, or is
    told of them by `XLA_FLAGS`; accelerators are not touched.
    """
    use_threads()
    told = "xla_force_host_platform_device_count" in os.environ.get("XLA_FLAGS", "")
    if count > 1 and not told:
        with suppress(RuntimeError):  # what JAX says once it has its devices
            jax.config.update("jax_num_cpu_devices", count)


def leader_host() -> str:
    """Name or address of the machine of process 0; only after `initialise`."""
    return str(distributed_state.coordinator_address).rsplit(":", 1)[0].strip("[]")


def publish(name: str, value: bytes) -> None:
    """Tell all processes a small value, once; they ask for it with `published`."""
    client: Any = distributed_state.client
    client.key_value_set_bytes(name, value)


def published(name: str, timeout_s: float = 300.0) -> bytes:
    """What process 0 has told under `name`, waited for."""
    client: Any = distributed_state.client
    value: bytes = client.blocking_key_value_get_bytes(name, int(timeout_s * 1000))
    return value


def wait_for_all(name: str, timeout_s: int = 3600) -> None:
    """Return when every process has come here; at once for a run of one process.

    Collectives give up on a process that is late by more than some seconds, which after a cold compile it may be.
    """
    client = distributed_state.client
    if jax.process_count() > 1 and client is not None:
        client.wait_at_barrier(name, timeout_in_ms=timeout_s * 1000)


def make_mesh(num_envs: int, strata: int, devices: Sequence[jax.Device] | None = None) -> Mesh:
    """A line of devices; raises `ConfigError` where environments or strata do not divide among them."""
    devices = list(jax.devices() if devices is None else devices)
    for name, count in (("environments", num_envs), ("strata of minibatches", strata)):
        if count % len(devices):
            raise ConfigError(
                f"{count} {name} do not divide among {len(devices)} devices; "
                f"choose num_envs, learner.minibatches and learner.strata so that they do"
            )
    return Mesh(np.array(devices), (AXIS,))


def replicated(mesh: Mesh) -> NamedSharding:
    """The whole array on every device."""
    return NamedSharding(mesh, PartitionSpec())


def along(mesh: Mesh, axis: int) -> NamedSharding:
    """Cut along one axis."""
    return NamedSharding(mesh, PartitionSpec(*[None] * axis, AXIS))


def place(tree: Any, shardings: Any) -> Any:
    """Put host or device arrays, equal in every process, where a program expects them; free where they are there."""
    if jax.process_count() == 1:
        return jax.device_put(tree, shardings)

    def put(x: Any, sharding: NamedSharding) -> jax.Array:
        if isinstance(x, jax.Array) and x.sharding == sharding:
            return x
        host = np.asarray(x)
        return jax.make_array_from_callback(host.shape, sharding, lambda index: host[index])

    return jax.tree.map(put, tree, shardings)


def fetch(tree: Any) -> Any:
    """Host copies of replicated arrays (metrics, statistics, parameters); waits for them."""
    return jax.tree.map(lambda x: np.asarray(x.addressable_data(0)) if isinstance(x, jax.Array) else x, tree)


def gather(tree: Any) -> Any:
    """Host copies of arrays however they are laid out; waits. Every process must call it at the same place."""
    if jax.process_count() == 1:
        return jax.tree.map(np.asarray, tree)
    return multihost_utils.process_allgather(tree, tiled=True)


def mesh_devices(per_process: int) -> list[jax.Device]:
    """The first `per_process` devices of every process, or all for 0."""
    ordered: dict[int, list[jax.Device]] = {}
    for device in jax.devices():
        ordered.setdefault(device.process_index, []).append(device)
    return [device for own in ordered.values() for device in own[: per_process or None]]


def fields(shardings: Mapping[str, Any], default: Any, tree: Any) -> Any:
    """Shardings of a record: the named fields as given, `default` for every array of the others."""
    parts = {name: shardings.get(name, jax.tree.map(lambda _: default, value)) for name, value in vars(tree).items()}
    return type(tree)(**parts)
