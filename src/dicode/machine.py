"""What this machine is, found out without JAX: whether it has an accelerator or matrix units, and whether dicode runs here."""

import os
import re
import sys
from pathlib import Path

from dicode.errors import DicodeError

_NVIDIA = ("nvidia[0-9]*", "dxg")
"""Files below /dev: NVIDIA's cards, and cards inside WSL."""

_OTHERS = ("accel[0-9]*", "vfio/[0-9]*", "kfd")
"""Files below /dev: Google's accelerators (two drivers), AMD's cards."""


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def has_amx(listing: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether the cores have a matrix unit for bfloat16 (Intel's AMX), as Linux lists it."""
    try:
        return re.search(r"^flags\s*:.*\bamx_bf16\b", listing.read_text(errors="replace"), re.MULTILINE) is not None
    except OSError:
        return False


def use_threads() -> None:
    """Give XLA two threads where this process may use one core; for entry points, before JAX has its devices.

    Without a pool of threads XLA sums floats in another order, and from two threads on their number changes nothing. So a
    run ends in the same numbers whatever cores it is allowed.
    """
    if cores() == 1:
        os.environ.setdefault("NPROC", "2")  # what XLA asks before it asks the system


def has_accelerator(devices: Path = Path("/dev")) -> bool:
    """Whether JAX should find an accelerator: one is there, a plugin for one is installed, neither is switched off."""
    wanted = os.environ.get("JAX_PLATFORMS", "").split(",")[0].strip().lower()
    if wanted:
        return wanted != "cpu"
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES", "0") in ("", "-1")
    there = any(any(devices.glob(pattern)) for pattern in (*(() if hidden else _NVIDIA), *_OTHERS))
    if not there:
        return False
    from importlib.metadata import entry_points
    from importlib.util import find_spec

    return bool(entry_points(group="jax_plugins")) or find_spec("libtpu") is not None


def default_preset() -> str:
    """The preset of this machine: `gpu` with an accelerator, else `laptop`."""
    return "gpu" if has_accelerator() else "laptop"


def check_platform() -> None:
    """Raise DicodeError on an operating system on which dicode does not run."""
    if sys.platform not in ("linux", "darwin"):
        raise DicodeError(
            f"dicode runs on Linux and macOS, not on {sys.platform}; on Windows use WSL (Windows Subsystem for Linux)"
        )
