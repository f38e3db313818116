"""The number of devices and of processes changes a result by float order only."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dicode.errors import ConfigError
from dicode.learner import distributed

PROGRAM = str(Path(__file__).with_name("sharded.py"))


def launch(devices_here: int, *arguments: object) -> subprocess.Popen[str]:
    flags = f"--xla_force_host_platform_device_count={devices_here}"
    environment = os.environ | {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, PROGRAM, *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def answer(process: subprocess.Popen[str]) -> list[list[float]]:
    out, err = process.communicate(timeout=900)
    assert process.returncode == 0, err[-3000:]
    answers = [line for line in out.splitlines() if line.startswith("[[")]
    return json.loads(answers[0]) if answers else []


@pytest.fixture(scope="module")
def alone() -> list[list[float]]:
    return answer(launch(1, 1))


def assert_close(found: list[list[float]], expected: list[list[float]]) -> None:
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-5)


def test_two_and_eight_devices_equal_one(alone):
    for devices in (2, 8):
        assert_close(answer(launch(8, devices)), alone)


@pytest.mark.long
def test_two_processes_equal_one(alone):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    processes = [launch(1, 2, address, 2, n) for n in range(2)]
    found = [answer(p) for p in processes]
    assert_close(found[0], alone)
    assert found[1] == [], "only process 0 writes"


def test_a_cpu_is_cut_into_the_devices_that_a_run_asks_for_until_it_has_some():
    said = "print(jax.local_device_count())"
    program = (
        f"import jax; from dicode.learner.distributed import use_cpu_devices as use; use(2); {said}; use(3); {said}"
    )
    environment = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"} | {"JAX_PLATFORMS": "cpu"}
    out = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["2", "2"]


@pytest.mark.parametrize(
    ("word", "devices"), [("num_envs=128", 2), ("cpu_devices=1", 1), ("devices=1", 1), ("devices=4", 4)]
)
def test_a_preset_cuts_the_cpu_unless_a_run_says_how_many_devices_it_takes(word, devices):
    program = (
        "import sys, jax; from dicode import config; from dicode.commands import launch; "
        "launch._fits(config.load(['preset=laptop', 'dreamer=grammar', sys.argv[1]])); print(jax.local_device_count())"
    )
    environment = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"} | {"JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-c", program, word]
    out = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert out.stdout.split() == [str(devices)]


LAID_OUT = """
from functools import partial
from typing import Any, NamedTuple

import jax, jax.numpy as jnp, numpy as np
from dicode.accelerator import written_for
from dicode.learner import layout

class Now(NamedTuple):
    env_state: Any

mesh, part = jax.sharding.Mesh(np.array(jax.devices()), ("env",)), jax.sharding.PartitionSpec
own, everywhere = (jax.sharding.NamedSharding(mesh, part(*axes)) for axes in (("env",), ()))
work = jax.shard_map(lambda x, d: 2 * x + d, mesh=mesh, in_specs=(part("env"), part()), out_specs=part("env"))

def played(slots, draws):
    return layout.scan(lambda now, d: (Now(work(now.env_state, d)), now.env_state[:, 0]), Now(slots), draws, 8)

arguments = jnp.arange(24.0).reshape(8, 3), jnp.arange(3.0)
with written_for(accelerator=True):
    compiled = jax.jit(partial(played), in_shardings=(own, everywhere)).lower(*arguments).compile()
moved = [line for line in compiled.as_text().splitlines() if "all-gather" in line or "all-to-all" in line]
assert not moved, moved
told = compiled(*jax.device_put(arguments, (own, everywhere)))
same = jax.tree.map(np.array_equal, told, jax.jit(partial(played))(*arguments))
assert all(jax.tree.leaves(same)), same
"""


def test_arrays_laid_out_for_an_accelerator_stay_on_their_devices():
    environment = os.environ | {"XLA_FLAGS": "--xla_force_host_platform_device_count=2", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run([sys.executable, "-c", LAID_OUT], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.fast
def test_half_an_address_is_refused():
    with pytest.raises(ConfigError, match="all three"):
        distributed.initialise("127.0.0.1:1234", 2)
