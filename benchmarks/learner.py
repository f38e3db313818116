"""The learner against a plain one: the paper's network, 64 environments x 128 steps, both timed in one go.

    python benchmarks/learner.py              # everything, some ten minutes on two cores
    python benchmarks/learner.py --quick      # free environment only: policy and update
    python benchmarks/learner.py --sizes 1024,2048,4096,8192   # on an accelerator: this learner alone
    python benchmarks/learner.py --sizes 1024 --profile        # and which kernels its time goes to

The plain version (`plain_learner.py`) holds dense observations, rolls and re-projects its memory, and
plays the package's environment, which generates worlds at reset. Its own auto-reset generates one for
every environment at every step; `cycle_ratio_optimistic` compares with optimistic resets 16:1 instead.
Prints a table, and as its last line one JSON object.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# This folder holds a craftax.py, which must not hide the package.
sys.path.sort(key=str(Path(__file__).resolve().parent).__eq__)

import jax
import jax.numpy as jnp
import kernel_times
import numpy as np
import optax
import plain_learner as plain
from learner_envs import FreeEnv, PackageEnv, PlainFreeEnv

from dicode import config
from dicode.agent.make import make_agent
from dicode.agent.settings import GtrxlConfig, computing_in
from dicode.agent.types import Agent
from dicode.cache import enable_compile_cache
from dicode.environment.batch import Level, Sizes, build
from dicode.environment.env import LevelEnv
from dicode.games.craftax import worlds
from dicode.games.craftax.device import DEVICE
from dicode.learner import schedule
from dicode.learner.programs import compile_programs
from dicode.learner.types import PpoConfig

KEY = np.array([1, 2], np.uint32)
LEVELS, WORLDS, UPDATES_PER_CYCLE = 16, 16, 100
PAPER = PpoConfig()


@dataclass
class Side:
    """One learner on one environment: what to time, and the memory its programs need."""

    name: str
    rollout: Callable[[], Any]
    update: Callable[[], Any]
    steps: int
    bytes: int
    pool_us: float = 0.0
    """What generating the worlds of a cycle's pools adds to a step."""
    seconds: dict[str, list[float]] = field(default_factory=lambda: {"rollout": [], "update": []})

    def time(self) -> None:
        for name, call in (("rollout", self.rollout), ("update", self.update)):
            began = time.perf_counter()
            jax.block_until_ready(call())
            self.seconds[name].append(time.perf_counter() - began)

    def us(self, name: str) -> float:
        """Microseconds a step: the fastest run, as the machine may be shared."""
        return min(self.seconds[name]) / self.steps * 1e6

    @property
    def cycle(self) -> float:
        """Microseconds a step for everything."""
        return self.us("rollout") + self.us("update") + self.pool_us


def program_bytes(compiled: Any) -> int:
    """What a program holds at once: arguments, results and temporaries."""
    m = compiled.memory_analysis()
    return m.argument_size_in_bytes + m.output_size_in_bytes + m.temp_size_in_bytes - m.alias_size_in_bytes


def ours(name: str, agent: Agent, env: Any, batch: Any, config: PpoConfig) -> Side:
    programs = compile_programs(agent, env, config, batch, progress=lambda m: print(f"  {name}: {m}"))
    state: dict[str, Any] = {"learner": programs.init(KEY, schedule.linear(2e-4, 2e-6, 0, 1000))}
    state["carry"] = programs.start(KEY, batch)

    def rollout() -> Any:
        state["carry"], state["trajectory"], stats = programs.rollout(
            state["learner"].params, state["carry"], batch, KEY
        )
        return stats, state["trajectory"]

    def update() -> Any:
        state["learner"], metrics = programs.update(state["learner"], state["trajectory"], KEY)
        return metrics

    held = [program_bytes(p.compiled) for p in (programs.rollout_program, programs.update_program)]
    return Side(name, rollout, update, programs.steps_per_update, max(held))


def plain_side(name: str, params: Any, env: Any, num_envs: int, config: PpoConfig) -> Side:
    sizes = plain.Sizes()
    tx = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(2e-4, eps=1e-5))
    print(f"  {name}: compiling")
    params = jax.tree.map(jnp.array, params)
    game, observation = jax.jit(env.start)(KEY)
    memory = plain.empty(num_envs, sizes, params["encoder"]["bias"].shape[0])
    steps = config.rollout_steps
    roll = jax.jit(lambda p, s, k: plain.rollout(p, sizes, env, s, k, steps), donate_argnums=1)
    roll = roll.lower(params, (game, observation, memory), KEY).compile()
    learn = jax.jit(lambda p, o, t, m, v, k: plain.update(p, o, tx, sizes, t, m, v, k, config), donate_argnums=(0, 1))
    shapes = jax.eval_shape(lambda p, s, k: plain.rollout(p, sizes, env, s, k, steps), params, (game, observation, memory), KEY)  # fmt: skip
    learn = learn.lower(params, tx.init(params), shapes[1], memory.inputs, shapes[2], KEY).compile()
    state = {"params": params, "opt": tx.init(params), "env": (game, observation, memory)}

    def rollout() -> Any:
        state["before"] = state["env"][2].inputs + 0.0
        state["env"], state["taken"], state["last"] = roll(state["params"], state["env"], KEY)
        return state["taken"]

    def update() -> Any:
        state["params"], state["opt"], loss = learn(
            state["params"], state["opt"], state["taken"], state["before"], state["last"], KEY
        )
        return loss

    return Side(name, rollout, update, num_envs * steps, max(program_bytes(roll), program_bytes(learn)))


def check_equal(mine: Side, theirs: Side) -> float:
    """Largest difference of the values in the first rollout: same parameters, observations and keys."""
    difference = float(jnp.abs(mine.rollout()[1].value - theirs.rollout().value).max())
    assert difference < 1e-3, f"the two networks differ by {difference}"
    return difference


def level_batch(env: LevelEnv, num_envs: int, levels: int, pool_worlds: int) -> tuple[Any, float]:
    """A batch of target-like levels, and the seconds that its worlds took to generate (compilation aside)."""
    worlds.generate(KEY, pool_worlds)
    began = time.perf_counter()
    pool = worlds.generate(KEY + 1, pool_worlds * levels)
    seconds = time.perf_counter() - began
    parts = [Level({n: a[i * pool_worlds : (i + 1) * pool_worlds] for n, a in pool.items()}) for i in range(levels)]
    counts = [num_envs // levels + (i < num_envs % levels) for i in range(levels)]
    return build(DEVICE, parts, counts, Sizes(num_envs, levels, pool_worlds * levels), episode_limit=4096), seconds


def matrix_peak() -> float:
    """GFLOP/s of a float32 matrix product."""
    a = jnp.ones((2048, 2048))
    product = jax.jit(lambda a: a @ a)
    product(a).block_until_ready()
    times = []
    for _ in range(8):
        began = time.perf_counter()
        product(a).block_until_ready()
        times.append(time.perf_counter() - began)
    return 2 * 2048**3 / min(times) / 1e9


def update_flops(config: PpoConfig, spec: Any, width: int = 256, memory: int = 128, window: int = 64) -> float:
    """Useful matrix operations of a step's update: all products of the network but the encoder's look-ups."""
    per_layer = 18 * width**2 + 2 * width**2 * memory / window  # without and with the memory's keys and values
    attention = 3 * (memory + window) * width
    heads = 4 * width**2 + width * (spec.num_actions + 1)
    narrow = (6 * spec.num_cells + spec.scalars + spec.conditioning) * width
    forward = 2 * (2 * (per_layer + attention) + heads + narrow)
    return 3 * forward * config.epochs


def table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print(
            "  ".join(
                cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
            )
        )


def laptop_preset(env: LevelEnv) -> Side:
    """The cycle of `dicode train preset=laptop`."""
    preset = config.load(["preset=laptop"])
    batch, seconds = level_batch(env, preset.num_envs, preset.level_slots, preset.worlds_per_level)
    side = ours("Craftax: laptop preset", make_agent(env.spec, preset.agent), env, batch, preset.learner)
    side.pool_us = seconds / preset.steps_per_cycle * 1e6
    return side


def compare(num_envs: int, repeats: int, quick: bool) -> dict[str, float]:
    env = LevelEnv(DEVICE)
    spec = env.spec
    agent = make_agent(spec, GtrxlConfig())
    free = FreeEnv(spec, num_envs)
    params = jax.jit(agent.init)(KEY)
    sides = [ours("free: ours", agent, free, free.batch(), PAPER)]
    sides.append(plain_side("free: plain", params, PlainFreeEnv(free), num_envs, PAPER))
    difference = check_equal(*sides)
    if not quick:
        batch, seconds = level_batch(env, num_envs, LEVELS, WORLDS)
        sides.append(ours("Craftax: ours", agent, env, batch, PAPER))
        sides[-1].pool_us = seconds / (UPDATES_PER_CYCLE * num_envs * PAPER.rollout_steps) * 1e6
        for name, resets in (("Craftax: plain, auto-reset", 0), ("Craftax: plain, optimistic", num_envs // 16)):
            sides.append(plain_side(name, params, PackageEnv(num_envs, spec.conditioning, resets), num_envs, PAPER))
        sides.append(laptop_preset(env))
    for _ in range(repeats):
        for side in sides:
            side.time()
    return report(sides, difference, spec)


def report(sides: list[Side], difference: float, spec: Any) -> dict[str, float]:
    by_name = {side.name: side for side in sides}
    rows = [("us a step", "rollout", "update", "cycle", "steps/s", "MB held")]
    rows += [
        (side.name, f"{side.us('rollout'):.0f}", f"{side.us('update'):.0f}", f"{side.cycle:.0f}",
         f"{1e6 / side.cycle:.0f}", f"{side.bytes / 1e6:.0f}")
        for side in sides
    ]  # fmt: skip
    table(rows)
    mine, theirs = by_name["free: ours"], by_name["free: plain"]
    peak = matrix_peak()
    reached = update_flops(PAPER, spec) / mine.us("update") / 1e3
    print(f"largest difference of the two networks' outputs: {difference:.1e}")
    print(f"update: {reached:.0f} of {peak:.0f} GFLOP/s on a matrix product: {100 * reached / peak:.0f} %")
    result = {
        "policy_rollout_ratio": theirs.us("rollout") / mine.us("rollout"),
        "update_ratio": theirs.us("update") / mine.us("update"),
        "memory_ratio": theirs.bytes / mine.bytes,
        "update_share_of_peak": reached / peak,
    }
    if "Craftax: ours" in by_name:
        cycle = by_name["Craftax: ours"].cycle
        result["cycle_ratio"] = by_name["Craftax: plain, auto-reset"].cycle / cycle
        result["cycle_ratio_optimistic"] = by_name["Craftax: plain, optimistic"].cycle / cycle
        result["rollout_ratio"] = by_name["Craftax: plain, auto-reset"].us("rollout") / by_name["Craftax: ours"].us("rollout")  # fmt: skip
        result["laptop_steps_per_s"] = 1e6 / by_name["Craftax: laptop preset"].cycle
        print(
            f"of a cycle's step, worlds take {by_name['Craftax: ours'].pool_us:.1f} us, laptop preset {by_name['Craftax: laptop preset'].pool_us:.1f} us"
        )
    return result


def scale(sizes: list[int], precision: str, repeats: int, profile: bool) -> dict[str, float]:
    """This learner alone at several numbers of environments: for an accelerator."""
    env, rows, best = (
        LevelEnv(DEVICE),
        [("environments", "rollout us", "update us", "steps/s", "GB held", "GFLOP/s")],
        0.0,
    )
    for num_envs in sizes:
        agent = make_agent(env.spec, computing_in(GtrxlConfig(), precision))
        batch, _ = level_batch(env, num_envs, LEVELS, WORLDS)
        side = ours(f"{num_envs}", agent, env, batch, PAPER)
        for _ in range(repeats):
            side.time()
        best = max(best, 1e6 / side.cycle)
        rows.append((f"{num_envs} {precision}", f"{side.us('rollout'):.2f}", f"{side.us('update'):.2f}", f"{1e6 / side.cycle:.0f}",
                     f"{side.bytes / 1e9:.1f}", f"{update_flops(PAPER, env.spec) / side.us('update') / 1e3:.0f}"))  # fmt: skip
        table(rows)
        for name, call in (("rollout", side.rollout), ("update", side.update)) if profile else ():
            print(f"{name} of {num_envs}:", *kernel_times.table(kernel_times.kernel_times(call)), sep="\n")
    return {"steps_per_s": best}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--envs", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="no Craftax: policy and update only")
    parser.add_argument("--sizes", type=str, default="", help="numbers of environments; this learner alone")
    parser.add_argument("--profile", action="store_true", help="with --sizes: the kernels that take longest")
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    options = parser.parse_args()
    enable_compile_cache()
    if options.sizes:
        result = scale([int(n) for n in options.sizes.split(",")], options.precision, options.repeats, options.profile)
    else:
        result = compare(options.envs, options.repeats, options.quick)
    print(json.dumps({name: round(value, 3) for name, value in result.items()}))


if __name__ == "__main__":
    main()
