"""States that the agent reached, as files of a run's folder: plain bytes, believed only where hash and ranges fit.

`frontier/ID.z` holds the arrays of one state, one after the other in the order of `HostGame.fields`, compressed. The id
is the hash of the arrays, so nothing in the file needs to describe it.
"""

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from dicode import files
from dicode.curriculum import reached
from dicode.errors import RunError
from dicode.games import start
from dicode.games.host import Field, HostGame, WorldArrays
from dicode.games.level_build import schema_fault
from dicode.received import files as received
from dicode.training.trainer import Sightings
from dicode.types import FrontierState

FOLDER = "frontier"
_OVERHEAD = 1024
"""Bytes by which compression may make a state larger."""


def keep(
    run: Path,
    game: HostGame,
    seen: Sightings,
    before: Sequence[FrontierState],
    room: int,
    cycle: int,
) -> tuple[FrontierState, ...]:
    """The states on offer after a cycle; the files of new ones are written.

    Numbers that ran beyond the ranges of the game's fields, such as a countdown that nobody stops at 0, are brought to the
    nearest legal ones: what a level starts from must be what a level may make.
    """
    names = np.array(game.achievements, dtype=object)
    sets = [tuple(names[row]) for row in seen.achieved]
    new = []
    for place, times in reached.entering(sets):
        state = {name: _legal(seen.states[name][place], field) for name, field in game.fields.items()}
        if not _fault(game, state):
            new.append(FrontierState(write(run, game, state), cycle, sets[place], times))
    return reached.kept(before, new, room, cycle)


def write(run: Path, game: HostGame, state: WorldArrays) -> str:
    """Keep one state's arrays; returns its id. Raises RunError if the disk refuses."""
    name = start.state_id(game, state)
    data = b"".join(np.ascontiguousarray(state[field]).tobytes() for field in game.fields)
    with files.refusals("write to", run / FOLDER):
        received.replace(run, FOLDER, f"{name}.z", data=zlib.compress(data, 6))
    return name


def read(run: Path, game: HostGame, name: str) -> Mapping[str, np.ndarray] | None:
    """The arrays of a state, None where there is no such file. Raises RunError for one that is not that state."""
    try:
        packed = received.read(run, FOLDER, f"{name}.z", most=game.state_bytes + _OVERHEAD)
    except FileNotFoundError:
        return None
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(packed, game.state_bytes + 1)
    except zlib.error as error:
        raise _damaged(run, name, str(error)) from error
    if len(data) != game.state_bytes:
        raise _damaged(run, name, f"it holds {len(data)} bytes or more, not {game.state_bytes}")
    state, begin = {}, 0
    for field, kind in game.fields.items():
        count = int(np.prod(kind.shape))
        raw = np.frombuffer(data, np.uint8 if kind.dtype == bool else kind.dtype, count, begin)
        if kind.dtype == bool and raw.max(initial=0) > 1:
            raise _damaged(run, name, f"{field} holds bytes that are neither true nor false")
        state[field] = raw.astype(kind.dtype).reshape(kind.shape)
        begin += raw.nbytes
    if fault := _fault(game, state):
        raise _damaged(run, name, fault)
    if start.state_id(game, state) != name:
        raise _damaged(run, name, "its name is not the hash of what it holds")
    return state


def _legal(array: np.ndarray, field: Field) -> np.ndarray:
    legal: np.ndarray = np.clip(array, field.low, field.high).astype(field.dtype)
    return legal


def _fault(game: HostGame, state: WorldArrays) -> str:
    return schema_fault(game.fields, {name: array[None] for name, array in state.items()})


def _damaged(run: Path, name: str, why: str) -> RunError:
    return RunError(f"{run / FOLDER / f'{name}.z'} is damaged: {why}; copy it back, levels start from that state")
