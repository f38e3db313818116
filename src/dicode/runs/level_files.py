"""A run's levels as a folder of level files."""

import os
from pathlib import Path

from dicode import files
from dicode.curriculum.snapshot import Snapshot


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
