"""What half precision gains on this CPU: the network's part of rollouts and updates, float32 and bfloat16 in turns.

    python benchmarks/precision.py [--core 0] [--repeats 7]

The laptop preset's agent and passes, the same with four passes over 64 environments, and the paper's transformer, in an
environment that costs nothing. Microseconds of processor time a step on one core, medians; so what else the machine does
counts little. Prints a table, and as its last line one JSON object: `NAME_rollout` and `NAME_update`, float32 over bfloat16.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path
from statistics import median

# This folder holds a craftax.py, which must not hide the package.
sys.path.sort(key=str(Path(__file__).resolve().parent).__eq__)

import jax
from learner import PAPER, Side, ours
from learner_envs import FreeEnv

from dicode import config
from dicode.agent.make import make_agent
from dicode.agent.settings import GtrxlConfig, computing_in
from dicode.cache import enable_compile_cache
from dicode.environment.env import LevelEnv
from dicode.games.craftax.device import DEVICE

LAPTOP = config.load(["preset=laptop", "devices=1"])
FOUR = config.load(["preset=laptop", "devices=1", "num_envs=64", "learner.epochs=4", "learner.minibatches=4"])
SHAPES = {
    "laptop": (LAPTOP.agent, LAPTOP.learner, LAPTOP.num_envs),
    "four_passes": (FOUR.agent, FOUR.learner, FOUR.num_envs),
    "transformer": (GtrxlConfig(), PAPER, 64),
}
PRECISIONS = ("float32", "bfloat16")


def make(name: str, precision: str) -> Side:
    """The compiled programs of one shape."""
    agent, learner, num_envs = SHAPES[name]
    spec = LevelEnv(DEVICE).spec
    free = FreeEnv(spec, num_envs)
    return ours(f"{name}, {precision}", make_agent(spec, computing_in(agent, precision)), free, free.batch(), learner)


def run(side: Side) -> None:
    """One rollout and one update, by processor time."""
    for part, call in (("rollout", side.rollout), ("update", side.update)):
        began = time.process_time()
        jax.block_until_ready(call())
        side.seconds[part].append(time.process_time() - began)


def main() -> None:
    """Measure all shapes in turns and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--core", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    os.sched_setaffinity(0, {options.core})
    enable_compile_cache()
    sides = {(name, precision): make(name, precision) for name in SHAPES for precision in PRECISIONS}
    for turn in range(options.repeats + 1):
        for side in sides.values():
            run(side)
            if turn == 0:
                side.seconds = {part: [] for part in side.seconds}
    took = {key: {part: median(x) / s.steps * 1e6 for part, x in s.seconds.items()} for key, s in sides.items()}
    for (name, precision), parts in took.items():
        print(f"{name:12} {precision:9} rollout {parts['rollout']:7.1f} us  update {parts['update']:7.1f} us a step")
    ratios = {
        f"{name}_{part}": round(took[name, "float32"][part] / took[name, "bfloat16"][part], 2)
        for name in SHAPES
        for part in ("rollout", "update")
    }
    print(json.dumps(ratios))


if __name__ == "__main__":
    main()
