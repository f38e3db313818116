"""Levels that a run trains no longer because their hooks hung, kept beside the archive.

A hung program leaves no moment for a commit, so the mark is one line of its own file, written by whoever
ends the process. It says in which cycle it happened; from that cycle on the levels are as if they had been
rejected, in the run itself, when it is resumed and when it is replayed.
"""

import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dicode import lines
from dicode.curriculum.archive import Archive
from dicode.curriculum.snapshot import Snapshot
from dicode.errors import RunError

if TYPE_CHECKING:  # reading a run for its pages does not wait for its configuration
    from dicode.runs.directory import RunDirectory

EXIT = 2
_log = logging.getLogger(__name__)


def mark(path: Path, levels: Sequence[str], cycle: int, seconds: float) -> None:
    """Note that levels hung in a cycle."""
    file = lines.Lines(path)
    try:
        file.append({"cycle": cycle, "levels": list(levels), "seconds": seconds})
    finally:
        file.close()


def levels(path: Path, cycle: int) -> frozenset[str]:
    """The levels withdrawn in `cycle` or before. Raises RunError for a line that says something else."""
    found: set[str] = set()
    for number, row in enumerate(lines.read(path), 1):
        when, names = row.get("cycle"), row.get("levels")
        if type(when) is not int or not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise lines.damaged(path, number, "does not say which levels were withdrawn in which cycle")
        found |= set(names) if when <= cycle else set()
    return frozenset(found)


def snapshot_of(run: "RunDirectory") -> Snapshot:
    """All that is committed of a run, without the levels that it trains no longer."""
    with Archive(run.archive_file, read_only=True) as archive:
        snapshot = archive.snapshot()
    return snapshot.without(levels(run.withdrawn_file, snapshot.cycle + 1))


def end_run(
    path: Path, hung: Sequence[str], cycle: int, seconds: float, leave: Callable[[int], object] = os._exit
) -> None:
    """Mark the levels whose hooks hang and end this process, which cannot be asked to end itself."""
    named = " and ".join(hung)
    outcome = f"{'it is' if len(hung) == 1 else 'they are'} withdrawn; `dicode resume {path.parent}` goes on without"
    try:
        mark(path, hung, cycle, seconds)
    except RunError as error:
        outcome = f"that could not be noted ({error})"
    _log.error("training with the hooks of level %s gave no sign of life for %g s: %s", named, seconds, outcome)
    sys.stderr.flush()
    leave(EXIT)
