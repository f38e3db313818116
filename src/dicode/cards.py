"""How many environments an accelerator's memory holds, known before JAX starts.

The figures are what XLA plans for our programs on cards that it compiles for without having one
(`benchmarks/gpu_compile.py`, docs/log.md).
"""

import subprocess

CHOICES = (2048, 1024, 512, 256)
"""Environments of `preset=gpu`, most first: the published number and twice that fill a card, fewer are for small ones."""
FIXED_BYTES = 0.6e9
"""Network, optimiser, pools of worlds, CUDA's own libraries: what does not grow with the environments."""
ENVIRONMENT_BYTES = 1.4e6
"""An environment of the paper's transformer at 128 steps: state, memory, trajectory, its share of a minibatch's gradient."""
SHARE = 0.75
"""Of a card's memory JAX takes this much at the start."""


def card_memory() -> float | None:
    """Bytes of memory of the smallest of NVIDIA's cards here; None where their driver's program tells none."""
    asked = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        told = subprocess.run(asked, capture_output=True, text=True, timeout=20, check=True).stdout
        return min(float(line) for line in told.split("\n") if line.strip()) * 2**20
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def environments(memory: float | None) -> int:
    """The most of `CHOICES` whose programs fit into a card of `memory` bytes; the most at all where it is unknown."""
    if memory is None:
        return CHOICES[0]
    return next((n for n in CHOICES if FIXED_BYTES + n * ENVIRONMENT_BYTES <= SHARE * memory), CHOICES[-1])
