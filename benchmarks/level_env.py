"""LevelEnv with 16 levels against the package's environment with auto-reset and with optimistic resets.

    python benchmarks/level_env.py [--envs 64] [--steps 100] [--repeats 5] [--skip-package]

Everything plays random actions. The optimistic resets are a plain version written here: every step
makes envs / 16 new worlds and hands them to the environments that ended. Goals: at least 100 x the
auto-reset environment; with every episode ending after 10 steps at least 0.75 of the speed with long
ones. Both sides run in turns in one process; medians.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# This folder holds a craftax.py, which must not hide the package.
sys.path.sort(key=str(Path(__file__).resolve().parent).__eq__)

import jax
import jax.numpy as jnp

from dicode.cache import enable_compile_cache
from dicode.environment.batch import Level, LevelBatch, Sizes, build
from dicode.environment.env import LevelEnv
from dicode.games.craftax import package, worlds
from dicode.games.craftax.device import DEVICE

LEVELS = 16
WORLDS = 16
RESET_RATIO = 16
"""Environments for each world that optimistic resets make in a step."""
SHORT, LONG = 10, 10_000

Run = Callable[[], Any]


def ours(num_envs: int, steps: int) -> tuple[dict[str, Run], float]:
    """Runs of `steps` steps of LevelEnv with short and with long episodes, and the seconds of compilation."""
    pool = worlds.generate(jnp.array([1, 2], jnp.uint32), WORLDS)
    share, extra = divmod(num_envs, LEVELS)
    counts = [share + (i < extra) for i in range(LEVELS)]
    sizes = Sizes(num_envs, LEVELS, LEVELS * WORLDS)
    short, long = (build(DEVICE, [Level(pool)] * LEVELS, counts, sizes, episode_limit=limit) for limit in (SHORT, LONG))
    env = LevelEnv(DEVICE)

    def rollout(key: jax.Array, state: Any, batch: LevelBatch) -> tuple[Any, Any]:
        def body(state: Any, key: jax.Array) -> tuple[Any, Any]:
            act, move = jax.random.split(key)
            action = env.action_space.sample(act, (num_envs,))
            state, seen = env.step(move, state, action, batch)
            return state, (seen.observation, seen.reward, seen.done)

        return jax.lax.scan(body, state, jax.random.split(key, steps))

    key = jnp.array([3, 4], jnp.uint32)
    start = jax.jit(env.reset)
    began = time.perf_counter()
    program = jax.jit(rollout, donate_argnums=1).lower(key, start(key, long), long).compile()
    seconds = time.perf_counter() - began
    states = {"short": start(key, short), "long": start(key, long)}

    def run(name: str, batch: LevelBatch) -> None:
        states[name], seen = program(key, states[name], batch)
        jax.block_until_ready(seen)

    return {"short": lambda: run("short", short), "long": lambda: run("long", long)}, seconds


def auto_reset(num_envs: int, steps: int) -> tuple[Run, float]:
    """The package's own environment, which makes a world for every environment in every step."""
    env = package.CraftaxSymbolicEnv()

    def step(key: jax.Array, state: Any, action: jax.Array) -> tuple[Any, Any]:
        keys = jax.random.split(key, num_envs)
        seen, state, reward, done, _ = jax.vmap(env.step, in_axes=(0, 0, 0, None))(
            keys, state, action, package.ENV_PARAMS
        )
        return state, (seen, reward, done)

    return _scan(env, step, num_envs, steps)


def optimistic(num_envs: int, steps: int) -> tuple[Run, float]:
    """The package's step with a few new worlds a step, shared out to the environments that ended."""
    env = package.CraftaxSymbolicEnvNoAutoReset()
    fresh = max(1, num_envs // RESET_RATIO)

    def step(key: jax.Array, state: Any, action: jax.Array) -> tuple[Any, Any]:
        step_key, reset_key = jax.random.split(key)
        keys = jax.random.split(step_key, num_envs)
        seen, state, reward, done, _ = jax.vmap(env.step, in_axes=(0, 0, 0, None))(
            keys, state, action, package.ENV_PARAMS
        )
        new_seen, new = jax.vmap(env.reset_env, in_axes=(0, None))(
            jax.random.split(reset_key, fresh), package.ENV_PARAMS
        )
        turn = (jnp.cumsum(done) - 1) % fresh

        def choose(new: jax.Array, old: jax.Array) -> jax.Array:
            return jnp.where(done.reshape(-1, *[1] * (old.ndim - 1)), new[turn], old)

        state, seen = jax.tree.map(choose, (new, new_seen), (state, seen))
        return state, (seen, reward, done)

    return _scan(env, step, num_envs, steps)


def _scan(env: Any, step: Callable[..., Any], num_envs: int, steps: int) -> tuple[Run, float]:
    def start(key: jax.Array) -> Any:
        return jax.vmap(env.reset_env, in_axes=(0, None))(jax.random.split(key, num_envs), package.ENV_PARAMS)[1]

    def rollout(key: jax.Array, state: Any) -> tuple[Any, Any]:
        def body(state: Any, key: jax.Array) -> tuple[Any, Any]:
            act, move = jax.random.split(key)
            return step(move, state, jax.random.randint(act, (num_envs,), 0, env.num_actions))

        return jax.lax.scan(body, state, jax.random.split(key, steps))

    key = jnp.array([3, 4], jnp.uint32)
    state = jax.jit(start)(key)
    began = time.perf_counter()
    program = jax.jit(rollout, donate_argnums=1).lower(key, state).compile()
    seconds = time.perf_counter() - began
    held = [state]

    def run() -> None:
        held[0], seen = program(key, held[0])
        jax.block_until_ready(seen)

    return run, seconds


def measure(
    num_envs: int, steps: int, repeats: int, with_package: bool = True
) -> tuple[dict[str, float], dict[str, float]]:
    """Steps per second by side, medians of runs in turns, and seconds of compilation."""
    runs, seconds = ours(num_envs, steps)
    lengths = dict.fromkeys(runs, steps)
    compiled = {"level_env": seconds}
    if with_package:
        # The package is a hundred times slower: fewer steps give the same precision.
        for name, make, length in (
            ("auto_reset", auto_reset, max(2, steps // 20)),
            ("optimistic", optimistic, max(2, steps // 5)),
        ):
            runs[name], compiled[name] = make(num_envs, length)
            lengths[name] = length
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(repeats + 1):
        for name, run in runs.items():
            began = time.perf_counter()
            run()
            if turn:
                taken[name].append(time.perf_counter() - began)
    return {name: num_envs * lengths[name] / statistics.median(times) for name, times in taken.items()}, compiled


def ratios(speed: dict[str, float], num_envs: int) -> dict[str, float]:
    """What the speeds say, under the keys of the benchmark's last line."""
    result = {
        "short_episodes_ratio": speed["short"] / speed["long"],
        f"level_env_steps_per_s_{num_envs}": speed["long"],
    }
    for name, key in (("auto_reset", "autoreset_ratio"), ("optimistic", "optimistic_ratio")):
        if name in speed:
            result[f"{key}_{num_envs}"] = speed["long"] / speed[name]
    return result


def table(speed: dict[str, float]) -> list[str]:
    """One line a side."""
    names = {
        "long": f"LevelEnv, {LEVELS} levels, long episodes",
        "short": f"LevelEnv, {LEVELS} levels, episodes of {SHORT} steps",
        "auto_reset": "package, auto-reset",
        "optimistic": f"package, optimistic resets {RESET_RATIO}:1",
    }
    return [f"{names[name]:45s} {value:12.0f} steps/s" for name, value in speed.items()]


def main() -> None:
    """Print a table and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--envs", type=int, default=64)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--skip-package", action="store_true")
    options = parser.parse_args()
    enable_compile_cache()
    speed, compiled = measure(options.envs, options.steps, options.repeats, not options.skip_package)
    print("\n".join(table(speed)))
    for name, value in compiled.items():
        print(f"{'compile ' + name:45s} {value:12.1f} s")
    print(json.dumps({key: round(value, 3) for key, value in ratios(speed, options.envs).items()}))


if __name__ == "__main__":
    main()
