"""The published benchmarks: files of a million tasks, read from a folder, and levels that hold a fixed sample of them.

A file is a pickle of four arrays (`goals` uint8[N, 5], `rules` uint8[N, R, 7], `init_tiles` uint8[N, T, 2], `num_rules`), compressed by
bz2, as the package writes and downloads it. It is read without running what else it may hold: nothing but the making of
arrays is allowed. What a level of this game cannot hold, such as a task with more than nine productions, is left out.

    python -m dicode.games.xland.published small-1m --output small.py      a level of its training tasks: target=small.py
    dicode eval RUN suite=graded                                           the held-out tasks of every benchmark that is there
"""

import argparse
import bz2
import os
import pickle
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dicode import files
from dicode.errors import ConfigError, LevelError, nearest
from dicode.games.xland.levels.encoded import MOST_THINGS, packed, things_of
from dicode.games.xland.levels.goal import CODE_LENGTH as GOAL_BYTES
from dicode.games.xland.levels.goal import Goal, chain_depth
from dicode.games.xland.levels.rules import CODE_LENGTH as RULE_BYTES
from dicode.games.xland.levels.rules import Rules, productions_of
from dicode.games.xland.levels.tasks import Task

FILES = {
    "trivial-21k": "trivial_21k",
    "small-1m": "small_1m_v3",
    "medium-1m": "medium_1m_v3",
    "medium-3m": "medium_3m_v3",
    "high-1m": "high_1m_v3",
    "high-3m": "high_3m_v3",
}
"""Names of the benchmarks and of their files, from the shortest chains to the longest."""
WHERE = "XLAND_MINIGRID_DATA"
"""The package's variable for the folder with the files."""
SAMPLE = 256
"""Tasks of a benchmark that a level holds: the first ones of its part."""
_ARRAYS = {
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.numeric", "_frombuffer"),
    ("numpy.core.numeric", "_frombuffer"),
}
_BROKEN = (pickle.UnpicklingError, OSError, EOFError, ValueError, TypeError, LookupError, AttributeError, ImportError,
           OverflowError, struct.error)  # fmt: skip
"""What reading a damaged pickle can raise."""
_JAX_ARRAY = ("jax._src.array", "_reconstruct_array")


def folder() -> Path:
    """Where the files lie: `XLAND_MINIGRID_DATA`, or the package's own folder in the user's home."""
    return Path(os.environ.get(WHERE) or Path.home() / ".xland_minigrid")


def load(name: str) -> dict[str, np.ndarray]:
    """The arrays of a benchmark. Raises ConfigError for an unknown name, a missing file, and one that holds anything else."""
    if name not in FILES:
        raise ConfigError(f"no benchmark is called {name!r}{nearest(name, FILES)} (benchmarks: {', '.join(FILES)})")
    path = folder() / FILES[name]
    if not path.is_file():
        raise ConfigError(
            f"the benchmark {name} is not at {path}; get it by python -c \"import xminigrid; xminigrid.load_benchmark('{name}')\", "
            f"or put the file {FILES[name]} of the package's benchmarks into a folder and let {WHERE} name it"
        )
    return read(path)


def read(path: Path) -> dict[str, np.ndarray]:
    """The arrays in a file. Raises ConfigError for one that is no benchmark."""
    try:
        with bz2.open(path, "rb") as compressed:
            held = _ArraysOnly(compressed).load()
    except _BROKEN as error:
        raise ConfigError(f"{path} is no benchmark: {error}") from error
    return _checked(path, held)


class _ArraysOnly(pickle.Unpickler):
    """Makes arrays of NumPy and of JAX, the latter as NumPy's, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        """What a pickle may call."""
        if (module, name) == _JAX_ARRAY:
            return _as_numpy
        if (module, name) in _ARRAYS:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"it calls {module[:40]}.{name[:40]}, which no array needs")


def _as_numpy(make: Any, arguments: Any, state: Any, about: Any) -> np.ndarray:
    array: np.ndarray = make(*arguments)
    array.__setstate__(state)
    return array


def _checked(path: Path, held: object) -> dict[str, np.ndarray]:
    shapes = {"goals": (GOAL_BYTES,), "rules": (None, RULE_BYTES), "init_tiles": (None, 2)}
    if not isinstance(held, Mapping) or not set(shapes) <= set(held):
        raise ConfigError(f"{path} is no benchmark: it has no arrays {', '.join(shapes)}")
    arrays = {}
    for name, shape in shapes.items():
        array = held[name]
        fits = isinstance(array, np.ndarray) and array.dtype == np.uint8 and array.ndim == len(shape) + 1
        if not fits or any(wanted not in (None, size) for wanted, size in zip(shape, array.shape[1:], strict=True)):
            raise ConfigError(
                f"{path} is no benchmark: {name} is not uint8[N, {', '.join(str(n or '*') for n in shape)}]"
            )
        arrays[name] = array
    if len({len(array) for array in arrays.values()}) != 1:
        raise ConfigError(f"{path} is no benchmark: its arrays have different lengths")
    return arrays


def tasks(arrays: Mapping[str, np.ndarray], count: int, held_out: bool) -> list[Task]:
    """The first `count` tasks of a part that a level of this game can hold; which part a task is of, its bytes decide."""
    found: list[Task] = []
    for goal, rules, tiles in zip(arrays["goals"], arrays["rules"], arrays["init_tiles"], strict=True):
        if len(found) == count:
            break
        task = _task(goal, rules, tiles)
        if task is not None and task.is_held_out == held_out:
            found.append(task)
    return found


def _task(goal: np.ndarray, rules: np.ndarray, tiles: np.ndarray) -> Task | None:
    """None for a task that a level of this game cannot hold."""
    try:
        productions, asked, things = productions_of(rules), Goal.from_code(goal.tolist()), things_of(tiles)
        task = Task(asked, Rules(*productions), things, chain_depth(asked, productions))
    except LevelError:
        return None
    return None if asked.is_empty or len(things) > MOST_THINGS else task


_LEVEL = '''"""Objective: solve {part} tasks of the published benchmark {name}.
Why: the first {count} of its tasks that {kept} kept for evaluation.
"""

from dicode.games.xland.levels import Goal, World

GOAL = Goal.task()
TASKS = """
{tasks}
"""


def build(world: World) -> None:
    world.one_of(TASKS)
'''


def level(name: str, held_out: bool = False, count: int = SAMPLE) -> str:
    """A level of a fixed sample of a benchmark's tasks, in its own text, so that a run that has it needs no file."""
    sample = tasks(load(name), count, held_out)
    if not sample:
        raise ConfigError(f"the benchmark {name} has no task that a level can hold")
    part, kept = ("held-out", "are") if held_out else ("training", "are not")
    return _LEVEL.format(part=part, name=name, count=len(sample), kept=kept, tasks=packed(sample))


def graded() -> list[tuple[str, str]]:
    """(`published/rung`, source) of the held-out tasks of each benchmark that is there; rungs count as in `FILES`.

    Raises ConfigError where none is.
    """
    names = [name for name, file in FILES.items() if (folder() / file).is_file()]
    if not names:
        load(next(iter(FILES)))
    return [(f"published/{list(FILES).index(name) + 1}", level(name, held_out=True)) for name in names]


def main() -> None:
    """Write a level of a benchmark's training tasks, to be a run's target."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("name", help=", ".join(FILES))
    parser.add_argument("--output", type=Path, required=True, help="the level file, as in target=FILE.py")
    parser.add_argument("--tasks", type=int, default=SAMPLE, help="how many of its tasks, the first ones")
    given = parser.parse_args()
    try:
        files.write_text(given.output, level(given.name, count=given.tasks))
    except ConfigError as error:
        parser.exit(2, f"{error}\n")


if __name__ == "__main__":
    main()
