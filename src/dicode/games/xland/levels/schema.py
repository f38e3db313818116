"""The arrays of a state: names, shapes, dtypes and legal ranges. Goal and productions lie in it, as in the package.

So the worlds of one level can set different tasks, as those of the target do.
"""

from collections.abc import MutableMapping

import numpy as np

from dicode.games.host import Field
from dicode.games.xland.levels import goal
from dicode.games.xland.levels.names import MAX_RULES, SIZE, Side
from dicode.games.xland.levels.rules import CODE_LENGTH, MOST_TRIALS

MOST_STEPS = 10_000


def _field(shape: tuple[int, ...], dtype: str, high: float) -> Field:
    return Field(shape, np.dtype(dtype), 0, high)


FIELDS: dict[str, Field] = {
    "grid": _field((SIZE, SIZE, 2), "uint8", 12),
    "position": _field((2,), "int32", SIZE - 1),
    "direction": _field((), "int32", max(Side)),
    "pocket": _field((2,), "uint8", 12),
    "goal": _field((goal.CODE_LENGTH,), "uint8", 14),
    "productions": _field((MAX_RULES, CODE_LENGTH), "uint8", 12),
    "step": _field((), "int32", MOST_STEPS),
    "limit": _field((), "int32", MOST_STEPS),
    "depth": _field((), "int32", goal.MAX_DEPTH),
    "made": _field((), "int32", MOST_STEPS),
    "solved": _field((), "bool", 1),
    "achievements": _field((len(goal.ACHIEVEMENTS),), "bool", 1),
    "trial": _field((), "int32", MOST_TRIALS),
    "trials": _field((), "int32", MOST_TRIALS),
}
STARTS = ("grid", "position", "direction", "pocket")
"""What a trial puts back."""
FIELDS |= {f"start_{name}": FIELDS[name] for name in STARTS}
"""Every array of a state; one world is a dict of these, a pool adds a leading axis.

grid: (tile, colour) by row and column, zeros outside of the grid; position: row and column; pocket: (tile, colour) in
hand, zeros for nothing; goal, productions: the package's encodings; step: steps of the trial; limit: steps after
which it ends; depth: productions in a chain that the task needs; made: productions that have happened; solved: the
last step met the goal; trial: trials that have ended; trials: how many an episode has; start_*: how each trial begins.
"""


def remember_start(arrays: MutableMapping[str, np.ndarray]) -> None:
    """Let every trial begin as the world does now."""
    for name in STARTS:
        arrays[f"start_{name}"][...] = arrays[name]
