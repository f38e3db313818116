"""Our programs compiled for a card that is not there: kernels a step, loops the host waits for, device bytes.

    python benchmarks/gpu_compile.py [--card h100] [--envs 1024] [--agent gtrxl] [--part start rollout update]
                                     [--set learner.precision=float32] [--assembler] [--text FOLDER]

For each card, agent and number of environments `start`, `rollout` and `update` of `preset=gpu` are lowered and compiled
as they would be there. XLA needs the card's description only; what its optimiser leaves is read from the text
(`hlo_kernels`): kernels, and the bytes that they read and write, whose time at the card's bandwidth is a floor. Bytes planned
are from its buffer assignment. The assembler, which takes most of the time and changes neither, is
left out unless `--assembler` asks for it; then the programs are whole, though nothing here can run them. A rollout
has the preset's 128 steps: how many does not change the program, only its trajectory. Prints tables and, as the last line, one JSON object.

It needs JAX's CUDA plugin (5.7 GB), best in an environment of its own: `uv venv ENV && uv pip install --python ENV -e '.[cuda12]'`.
"""

import argparse
import functools
import importlib.util
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

# This folder holds a craftax.py, which must not hide the package.
sys.path.sort(key=str(Path(__file__).resolve().parent).__eq__)

import hlo_kernels

PARTS = ("start", "rollout", "update")
LEVELS, WORLDS = 16, 4096
CARDS = {
    # name: architecture, multiprocessors, bytes of memory, bytes a second, bytes of the second-level cache, GHz,
    # shared memory of a multiprocessor, of a block on request. From the vendor's data sheets.
    "a100": (8, 0, 108, 42_505_273_344, 1_555_200_000_000, 41_943_040, 1.41, 167_936, 166_912),
    "h100": (9, 0, 132, 84_942_979_072, 3_352_320_000_000, 52_428_800, 1.98, 233_472, 232_448),
    "h200": (9, 0, 132, 150_754_820_096, 4_915_200_000_000, 52_428_800, 1.98, 233_472, 232_448),
}


def main() -> None:
    """Compile and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--card", nargs="+", default=["h100"], choices=sorted(CARDS))
    parser.add_argument("--envs", nargs="+", type=int, default=[1024])
    parser.add_argument("--agent", nargs="+", default=["gtrxl"], help="agent groups: gtrxl, lstm, ...")
    parser.add_argument("--part", nargs="+", default=list(PARTS), choices=PARTS)
    parser.add_argument("--set", nargs="+", default=[], help="settings of a run: learner.precision=float32, ...")
    parser.add_argument("--assembler", action="store_true", help="also assemble the kernels")
    parser.add_argument("--text", type=Path, help="folder for the compiled programs' texts")
    options = parser.parse_args()
    if importlib.util.find_spec("jax_cuda12_plugin") is None and importlib.util.find_spec("jax_cuda13_plugin") is None:
        sys.exit("JAX's CUDA plugin is not installed; get it with `uv sync --extra cuda12` (5.7 GB), no card is needed")
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        prepare()
        flags = {} if options.assembler else without_assembler(Path(folder))
        for card in options.card:
            for agent in options.agent:
                for envs in options.envs:
                    print(f"{card}, {agent}, {envs} environments", flush=True)
                    found = measure(card, agent, envs, options.set, options.part, flags, options.text)
                    figures.append({"card": card, "agent": agent, "envs": envs, **found})
    print(json.dumps(figures[0] if len(figures) == 1 else {"programs": figures}))


def prepare() -> None:
    """Let XLA's CUDA plugin start without a card, and JAX work on the CPU."""
    os.environ["JAX_SKIP_CUDA_CONSTRAINTS_CHECK"] = "1"
    os.environ["JAX_PLATFORMS"] = "cpu,cuda"
    # Timing candidates needs a card; without it XLA takes its first choice.
    os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_gpu_autotune_level=0"


@functools.cache
def described(card: str) -> Any:
    """A device of the card's description."""
    import jax
    from jax.experimental import topologies

    major, minor, cores, memory, bandwidth, cache, clock, shared, block = CARDS[card]
    info = {
        "threads_per_block_limit": 1024,
        "threads_per_warp": 32,
        "shared_memory_per_block": 49_152,
        "shared_memory_per_core": shared,
        "threads_per_core_limit": 2048,
        "core_count": cores,
        "fpus_per_core": 128 if major == 9 else 64,
        "block_dim_limit_x": 2**31 - 1,
        "block_dim_limit_y": 65_535,
        "block_dim_limit_z": 65_535,
        "memory_bandwidth": bandwidth,
        "l2_cache_size": cache,
        "clock_rate_ghz": clock,
        "device_memory_size": memory,
        "shared_memory_per_block_optin": block,
        "registers_per_core_limit": 65_536,
        "registers_per_block_limit": 65_536,
    }
    fields = " ".join(f"{name}: {value}" for name, value in info.items())
    target = (
        f"gpu_device_info {{ {fields} cuda_compute_capability {{ major: {major} minor: {minor} }} }} "
        f'platform_name: "CUDA" dnn_version_info {{ major: 9 minor: 8 }} device_description_str: "{card}"'
    )
    topology = topologies.get_topology_desc(platform="cuda", topology_name=card, target_config=target, topology="1x1x1")
    jax.config.update("jax_platforms", "cpu")
    return topology.devices[0]


def without_assembler(folder: Path) -> dict[str, Any]:
    """Options with which XLA calls a program in `folder` as its assembler, which writes a byte."""
    import nvidia

    toolkit = Path(next(iter(nvidia.__path__))) / "cuda_nvcc"
    (folder / "bin").mkdir()
    (folder / "nvvm").symlink_to(toolkit / "nvvm")
    script = folder / "bin" / "ptxas"
    script.write_text(
        f'#!/bin/sh\ncase "$*" in *--version*) exec "{toolkit}/bin/ptxas" --version;; esac\n'
        'while [ $# -gt 0 ]; do if [ "$1" = -o ]; then shift; printf x > "$1"; fi; shift; done\n'
    )
    script.chmod(0o755)
    (folder / "bin" / "nvlink").symlink_to(toolkit / "bin" / "nvlink")
    return {
        "xla_gpu_libnvjitlink_mode": "LIB_NV_JIT_LINK_MODE_DISABLED",
        "xla_gpu_enable_libnvptxcompiler": False,
        "xla_gpu_force_compilation_parallelism": 1,
        "xla_gpu_cuda_data_dir": str(folder),
        "xla_backend_optimization_level": 0,
    }


def measure(
    card: str,
    agent_name: str,
    num_envs: int,
    words: list[str],
    parts: list[str],
    flags: dict[str, Any],
    texts: Path | None,
) -> dict[str, Any]:
    """The figures of one agent, size and card; `None` for what was not asked for."""
    import jax

    from dicode.accelerator import written_for

    figures: dict[str, Any] = dict.fromkeys(
        ["kernels_per_step", "unknown_loops", "update_kernels", "rollout_bytes", "update_bytes", "trajectory_bytes"]
    )
    figures["seconds"] = {}
    device, bandwidth = described(card), CARDS[card][4]
    with written_for(accelerator=True):
        sources, trajectory = programs_of(device, agent_name, num_envs, words)
        figures["trajectory_bytes"] = sum(x.size * x.dtype.itemsize for x in jax.tree.leaves(trajectory))
        for part in parts:
            began = time.perf_counter()
            compiled = sources[part].lower().compile(compiler_options=flags)
            figures["seconds"][part] = round(time.perf_counter() - began, 1)
            text = compiled.as_text()
            if texts is not None:
                texts.mkdir(parents=True, exist_ok=True)
                (texts / f"{part}_{agent_name}_{num_envs}.hlo").write_text(text)
            whole = hlo_kernels.read(text.splitlines())
            size = compiled.memory_analysis()
            used = size.argument_size_in_bytes + size.output_size_in_bytes - size.alias_size_in_bytes
            report(part, whole, used + size.temp_size_in_bytes, bandwidth, figures)
    return figures


def report(part: str, whole: Any, used: int, bandwidth: int, figures: dict[str, Any]) -> None:
    """Print a program's kernels and put its figures where they belong."""
    main_loop = whole.largest
    unknown = main_loop.unknown
    if part == "rollout":
        figures |= {"kernels_per_step": main_loop.total, "unknown_loops": len(unknown), "rollout_bytes": used}
    elif part == "update":
        figures |= {"update_kernels": main_loop.total, "update_bytes": used}
    figures[f"{part}_moved"] = sum(main_loop.moved_by_module.values())
    figures[f"{part}_modules"] = dict(main_loop.by_module.most_common())
    print(f"  {part}: {used / 1e9:.2f} GB, {whole.total} kernels, {main_loop.total} a round of its largest loop")
    moved = figures[f"{part}_moved"]
    print(f"    which reads and writes {moved / 1e9:.2f} GB, {1e3 * moved / bandwidth:.2f} ms of the card's memory")
    for name in unknown:
        print(f"    a loop in {name} whose rounds only the device knows")
    for shape in main_loop.large_copies:
        print(f"    a copy of {shape} in every round")
    for name, count in main_loop.by_module.most_common():
        print(f"    {count:5d} {main_loop.moved_by_module[name] / 1e9:7.3f} GB  {name}")


def programs_of(device: Any, agent_name: str, num_envs: int, words: list[str]) -> tuple[dict[str, Any], Any]:
    """The run's three programs before they are compiled, for `device`, and the shapes of a trajectory."""
    import jax
    import numpy as np

    from dicode import config as configuration
    from dicode.environment.batch import Level, build
    from dicode.games.craftax.levels.blank import blank_worlds
    from dicode.learner import programs
    from dicode.training.trainer import Trainer

    config = configuration.load(["preset=gpu", f"agent={agent_name}", f"num_envs={num_envs}", "dreamer=none", *words])
    trainer = Trainer(config)
    share = num_envs // LEVELS
    counts = [num_envs - share * (LEVELS - 1)] + [share] * (LEVELS - 1)
    batch = build(trainer.game, [Level(blank_worlds(4))] * LEVELS, counts, trainer.sizes, episode_limit=4096)
    mesh = jax.sharding.Mesh(np.array([device]), (programs.distributed.AXIS,))
    sources = programs.sources(trainer.agent, trainer.env, config.learner, batch, mesh)
    return {source.name: source for source in sources}, sources[2].arguments["trajectory"][0]


if __name__ == "__main__":
    main()
