"""Steps/s of XLand-MiniGrid on this machine: our step and view against the package's own environment, in one run.

    uv run python benchmarks/xland.py [--envs 256] [--steps 400]

Both play the same worlds of the target with random actions in one scan each, in turns; the best of three counts.
"""

import argparse
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp

from dicode.games.device import StepResult
from dicode.games.xland import dynamics, observation
from dicode.games.xland.device import DEVICE
from dicode.games.xland.state import RuleTable

OTHER = "the package"


def program(step: Callable[..., StepResult], envs: int, steps: int) -> Callable[..., jax.Array]:
    rules = RuleTable(jnp.full(envs, 10_000), jnp.ones(envs, bool))

    def run(state, key):
        def one(carry, key):
            action = jax.random.randint(key, (envs,), 0, 6)
            result = jax.vmap(step)(jax.random.split(key, envs), carry, action, rules)
            seen = jax.vmap(observation.observe)(result.state, rules)
            return result.state, seen.cells.sum() + result.reward.sum()

        return jax.lax.scan(one, state, jax.random.split(key, steps))[1].sum()

    return jax.jit(run)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--envs", type=int, default=256)
    parser.add_argument("--steps", type=int, default=400)
    given = parser.parse_args()
    state = DEVICE.from_arrays(DEVICE.generate(jax.random.PRNGKey(0), given.envs, 0))
    programs = {
        name: program(step, given.envs, given.steps)
        for name, step in {"ours": DEVICE.step, OTHER: dynamics.package_step}.items()
    }
    best = dict.fromkeys(programs, 0.0)
    for turn in range(4):
        for name, run in programs.items():
            began = time.perf_counter()
            jax.block_until_ready(run(state, jax.random.PRNGKey(turn)))
            # The first turn compiles.
            if turn:
                best[name] = max(best[name], given.envs * given.steps / (time.perf_counter() - began))
    for name, speed in best.items():
        print(f"{name:14} {speed:12,.0f} steps/s")
    print(f"ours / the package: {best['ours'] / best[OTHER]:.2f}")


if __name__ == "__main__":
    main()
