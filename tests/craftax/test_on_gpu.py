"""On a GPU the game goes as it goes on a CPU: skipped where there is none.

    JAX_PLATFORMS=cuda,cpu pytest --log-cli-level=INFO tests/craftax/test_on_gpu.py

Every step starts from the CPU's state on both devices, so that a difference is counted where it arises and does not spread.
What is counted is a difference of more than rounding: sums of floats are fused otherwise on every device.
"""

import logging
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dicode.accelerator import on_accelerator, written_for

_log = logging.getLogger(__name__)

NUM_ENVS, STEPS = 64, 400


@pytest.fixture(scope="module")
def gpu():
    if jax.default_backend() != "gpu":
        pytest.skip("JAX's default device is no GPU")
    return jax.devices()[0]


def both(function, gpu, *shapes):
    """The function compiled for a CPU as written for CPUs, and for the GPU as written for accelerators, side by side."""

    def compiled(device, accelerator):
        with jax.default_device(device), written_for(accelerator=accelerator):
            placed = jax.sharding.SingleDeviceSharding(device)
            return (
                jax.jit(lambda *given: function(*given), in_shardings=placed, out_shardings=placed)
                .lower(*shapes)
                .compile()
            )

    cpu = jax.devices("cpu")[0]
    with ThreadPoolExecutor(2) as pool:
        pending = [pool.submit(compiled, *each) for each in ((cpu, False), (gpu, True))]
        programs = [each.result() for each in pending]
    return [
        lambda *given, p=p, d=d: jax.device_get(p(*jax.device_put(given, d)))
        for p, d in zip(programs, (cpu, gpu), strict=True)
    ]


def ulps(a, b):
    """The largest distance of two arrays of float32, in units in the last place."""
    first, second = (
        np.where(x < 0, np.int64(-(2**31)) - x, x) for x in ((v + 0.0).view(np.int32).astype(np.int64) for v in (a, b))
    )
    return int(np.abs(first - second).max(initial=0))


@dataclass
class Differences:
    """What two devices gave, counted over many calls."""

    rounded: dict[str, int] = field(default_factory=dict)
    """Leaves whose floats differ, and by how many units in the last place at most."""
    found: Counter = field(default_factory=Counter)
    """Leaves that differ by more, with the number of environments and calls."""

    def add(self, first, second):
        for (path, a), b in zip(jax.tree_util.tree_leaves_with_path(first), jax.tree.leaves(second), strict=True):
            name, a, b = jax.tree_util.keystr(path), np.asarray(a), np.asarray(b)
            differs = a != b
            if a.dtype == np.float32 and differs.any():
                self.rounded[name] = max(self.rounded.get(name, 0), ulps(a, b))
                # Health minus a wound may nearly cancel: its rounding is that of numbers up to ten.
                differs &= np.abs(a - b) > 2 * 2.0**-23 * np.maximum(10.0, np.abs(a))
            if differs.any():
                self.found[name] += int(differs.reshape(len(a), -1).any(axis=1).sum())


@pytest.mark.fast
def test_rounding_is_told_apart_from_a_difference():
    one = {"health": np.array([9.0, 1.0], np.float32), "block": np.array([3, 4], np.uint8)}
    rounded, compared = one | {"health": np.nextafter(one["health"], np.float32(10))}, Differences()
    compared.add(one, rounded)
    assert (compared.found, compared.rounded) == ({}, {"['health']": 1})
    compared.add(one, {"health": one["health"] + np.float32([0, 1e-4]), "block": np.array([3, 5], np.uint8)})
    assert compared.found == {"['health']": 1, "['block']": 1}


def test_worlds_are_the_same(gpu):
    from dicode.games.craftax import package
    from dicode.games.craftax.state import from_package
    from dicode.games.craftax.worlds import world_key

    def generate(key):
        def one(index):
            return from_package(
                package.generate_world(world_key(key, index), package.ENV_PARAMS, package.STATIC_PARAMS)
            )

        return jax.vmap(one)(jnp.arange(16))

    sides = both(generate, gpu, jax.ShapeDtypeStruct((2,), jnp.uint32))
    seen = Differences()
    for number in range(16):
        seen.add(*(side(np.array([8, number], np.uint32)) for side in sides))
    _log.info("256 worlds: %s", seen)
    assert not seen.found


def test_steps_and_what_is_seen_of_them_are_the_same(gpu, worlds8):
    import parity_worlds

    from dicode.games.craftax.dynamics import draw_ahead, step
    from dicode.games.craftax.levels.schema import STATE_FIELDS
    from dicode.games.craftax.observation import observe
    from dicode.games.craftax.rules import default_rules
    from dicode.games.craftax.state import from_arrays

    rng = np.random.default_rng(0)

    def play(keys, state, action):
        rules = default_rules()
        draws = jax.vmap(draw_ahead)(keys) if on_accelerator() else keys
        result = jax.vmap(step, in_axes=(0, 0, 0, None))(draws, state, action, rules)
        seen = jax.vmap(observe, in_axes=(0, None))(result.state, rules)
        return result, seen.cells, seen.scalars

    starts = [parity_worlds.start(worlds8, number, 0) for number in range(NUM_ENVS)]
    state = jax.device_get(from_arrays({name: np.stack([world[name] for world in starts]) for name in STATE_FIELDS}))
    shapes = jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype), state)
    sides = both(
        play, gpu, jax.ShapeDtypeStruct((NUM_ENVS, 2), jnp.uint32), shapes, jax.ShapeDtypeStruct((NUM_ENVS,), jnp.int32)
    )
    keys = np.asarray(rng.integers(0, 2**32, (STEPS, NUM_ENVS, 2)), np.uint32)
    compared, rewards = Differences(), 0.0
    for number in range(STEPS):
        action = np.where(rng.random(NUM_ENVS) < 0.3, 5, rng.integers(0, 43, NUM_ENVS)).astype(np.int32)
        cpu, card = (side(keys[number], state, action) for side in sides)
        compared.add(cpu, card)
        state, rewards = cpu[0].state, rewards + float(cpu[0].reward.sum())
    _log.info("%s worlds, %s steps, rewards %.1f: %s", NUM_ENVS, STEPS, rewards, compared)
    assert rewards > 10
    assert not compared.found
