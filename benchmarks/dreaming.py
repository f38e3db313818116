"""What it costs to turn level text into checked data: cold, warm, with and without the wall, with hooks.

CPU time, not wall time, so that a busy machine does not change the figures much:

    python benchmarks/dreaming.py [--worlds 16] [--levels 30]

`levels_per_s_cold` starts the workers for every level, `levels_per_s_warm` keeps them; both are per
core. `wall_overhead` is the CPU time of a warm level behind every mechanism that works here, over that
in a plain subprocess. `hook_compile_s` is the CPU time that a cycle pays which takes up new hooks: tracing
and compiling the whole rollout anew with one level's three hooks, nothing of it from a cache. The run's
first compilation, without hooks, may come from the cache and is not counted.
"""

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

# This folder holds a craftax.py, which must not hide the package.
sys.path.sort(key=str(Path(__file__).resolve().parent).__eq__)

from dicode.games.craftax.host import HOST
from dicode.games.craftax.levels.blank import blank_worlds
from dicode.sandbox import Sandbox, jail
from dicode.types import Origin, Rejected

GROUP = 32
"""Environments of the level with hooks."""
LEVEL = '''"""Objective: defeat a zombie near trees.
Why: melee combat gates the dungeon.
"""
from dicode.levels import Achievement, Block, Goal, Mob, Rules, World

GOAL = Goal.all_of(Achievement.DEFEAT_ZOMBIE)
RULES = Rules()

def build(world: World) -> None:
    for _ in range(20):
        cell = tuple(world.rng.integers(1, 47, 2))
        if world.blocks[0][cell] == Block.SAND:
            world.blocks[0][cell] = Block.GRASS
    world.spawn(Mob.ZOMBIE, count=1, distance=(1, 8))
'''
HOOKS = """
import jax
import jax.numpy as jnp

def transition(before, action, after, key):
    moved = after.player_position - before.player_position
    slides = jax.random.bernoulli(key, 0.3)
    flooded = jnp.where(jax.random.uniform(key, (48, 48)) < 0.001, Block.WATER, after.blocks[0])
    return after.replace(
        player_position=jnp.where(slides, after.player_position + moved, after.player_position),
        blocks=after.blocks.at[0].set(flooded.astype(jnp.uint8)),
    )

def success(state):
    return state.inventory.diamond >= 1

def bonus(before, action, after):
    return 0.1 * (after.inventory.wood - before.inventory.wood)
"""


def cpu_seconds() -> float:
    """CPU time of this process and of every child that has ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def spent(action: Callable[[], object]) -> float:
    """CPU seconds of an action that waits for all the processes it starts."""
    before = cpu_seconds()
    action()
    return cpu_seconds() - before


def check(sandbox: Sandbox, worlds: dict, seed: int, source: str = LEVEL) -> float:
    """Build one level; CPU seconds of its processes."""
    built = sandbox.build(source, worlds, seed, Origin.GRAMMAR)
    if isinstance(built, Rejected):
        raise SystemExit(f"the benchmark's level was rejected: {built}")
    return built.cpu_seconds


def cold(worlds: dict) -> float:
    """CPU seconds of one level with workers started for it."""

    def action() -> None:
        with Sandbox(HOST) as sandbox:
            check(sandbox, worlds, 0)

    return spent(action)


def warm(worlds: dict, levels: int, use: frozenset[str]) -> tuple[float, float]:
    """(CPU seconds, wall seconds) of one level on warm workers, the trainer's own share included."""
    with Sandbox(HOST, use=use) as sandbox:
        check(sandbox, worlds, 0)
        own, began = time.process_time(), time.monotonic()
        total = sum(check(sandbox, worlds, seed) for seed in range(levels))
        return (total + time.process_time() - own) / levels, (time.monotonic() - began) / levels


RUN = ("preset=smoke", "dreamer=grammar", "dreamer.hooks=true", "level_slots=2", "target_share=0.5", "pool_size=64")


def hooks(worlds: dict) -> dict[str, float]:
    """CPU seconds to export, check and try three hooks, and what recompiling the rollout with them takes."""
    import jax

    from dicode import config as configuration
    from dicode.cache import enable_compile_cache
    from dicode.games.craftax.host import HOST
    from dicode.training.builder import Playable
    from dicode.training.sizes import hook_envs
    from dicode.training.trainer import Trainer
    from dicode.types import TARGET, Proposal, Slot

    enable_compile_cache()
    config = configuration.load([*RUN, f"num_envs={2 * GROUP}"])
    assert hook_envs(config) == GROUP
    with Sandbox(HOST, hook_group=GROUP) as sandbox:
        built = sandbox.build(LEVEL + HOOKS, worlds, 0, Origin.GRAMMAR)
        assert not isinstance(built, Rejected), built
    trainer = Trainer(config)
    levels = {
        "hooked": Playable("hooked", built.goal, built.rules.to_json(), built.pool, built.hooks),
        TARGET: Playable(TARGET, HOST.target_goal, {}, worlds, {}),
    }
    proposal = Proposal((Slot("hooked", GROUP), Slot(TARGET, GROUP)))
    trainer.compile(trainer.batch(proposal, levels, 1.0))
    jax.config.update("jax_enable_compilation_cache", False)
    began = time.process_time()
    waited = trainer.use_hooks([built.hooks], lambda text: None)
    return {
        "three hooks exported, checked, tried": built.cpu_seconds,
        "rollout compiled anew with them": time.process_time() - began,
        "the same, wall-clock here": waited,
        "rollout without hooks, wall-clock here": trainer.programs.compile_seconds["rollout"],
    }


def main() -> None:
    """Print the table, then one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=16)
    parser.add_argument("--levels", type=int, default=30)
    options = parser.parse_args()
    worlds = blank_worlds(options.worlds)
    with Sandbox(HOST) as sandbox:
        seen = sandbox.mechanisms()
    cold_s = min(cold(worlds) for _ in range(3))
    walled, waited = min(warm(worlds, options.levels, jail.ALL_MECHANISMS) for _ in range(3))
    bare, _ = min(warm(worlds, options.levels, frozenset()) for _ in range(3))
    hooked = hooks(worlds)
    print(f"mechanisms in force: {', '.join(seen) or 'none'}")
    print(f"{options.worlds} worlds a level; CPU seconds, best of 3")
    for name, value in {
        "a level, workers started for it": cold_s,
        "a level, warm workers": walled,
        "a level, warm, wall-clock here": waited,
        "a level, warm, no wall": bare,
        **hooked,
    }.items():
        print(f"{name:40} {value:8.3f}")
    result = {
        "levels_per_s_cold": round(1 / cold_s, 3),
        "levels_per_s_warm": round(1 / walled, 2),
        "wall_overhead": round(walled / bare, 3),
        "hook_compile_s": round(hooked["rollout compiled anew with them"], 3),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
