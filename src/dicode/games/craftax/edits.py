"""Small random changes to a level's map, as level code whose effect can be tested cell by cell.

An edited level is its parent's text with one block appended: a table `EDITS` of (kind, seed, cells) and the
function below, which applies them in order to the floor that the player starts on. Editing an edited
level only adds a row to the table. The function knows no block by name, so it edits any map of codes.
"""

import inspect
import re

import numpy as np

from dicode.errors import ConfigError, nearest

KINDS = ("swap", "restricted_swap", "noise")
"""`swap` exchanges cells that differ; `restricted_swap` only with open ground (the commonest block), so that
things move but keep their number; `noise` overwrites cells with blocks drawn from elsewhere on the floor."""


def edit_cells(blocks: np.ndarray, free: np.ndarray, kind: str, seed: int, count: int) -> np.ndarray:
    """Change at most `count` of the `free` cells of one map in place; returns just those that changed, [n, 2]."""
    cells = np.random.default_rng(seed).permutation(np.argwhere(free))
    values = blocks[tuple(cells.T)]
    first, second = np.array_split(np.arange(len(cells)), 2)
    if kind == "restricted_swap":
        ground = values == np.bincount(values, minlength=1).argmax()
        first, second = np.flatnonzero(~ground), np.flatnonzero(ground)
    size = min(len(first), len(second))
    first, second = first[:size], second[:size]
    differ = values[first] != values[second]
    pairs = count if kind == "noise" else count // 2
    first, second = first[differ][:pairs], second[differ][:pairs]
    blocks[tuple(cells[first].T)] = values[second]
    if kind == "noise":
        return np.asarray(cells[first])
    blocks[tuple(cells[second].T)] = values[first]
    return np.asarray(cells[np.concatenate([first, second])])


_BLOCK = '''

# Edits, applied in order to the floor on which the player starts: kind, seed, number of cells.
EDITS = (
)


{function}

def editable_cells(world: World) -> np.ndarray:
    """Cells that may change: 2 to 20 steps from the player, without item, creature or sapling."""
    floor = world.player.floor
    row, column = world.player.position
    rows, columns = np.indices(world.blocks[floor].shape)
    steps = abs(rows - row) + abs(columns - column)
    free = (steps >= 2) & (steps <= 20) & (world.items[floor] == 0)
    for mob in world.mobs():
        free[mob.position] = False
    for position in world.arrays["growing_plants_positions"][world.arrays["growing_plants_mask"]]:
        free[tuple(position)] = False
    return free


unedited_build = build


def build(world: World) -> None:
    """Build the parent's world, then edit it."""
    unedited_build(world)
    for kind, seed, count in EDITS:
        edit_cells(world.blocks[world.player.floor], editable_cells(world), kind, seed, count)
'''
_TABLE = re.compile(r"^EDITS = \(\n(?:    .*\n)*?\)$", re.MULTILINE)


def check_kind(kind: str) -> None:
    """`ConfigError` for a kind of edit that there is not."""
    if kind not in KINDS:
        raise ConfigError(f"mutation is {kind!r}; choose one of {', '.join(KINDS)}{nearest(kind, KINDS)}")


def edited_source(source: str, kind: str, seed: int, count: int) -> str:
    """The text of a level with one more edit."""
    check_kind(kind)
    if not _TABLE.search(source):
        source = "import numpy as np\n".join(_split_imports(source)) + _BLOCK.format(function=_function())
    return _TABLE.sub(lambda table: table[0][:-1] + f'    ("{kind}", {seed}, {count}),\n)', source, count=1)


def _split_imports(source: str) -> tuple[str, str]:
    """The text before and from the first import of the level API on; what is needed goes in between."""
    at = re.search(r"^from dicode\.levels import|^import dicode", source, re.MULTILINE)
    place = at.start() if at else 0
    return source[:place], source[place:]


def _function() -> str:
    return inspect.getsource(edit_cells)
