"""Dreaming in Code: levels written as programs, an agent that trains on them, and the loop that closes.

The names of `__all__` are the package's face. Each is imported when it is first used, so `import dicode` costs nothing
and loads no JAX.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dicode.adapters.loading import load_level
    from dicode.adapters.make import make, make_vec
    from dicode.curriculum.archive import Archive
    from dicode.curriculum.snapshot import Snapshot
    from dicode.environment.batch import Level, LevelBatch, Sizes
    from dicode.environment.batch import build as make_batch
    from dicode.environment.env import EnvState, LevelEnv, TimeStep
    from dicode.errors import ConfigError, DicodeError
    from dicode.evaluation.results import RunResult, load_run
    from dicode.games import load_device, load_host
    from dicode.sandbox.sandbox import Sandbox
    from dicode.streams import Streams
    from dicode.types import Accepted, Brief, Draft, LevelRecord, Origin, Rejected, Verdict, level_id


__all__ = [
    "Accepted",
    "Archive",
    "Brief",
    "ConfigError",
    "DicodeError",
    "Draft",
    "EnvState",
    "Level",
    "LevelBatch",
    "LevelEnv",
    "LevelRecord",
    "Origin",
    "Rejected",
    "RunResult",
    "Sandbox",
    "Sizes",
    "Snapshot",
    "Streams",
    "TimeStep",
    "Verdict",
    "__version__",
    "level_id",
    "load_device",
    "load_host",
    "load_level",
    "load_run",
    "make",
    "make_batch",
    "make_vec",
]

_HOMES = {
    "adapters.loading": "load_level",
    "adapters.make": "make make_vec",
    "curriculum.archive": "Archive",
    "curriculum.snapshot": "Snapshot",
    "environment.batch": "Level LevelBatch Sizes make_batch=build",
    "environment.env": "EnvState LevelEnv TimeStep",
    "errors": "ConfigError DicodeError",
    "evaluation.results": "RunResult load_run",
    "games": "load_device load_host",
    "sandbox.sandbox": "Sandbox",
    "streams": "Streams",
    "types": "Accepted Brief Draft LevelRecord Origin Rejected Verdict level_id",
}
"""The module of each public name; `public=own` where the module calls it otherwise."""


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _version()
    for module, names in _HOMES.items():
        for public, _, own in (word.partition("=") for word in names.split()):
            if public == name:
                return getattr(import_module(f"dicode.{module}"), own or name)
    raise AttributeError(f"module 'dicode' has no attribute {name!r}")


def _version() -> str:
    # Every worker of the sandbox imports this package; reading an installed version costs half as much as importing NumPy.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("dicode")
    except PackageNotFoundError:  # running from a source tree that was never installed
        return "0+unknown"


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
