"""Files of JSON lines, appended to: the one way in which journal, metrics and parts of evaluations are written.

A line counts when its newline is on disk. Whatever a failed write or a killed process leaves behind it is cut back
to the last whole line before anything else is written, so lines never run into each other; readers drop it. One
writer at a time: it holds the file (a lock that dies with the process).
"""

import fcntl
import json
import logging
import os
import shutil
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from dicode.errors import RunError
from dicode.files import refusals, sync
from dicode.received import files as received
from dicode.received.values import from_json

log = logging.getLogger(__name__)

MAX_BYTES = 2 << 30
"""Bytes of one file that are read at most."""
MAX_LINE = 32 << 20


class Lines:
    """A file of JSON lines, open for appending; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        """Open `path`, made where it is missing. Raises RunError where it can't be written or another process writes."""
        self.path = path
        self._lock = threading.Lock()
        with refusals("write to", path):
            path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
            self._file: int | None = received.open_file(path.parent, path.name, flags=flags)
            try:
                self._hold(self._file)
                self._whole = _whole(path.read_bytes())
                if os.fstat(self._file).st_size > self._whole:
                    log.warning("the last line of %s is torn (a crash while writing); it is dropped", path)
                self._cut(self._file)
                os.fsync(self._file)
                sync(path.parent)
            except BaseException:
                self.close()
                raise

    def append(self, row: Mapping[str, Any]) -> None:
        """Add one line and have it on disk. Raises RunError if the disk refuses; the line is then not in the file."""
        line = json.dumps(row, separators=(",", ":")).encode() + b"\n"
        with self._lock, refusals("write to", self.path):
            if self._file is None:
                raise RunError(f"{self.path} is closed; nothing can be written to it any more")
            self._cut(self._file)
            try:
                _write(self._file, line)
                os.fsync(self._file)
            except OSError:
                with suppress(OSError):
                    self._cut(self._file)
                raise
            self._whole += len(line)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None

    def _hold(self, file: int) -> None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RunError(f"another process writes to {self.path}; wait for it or end it") from error

    def _cut(self, file: int) -> None:
        """Back to the last whole line: what a write that failed has left."""
        size = os.fstat(file).st_size
        if size < self._whole:
            raise RunError(f"{self.path} was shortened by somebody else while it was written; copy it back")
        if size > self._whole:
            os.ftruncate(file, self._whole)


def read(path: Path) -> list[dict[str, Any]]:
    """Every whole line, none for a missing file; a torn last line is left out. Raises RunError that names a damaged line."""
    try:
        with refusals("read", path):
            data = received.read(path.parent, path.name, most=MAX_BYTES) if os.path.lexists(path) else b""
    except FileNotFoundError:
        return []
    rows = []
    for number, line in enumerate(data[: _whole(data)].split(b"\n")[:-1], 1):
        try:
            # Answers of models are kept as they came, also with halves of surrogate pairs.
            row = from_json(line if len(line) <= MAX_LINE else b"", surrogates=True)
        except ValueError as error:
            what = (
                "is not JSON"
                if isinstance(error, json.JSONDecodeError | UnicodeDecodeError)
                else f"can't be read: {error}"
            )
            raise damaged(path, number, what if len(line) <= MAX_LINE else "is too long") from error
        if not isinstance(row, dict):
            raise damaged(path, number, "holds no named values")
        rows.append(row)
    return rows


def copy(source: Path, target: Path) -> None:
    """Copy the file `source`, a plain one, where it exists, to `target`, which must not."""
    if not os.path.lexists(source):
        return
    with refusals("copy", source), os.fdopen(received.open_file(source.parent, source.name), "rb") as file:
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target, "xb") as new:
            shutil.copyfileobj(file, new)


def damaged(path: Path, number: int, what: str) -> RunError:
    """The error for line `number`."""
    return RunError(
        f"line {number} of {path} {what}; copy the file back from where it is whole, "
        "or delete that line to go on without what it said"
    )


def _whole(data: bytes) -> int:
    """Length of the whole lines at the front."""
    return data.rfind(b"\n") + 1


def _write(file: int, line: bytes) -> None:
    view = memoryview(line)
    while view:
        view = view[os.write(file, view) :]
