"""A run's levels as a folder of level files."""

import os
from pathlib import Path

from dicode import files
from dicode.curriculum.snapshot import Snapshot
from dicode.errors import LevelError, RunError
from dicode.games.level_text import decode
from dicode.received import files as received


def read_file(path: Path) -> str:
    """The text of a level file, in whatever encoding it says of itself. Raises RunError that names the file."""
    try:
        with files.refusals("read", path):
            return decode(received.read(path.parent, path.name, most=received.MAX_LEVEL))
    except LevelError as error:
        raise RunError(f"{path}: {error}") from error


def write_files(snapshot: Snapshot, folder: Path) -> int:
    """Every accepted level as `<id>.py`; files that are there already stay. Returns how many were written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for record in snapshot.accepted().values():
        path = folder / f"{record.id}.py"
        if record.source and not os.path.lexists(path):
            files.write_text(path, record.source)
            written += 1
    return written
