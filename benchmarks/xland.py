"""Steps/s of XLand-MiniGrid on this machine: our step and view against the package's own environment, in one run.

    uv run python benchmarks/xland.py [--envs 256] [--steps 400]
    uv run python benchmarks/xland.py --loop      training: our loop's programs against a plain learner on the package's environment

Both play the same worlds of the target with random actions in one scan each, in turns; the best of three counts.
"""

import argparse
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import plain_xland

from dicode import config as configuration
from dicode.agent.make import make_agent
from dicode.environment.batch import Level, Sizes, build
from dicode.environment.env import LevelEnv
from dicode.games.device import StepResult
from dicode.games.xland import dynamics, observation
from dicode.games.xland.device import DEVICE
from dicode.games.xland.state import RuleTable
from dicode.learner import schedule
from dicode.learner.programs import compile_programs

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


def stepping(envs: int, steps: int) -> dict[str, tuple[int, Callable[[int], object]]]:
    """Steps of a run and the run, by name: random actions."""
    state = DEVICE.from_arrays(DEVICE.generate(jax.random.PRNGKey(0), envs, 0))
    steppers = {"ours": DEVICE.step, OTHER: dynamics.package_step}
    programs = {name: program(step, envs, steps) for name, step in steppers.items()}

    def runner(run: Callable[..., jax.Array]) -> Callable[[int], object]:
        return lambda turn: run(state, jax.random.PRNGKey(turn))

    return {name: (envs * steps, runner(run)) for name, run in programs.items()}


def training() -> dict[str, tuple[int, Callable[[int], object]]]:
    """The same for one rollout and its update, with the settings of `experiment=xland/compare`."""
    config = configuration.load(["experiment=xland/compare", "method=ppo"])
    told = config.agent.conditioning
    env = LevelEnv(DEVICE, bootstrap_time_limit=config.learner.bootstrap_time_limit, conditioning=told)
    levels, sizes = [Level(DEVICE.generate(jax.random.PRNGKey(0), 512, 0))], Sizes(config.num_envs, 1, 512)
    batch = build(DEVICE, levels, [config.num_envs], sizes, episode_limit=config.episode_limit, conditioning_kind=told)
    agent = make_agent(env.spec, config.agent)
    ours = compile_programs(agent, env, config.learner, batch, progress=print)
    key = np.array([1, 2], np.uint32)
    held = {"learner": ours.init(key, schedule.linear(1e-3, 1e-4, 0, 1000)), "carry": ours.start(key, batch)}
    held["plain"], plain = plain_xland.trainer(config.num_envs, config.agent.width, config.learner)

    def loop(turn: int) -> object:
        held["carry"], trajectory, _ = ours.rollout(held["learner"].params, held["carry"], batch, key + turn)
        held["learner"], metrics = ours.update(held["learner"], trajectory, key + turn)
        return metrics

    def other(turn: int) -> object:
        held["plain"] = plain(held["plain"], jax.random.key(turn))
        return held["plain"][0]

    return {"ours": (ours.steps_per_update, loop), OTHER: (ours.steps_per_update, other)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--envs", type=int, default=256)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--loop", action="store_true", help="training instead of random actions")
    given = parser.parse_args()
    runs = training() if given.loop else stepping(given.envs, given.steps)
    best = dict.fromkeys(runs, 0.0)
    for turn in range(4):
        for name, (steps, run) in runs.items():
            began = time.process_time()
            jax.block_until_ready(run(turn))
            # The first turn compiles. Processor time counts, since other work may share the core.
            if turn:
                best[name] = max(best[name], steps / (time.process_time() - began))
    for name, speed in best.items():
        print(f"{name:14} {speed:12,.0f} steps per second of processor time")
    print(f"ours / the package: {best['ours'] / best[OTHER]:.2f}")


if __name__ == "__main__":
    main()
