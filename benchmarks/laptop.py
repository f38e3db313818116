"""What a laptop's cycle costs, part by part, beside an earlier commit: same settings, in turns, pinned and free.

    git worktree add /tmp/before 6a8fdc8
    python benchmarks/laptop.py --baseline-tree /tmp/before [--cycles 3] [--floor] [WORD ...] [--also WORD ...]

Each side is a real `method=dicode` run with the grammar, in a process of its own that stops itself after every cycle, so
the sides take turns cycle by cycle whatever else the machine does; medians of the cycles after the first, which
compile. `same` has the settings of the baseline's laptop preset on both sides, `preset` is this tree's laptop preset
as it stands; `pinned` runs on one core, as one device, `free` on all. Environment, rollout and update are timed on the cycle's own batch after it, medians of five calls.
Words are put after the settings of both sides; `--also` times this tree's sides a second time, with its words after theirs. `--floor` prints what the parts' arithmetic would take at this core's matrix speed.
The last line is one JSON object: `cycle_ratio_to_baseline` (`same`, free), `cycle_share_training` (`preset`, free), `two_core_gain`
(`preset`: free over pinned), `same_also_gain` and `preset_also_gain` (whole cycles, free), and every figure by side and place.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

# This folder holds a craftax.py, which must not hide the package.
sys.path.sort(key=str(Path(__file__).resolve().parent).__eq__)

HERE = Path(__file__).resolve().parent.parent
COMMON = [
    "preset=laptop",
    "method=dicode",
    "dreamer=grammar",
    "total_steps=1e9",
    "logging.report_every=0",
    "logging.video=false",
]
SAME = [
    "num_envs=64", "level_slots=9", "target_share=0.5", "updates_per_cycle=16", "worlds_per_level=16", "episode_limit=256",
    "learner.rollout_steps=64", "learner.epochs=4", "learner.minibatches=4",
]  # fmt: skip
"""The laptop preset of the baseline, as far as it costs time."""


def main() -> None:
    """Run all sides in turns and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--baseline-tree", type=Path, help="a checkout of the commit to compare with")
    parser.add_argument("--cycles", type=int, default=3, help="cycles of each run that are counted")
    parser.add_argument("--core", type=int, default=0, help="the core of the pinned runs")
    parser.add_argument("--places", default="pinned,free")
    parser.add_argument("--floor", action="store_true")
    parser.add_argument(
        "--also", nargs="*", default=[], metavar="WORD", help="this tree's sides again, with these words"
    )
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options, words = parser.parse_known_args()
    if options.serve:
        serve(words)
        return
    if options.floor:
        print_floor()
    sides: dict[str, tuple[Path, list[str]]] = {"same": (HERE, [*SAME, "devices=1"]), "preset": (HERE, [])}
    if options.also:
        sides |= {f"{name} also": (tree, [*own, *options.also]) for name, (tree, own) in sides.items()}
    if options.baseline_tree:
        sides["baseline"] = (options.baseline_tree.resolve(), SAME)
    figures: dict[str, Any] = {}
    for place in options.places.split(","):
        cores = {options.core} if place == "pinned" else os.sched_getaffinity(0)
        runs: dict[str, Side] = {}
        try:
            # One after the other, so that a side finds what another has compiled.
            for name, (tree, own) in sides.items():
                # Two halves on one core would make the gain of the second look larger than it is.
                alone = ["devices=1"] if place == "pinned" else []
                runs[name] = Side(tree, [*own, *alone, *words], cores)
                runs[name].turn()
            for _ in range(options.cycles):
                for run in runs.values():
                    run.turn()
        finally:
            for run in runs.values():
                run.end()
        figures |= {f"{place}_{name}": run.medians() for name, run in runs.items()}
    print_table(figures)
    print(json.dumps(summary(figures) | {"figures": figures}))


class Side:
    """One run that plays a cycle when it is told to."""

    def __init__(self, tree: Path, words: list[str], cores: set[int]) -> None:
        self.folder = tempfile.TemporaryDirectory()
        command = [
            sys.executable,
            str(Path(__file__).resolve()),
            "--serve",
            *COMMON,
            *words,
            f"runs_dir={self.folder.name}",
        ]
        self.process = subprocess.Popen(
            command,
            env=os.environ | {"PYTHONPATH": str(tree / "src")},
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )
        self.rows: list[dict[str, float]] = []

    def turn(self) -> None:
        """One more cycle; the process stops itself after it."""
        self.process.send_signal(signal.SIGCONT)
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("{"):
                self.rows.append(json.loads(line))
                return
        raise SystemExit(f"the run of {self.folder.name} ended with {self.process.wait()}")

    def medians(self) -> dict[str, float]:
        """Of the counted cycles, by figure."""
        counted = self.rows[1:]
        return {name: round(median(row[name] for row in counted), 4) for name in counted[0]}

    def end(self) -> None:
        """End the run."""
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()


def serve(words: list[str]) -> None:
    """A run that reports each cycle as a line of JSON and then stops until it is continued."""
    from dicode.runs.loop import Loop

    try:
        from dicode.commands import launch
    except ImportError:  # the baseline keeps it there
        from dicode.runs import launch

    whole, train = Loop._cycle, Loop._train

    def timed_train(self, batch, *arguments):
        result, self.batch = None, batch
        wall, result = clocked(lambda: train(self, batch, *arguments))
        self.trained = wall
        return result

    def timed_cycle(self, cycle):
        before = os.times()
        wall, _ = clocked(lambda: whole(self, cycle))
        used = [b - a for a, b in zip(before[:4], os.times()[:4], strict=True)]
        steps = self.config.steps_per_cycle
        row = {
            "cycle_steps_per_s": steps / wall,
            "training_steps_per_s": steps / self.trained,
            "share_training": self.trained / wall,
        }
        row["cycle_cpu_us"] = 1e6 * sum(used) / steps
        print(json.dumps(row | parts(self)), flush=True)
        os.kill(os.getpid(), signal.SIGSTOP)

    Loop._cycle, Loop._train = timed_cycle, timed_train  # type: ignore[method-assign]
    launch.start(words, quiet=True)


def clocked(call: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    """Seconds of the clock, and what came back, waited for."""
    import jax

    began = time.perf_counter()
    result = jax.block_until_ready(call(*arguments))
    return time.perf_counter() - began, result


def parts(loop: Any, calls: int = 5) -> dict[str, float]:
    """Steps a second of environment, rollout and update alone, on the batch that was trained; medians of calls after a first."""
    import jax
    import jax.numpy as jnp

    trainer, key = loop.parts.trainer, jnp.zeros(2, jnp.uint32)
    programs, steps = trainer.programs, loop.config.steps_per_update
    batch = programs.place_batch(loop.batch)
    learner = programs.place_learner(jax.tree.map(jnp.copy, loop.learner))
    carry = programs.start(key, batch)
    rollouts, updates = [], []
    for _ in range(calls + 1):
        wall, (carry, trajectory, _) = clocked(programs.rollout, learner.params, carry, batch, key)
        rollouts.append(wall)
        wall, (learner, _) = clocked(programs.update, learner, trajectory, key)
        updates.append(wall)
    return {
        "rollout_steps_per_s": steps / median(rollouts[1:]),
        "update_steps_per_s": steps / median(updates[1:]),
        "environment_steps_per_s": environment(trainer, loop.config, batch, calls),
    }


def environment(trainer: Any, config: Any, batch: Any, calls: int, steps: int = 64) -> float:
    """Steps a second of the environment under uniform actions, nothing else in the program."""
    import jax
    import jax.numpy as jnp

    def play(key, batch):
        def step(state, key):
            act, move = jax.random.split(key)
            action = jax.random.randint(act, (config.num_envs,), 0, trainer.env.action_space.n)
            state, seen = trainer.env.step(move, state, action, batch)
            return state, seen.reward.sum()

        return jax.lax.scan(step, trainer.env.reset(key, batch), jax.random.split(key, steps))[1].sum()

    if not hasattr(trainer, "played_alone"):
        trainer.played_alone = jax.jit(play)
    run = trainer.played_alone
    jax.block_until_ready(run(jnp.zeros(2, jnp.uint32), batch))
    walls = [clocked(run, jnp.ones(2, jnp.uint32), batch)[0] for _ in range(calls)]
    return steps * config.num_envs / median(walls)


def print_floor() -> None:
    """Arithmetic of a step by part, and what it takes at the speed of a matrix product here."""
    import jax
    import jax.numpy as jnp

    a, b = jnp.ones((1024, 128)), jnp.ones((128, 512))
    product = jax.jit(jnp.dot)
    jax.block_until_ready(product(a, b))
    best = min(clocked(product, a, b)[0] for _ in range(200))
    speed = 2 * a.size * b.shape[1] / best
    width, actions, view, cell = 128, 43, 99, 8
    forward = {
        "encoder, dense: narrow columns": 2 * view * 6 * width,
        "encoder, dense: rows looked up": (view + 14) * width,
        "encoder, structured": 2 * view * cell * width,
        "recurrent layer": 2 * 2 * width * 4 * width,
        "heads": 2 * (4 * width * width + (actions + 1) * width),
    }
    print(
        f"\n{speed / 1e9:.0f} GFLOP/s in a product of 1024 x 128 x 512; a step's arithmetic at that speed, microseconds"
    )
    for name, flops in forward.items():
        backward = 1 if "dense" in name else 2
        print(
            f"  {name:32} {flops / 1e3:7.0f} kFLOP  rollout {1e6 * flops / speed:5.2f}  update, a pass {1e6 * (1 + backward) * flops / speed:5.2f}"
        )


def summary(figures: dict[str, Any]) -> dict[str, float]:
    """The numbers that are asked for, where their runs were made."""
    found = {}
    if "free_baseline" in figures:
        found["cycle_ratio_to_baseline"] = (
            figures["free_same"]["cycle_steps_per_s"] / figures["free_baseline"]["cycle_steps_per_s"]
        )
    for name in ("same", "preset"):
        if f"free_{name} also" in figures:
            also, plain = (figures[side]["cycle_steps_per_s"] for side in (f"free_{name} also", f"free_{name}"))
            found[f"{name}_also_gain"] = also / plain
    if "free_preset" in figures:
        found["cycle_share_training"] = figures["free_preset"]["share_training"]
    if {"free_preset", "pinned_preset"} <= set(figures):
        found["two_core_gain"] = (
            figures["free_preset"]["cycle_steps_per_s"] / figures["pinned_preset"]["cycle_steps_per_s"]
        )
    return {name: round(value, 3) for name, value in found.items()}


def print_table(figures: dict[str, Any]) -> None:
    """For people."""
    names = list(next(iter(figures.values())))
    print(f"\n{'':18}" + "".join(f"{name.removesuffix('_steps_per_s'):>16}" for name in names))
    for side, row in figures.items():
        print(f"{side:18}" + "".join(f"{row[name]:16,.2f}" for name in names))


if __name__ == "__main__":
    main()
