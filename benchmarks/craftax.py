"""How fast the game is: our step and our environment against the `craftax` package's, both in one run.

    python benchmarks/craftax.py --sizes 64 256

Prints a table and, as its last line, JSON with the ratios (ours over theirs, higher is faster). Both sides
run the same number of steps with the same random actions inside one compiled loop over a donated state;
measurements alternate and medians are taken, so that a busy machine harms both alike.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# This folder holds a craftax.py, which must not hide the package.
sys.path.sort(key=str(Path(__file__).resolve().parent).__eq__)

import jax
import jax.numpy as jnp
import level_env
import numpy as np

from dicode.games.craftax import package, worlds
from dicode.games.craftax.dynamics import step
from dicode.games.craftax.levels.names import Action
from dicode.games.craftax.levels.schema import state_bytes
from dicode.games.craftax.rules import default_rules
from dicode.games.craftax.state import from_arrays, to_package

SIZES = (16, 64, 256, 1024)
ENVIRONMENTS = 64
"""Size at which LevelEnv is compared with the package's environments."""
BASE_WORLDS = 16


@dataclass(frozen=True)
class Row:
    """One comparison: microseconds per environment and step on both sides."""

    name: str
    num_envs: int
    ours: float
    theirs: float

    @property
    def ratio(self) -> float:
        """How many times faster ours is."""
        return self.theirs / self.ours


def main() -> None:
    """Measure what the flags ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="numbers of environments")
    parser.add_argument("--steps", type=int, default=0, help="steps per measurement; 0: by size")
    parser.add_argument("--repeats", type=int, default=5, help="measurements per side")
    parser.add_argument("--no-compile-time", action="store_true", help="leave out the comparison of compile times")
    parser.add_argument(
        "--no-environment", action="store_true", help="leave out LevelEnv against the package's environments"
    )
    arguments = parser.parse_args()
    # Compile times are only comparable without a cache.
    jax.config.update("jax_enable_compilation_cache", False)
    report: dict[str, float] = {}
    rows, compiled = step_rows(arguments.sizes, arguments.steps, arguments.repeats)
    for row in rows:
        report[f"{row.name}_ratio_{row.num_envs}"] = round(row.ratio, 2)
    report["state_bytes"] = state_bytes()
    environment: list[str] = []
    if not arguments.no_environment:
        speed, _ = level_env.measure(ENVIRONMENTS, arguments.steps or 100, arguments.repeats)
        report |= {key: round(value, 2) for key, value in level_env.ratios(speed, ENVIRONMENTS).items()}
        environment = level_env.table(speed)
    if not arguments.no_compile_time:
        report["compile_ratio"] = round(compiled[0] / compiled[1], 2)
    lines = [f"{'what':>12} {'envs':>6} {'ours us':>9} {'theirs us':>10} {'ratio':>7}"]
    lines += [f"{r.name:>12} {r.num_envs:6d} {r.ours:9.2f} {r.theirs:10.2f} {r.ratio:7.1f}" for r in rows]
    lines.append(f"compile: ours {compiled[0]:.1f} s of CPU, theirs {compiled[1]:.1f} s")
    print("\n".join(lines + environment))
    print(json.dumps(report))


def step_rows(sizes: list[int], steps: int, repeats: int) -> tuple[list[Row], tuple[float, float]]:
    """The step alone at several sizes; also CPU seconds of tracing and compiling (ours, theirs), median of the sizes."""
    bases = worlds.generate(jax.random.PRNGKey(0), BASE_WORLDS)
    rows, compiled = [], []
    for num_envs in sizes:
        length = steps or max(20, 12_800 // num_envs)
        picks = np.arange(num_envs) % BASE_WORLDS
        state = from_arrays({name: array[picks] for name, array in bases.items()})
        rules = jax.tree.map(lambda x, n=num_envs: jnp.broadcast_to(x, (n, *x.shape)), default_rules())
        ours = Loop(lambda k, s, a, r: _pair(step(k, s, a, r)), num_envs, length, jax.tree.map(jnp.array, state), rules)
        theirs = Loop(_package_step, num_envs, length, jax.tree.map(jnp.array, to_package(state)), rules)
        compiled.append((ours.compile_seconds, theirs.compile_seconds))
        times = alternate([ours.run, theirs.run], repeats)
        rows.append(Row("step", num_envs, *(1e6 * t / length / num_envs for t in times)))
    return rows, tuple(statistics.median(side) for side in zip(*compiled, strict=True))


class Loop:
    """A compiled loop of steps with random actions over a state that it owns."""

    def __init__(self, one_step: Callable[..., Any], num_envs: int, length: int, state: Any, rules: Any) -> None:
        """Trace and compile; `one_step(key, state, action, rules) -> (state, reward)`."""

        def run(state: Any, key: jax.Array, rules: Any) -> tuple[Any, jax.Array]:
            def body(state: Any, key: jax.Array) -> tuple[Any, jax.Array]:
                keys = jax.random.split(key, num_envs + 1)
                action = jax.random.randint(keys[-1], (num_envs,), 0, len(Action))
                state, reward = jax.vmap(one_step)(keys[:-1], state, action, rules)
                return state, reward.sum()

            return jax.lax.scan(body, state, jax.random.split(key, length))

        began = time.process_time()
        self._compiled = jax.jit(run, donate_argnums=0).lower(state, jax.random.PRNGKey(0), rules).compile()
        self.compile_seconds = time.process_time() - began
        self._state, self._rules, self._count = _unshared(state), rules, 0

    def run(self) -> None:
        """Play on for one length."""
        self._count += 1
        self._state, rewards = self._compiled(self._state, jax.random.PRNGKey(self._count), self._rules)
        jax.block_until_ready(rewards)


def alternate(sides: list[Callable[[], None]], repeats: int) -> list[float]:
    """Median seconds of each side, measured in turns after one warm-up."""
    times: list[list[float]] = [[] for _ in sides]
    for repeat in range(repeats + 1):
        for side, run in zip(times, sides, strict=True):
            began = time.perf_counter()
            run()
            if repeat:
                side.append(time.perf_counter() - began)
    return [statistics.median(side) for side in times]


def _unshared(state: Any) -> Any:
    """Every leaf in its own buffer, as donation asks."""
    return jax.tree.map(lambda x: jnp.array(np.array(x)), state)


def _pair(result: Any) -> tuple[Any, jax.Array]:
    return result.state, result.reward


def _package_step(key: jax.Array, state: Any, action: jax.Array, _rules: Any) -> tuple[Any, jax.Array]:
    return package.craftax_step(key, state, action, package.ENV_PARAMS, package.STATIC_PARAMS)


if __name__ == "__main__":
    main()
