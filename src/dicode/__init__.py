"""Dreaming in Code: levels written as programs, an agent that trains on them, and the loop that closes."""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

try:
    __version__ = version("dicode")
except PackageNotFoundError:  # running from a source tree that was never installed
    __version__ = "0+unknown"

_LAZY = {"make": "adapters.make", "make_vec": "adapters.make", "load_level": "adapters.loading"}
"""Where the public functions stand; importing them costs JAX, which most commands start without."""

__all__ = ["__version__", "load_level", "make", "make_vec"]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'dicode' has no attribute {name!r}")
    return getattr(import_module(f"dicode.{_LAZY[name]}"), name)
