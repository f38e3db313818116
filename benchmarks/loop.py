"""Where a cycle's time goes, for 16 levels and 64 environments: environment, rollout, whole cycle, compilation, worlds.

    uv run python benchmarks/loop.py [--agent lstm_small] [--updates 8] [--repeats 3]

Prints a table and, as the last line, one JSON object. All figures are medians of `--repeats` and come
from one process; compare ratios, not absolute times, between machines.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from statistics import median

# This folder holds a craftax.py, which must not hide the package.
sys.path.sort(key=str(Path(__file__).resolve().parent).__eq__)

import jax
import jax.numpy as jnp
import numpy as np

from dicode import config as configuration
from dicode.cache import enable_compile_cache
from dicode.curriculum.snapshot import target_record
from dicode.games.craftax import library
from dicode.games.craftax.device import DEVICE
from dicode.games.craftax.host import HOST
from dicode.learner.compilation import count_compilations
from dicode.sandbox import Sandbox
from dicode.streams import Streams
from dicode.training.builder import LevelBuilder
from dicode.training.checker import record_of
from dicode.training.trainer import Trainer
from dicode.types import TARGET, Accepted, Draft, Origin, Proposal, Slot

SETTINGS = ["preset=laptop", "num_envs=64", "level_slots=16", "target_share=0.25", "dreamer=none"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agent", default="lstm_small", help="agent group (lstm_small, gtrxl_small, lstm, gtrxl)")
    parser.add_argument("--updates", type=int, default=8, help="updates a cycle")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    enable_compile_cache()
    words = [*SETTINGS, f"agent={options.agent}", f"updates_per_cycle={options.updates}"]
    config = configuration.load([*words, f"episode_limit={options.updates * 64 // 2}"])
    with Sandbox(HOST) as sandbox:
        print_table(
            *measure(config, LevelBuilder(DEVICE, sandbox, Streams(0), config.worlds_per_level), options.repeats)
        )


def proposal(first: int, builder: LevelBuilder, cycle: int) -> tuple[Proposal, dict, int]:
    """Fifteen library levels from number `first` on, and the target; their pools; and how many worlds were built."""
    drafts = [Draft(source, name, Origin.LIBRARY) for name, source in library.load()]
    accepted = Accepted({}, {}, "")
    records = [record_of(draft, accepted, 0) for draft in (drafts * 2)[first : first + 60]]
    plain = [r for r in records if "def transition" not in r.source and "def success" not in r.source]
    records = list({r.id: r for r in plain if "def bonus" not in r.source}.values())[:15]
    playables = {r.id: builder.playable(r, cycle, builder.worlds_per_level) for r in records}
    playables[TARGET] = builder.playable(target_record(), cycle, builder.worlds_per_level)
    slots = [Slot(TARGET, 19)] + [Slot(r.id, 3) for r in records]
    return Proposal(tuple(slots)), playables, sum(len(p.pool["player_level"]) for p in playables.values())


def measure(config, builder: LevelBuilder, repeats: int):
    """The figures, by name."""
    trainer = Trainer(config)
    builder.base_worlds("", "warm", 0, 16)  # compile the world generator
    seconds, batches, built = [], [], 0
    for cycle in range(2):
        began = time.perf_counter()
        slots, playables, built = proposal(cycle * 15, builder, cycle)
        seconds.append(time.perf_counter() - began)
        batches.append(trainer.batch(slots, playables, 20.0))
    with count_compilations() as first:
        trainer.compile(batches[0], print)
        learner = trainer.new_learner()
        learner = trainer.train(learner, batches[0], 0, lambda update, metrics: None).learner
    with count_compilations() as second:
        result = trainer.train(learner, batches[1], 1, lambda update, metrics: None)
    learner, episodes = result.learner, int(np.sum(result.stats.levels.episodes))
    cycles, rollouts = [], []
    for repeat in range(repeats):
        began = time.perf_counter()
        learner = trainer.train(learner, batches[repeat % 2], 2 + repeat, lambda update, metrics: None).learner
        jax.block_until_ready(learner)
        cycles.append(config.steps_per_cycle / (time.perf_counter() - began))
        rollouts.append(rollout_speed(trainer, learner, batches[repeat % 2], config))
    env = [env_speed(trainer, batches[0], config) for _ in range(repeats)]
    figures = {
        "env_steps_per_s": median(env),
        "rollout_steps_per_s": median(rollouts),
        "cycle_steps_per_s": median(cycles),
        "compile_s_first": first.seconds,
        "compile_s_second": second.seconds,
        "programs_second": second.programs,
        "worlds_per_s": built / median(seconds),
        "uses_of_a_world": episodes / built,
    }
    return config, figures


def rollout_speed(trainer: Trainer, learner, batch, config) -> float:
    """Steps a second of the compiled rollout alone."""
    key = jnp.zeros(2, jnp.uint32)
    carry = trainer.programs.start(key, batch)
    carry, _, _ = trainer.programs.rollout(learner.params, carry, batch, key)
    jax.block_until_ready(carry)
    began = time.perf_counter()
    for _ in range(4):
        carry, _, _ = trainer.programs.rollout(learner.params, carry, batch, key)
    jax.block_until_ready(carry)
    return 4 * config.steps_per_update / (time.perf_counter() - began)


def env_speed(trainer: Trainer, batch, config, steps: int = 256) -> float:
    """Steps a second of the environment under uniform actions, nothing else in the program."""
    if not hasattr(env_speed, "program"):

        def run(key, batch):
            def step(state, key):
                act, move = jax.random.split(key)
                action = jax.random.randint(act, (config.num_envs,), 0, trainer.env.action_space.n)
                state, seen = trainer.env.step(move, state, action, batch)
                return state, seen.reward.sum()

            state = trainer.env.reset(key, batch)
            return jax.lax.scan(step, state, jax.random.split(key, steps))[1].sum()

        env_speed.program = jax.jit(run).lower(jnp.zeros(2, jnp.uint32), batch).compile()
        jax.block_until_ready(env_speed.program(jnp.zeros(2, jnp.uint32), batch))
    began = time.perf_counter()
    jax.block_until_ready(env_speed.program(jnp.ones(2, jnp.uint32), batch))
    return steps * config.num_envs / (time.perf_counter() - began)


def print_table(config, figures: dict) -> None:
    """For people, then for machines."""
    print(
        f"\n16 levels, 64 environments, agent {config.agent.kind} of width {config.agent.width}, {jax.devices()[0].device_kind}"
    )
    for name, value in figures.items():
        print(f"  {name:22} {value:12,.2f}")
    print(json.dumps({name: round(float(value), 3) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
