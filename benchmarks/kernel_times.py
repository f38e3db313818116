"""What a card did while a program ran, kernel by kernel (`learner.py --profile`).

Small kernels take longer while they are watched, by some ten microseconds each; long ones do not.
"""

import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
from jax.profiler import ProfileData


def kernel_times(call: Callable[[], Any]) -> dict[str, list[float]]:
    """Milliseconds of each launch of each kernel during `call`, by the kernel's name; {} where no accelerator took part."""
    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            jax.block_until_ready(call())
        return read(next(Path(folder).rglob("*.xplane.pb")))


def read(path: Path) -> dict[str, list[float]]:
    """As `kernel_times`, from a profile's file."""
    found = defaultdict(list)
    for plane in ProfileData.from_file(str(path)).planes:
        for line in plane.lines if plane.name.startswith("/device:") else ():
            for event in line.events:
                found[event.name].append(event.duration_ns / 1e6)
    return dict(found)


def table(times: dict[str, list[float]], most: int = 15) -> list[str]:
    """Lines that name the kernels which took longest in all."""
    if not times:
        return ["no accelerator took part"]
    whole = sum(map(sum, times.values()))
    longest = sorted(times.items(), key=lambda item: -sum(item[1]))[:most]
    head = f"{whole:.0f} ms in {sum(map(len, times.values()))} kernels; in all, each, times"
    return [head, *(f"{sum(t):8.2f} ms {sum(t) / len(t):8.3f} ms {len(t):6}  {name[:90]}" for name, t in longest)]
