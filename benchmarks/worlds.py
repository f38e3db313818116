"""What a base world costs: CPU milliseconds of a call of the generator, one after another (CPUs) and side by side (accelerators).

    python benchmarks/worlds.py [--repeats 10]

CPU seconds, so that the machine may be busy. Compiles both programs first (half a minute each without a compile cache).
"""

import argparse
import sys
import time
from pathlib import Path
from statistics import median

# This folder holds a craftax.py, which must not hide the package.
sys.path.sort(key=str(Path(__file__).resolve().parent).__eq__)

import jax
import jax.numpy as jnp

from dicode.accelerator import written_for
from dicode.cache import enable_compile_cache
from dicode.games.craftax import worlds

KEY = jnp.array([1, 2], jnp.uint32)


def main() -> None:
    """Print a line for each way and number of worlds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=10)
    repeats = parser.parse_args().repeats
    enable_compile_cache()
    for way, accelerator in (("one after another", False), ("side by side", True)):
        with written_for(accelerator=accelerator):
            build = worlds._generator.__wrapped__(worlds.CHUNK)
        for count in (1, worlds.CHUNK):
            took = []
            for turn in range(repeats + 1):
                before = time.process_time()
                jax.block_until_ready(build(KEY, jnp.int32(turn * worlds.CHUNK), jnp.int32(count)))
                took.append(1e3 * (time.process_time() - before))
            print(f"{way:18} {count:2} worlds: {median(took[1:]):6.1f} ms")


if __name__ == "__main__":
    main()
