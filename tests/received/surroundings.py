"""What lies around a run, as a value that can be compared: whoever reads a run must leave it as it was."""

import hashlib
import os
import stat
from pathlib import Path


def tree(folder: Path) -> dict[str, tuple[object, ...]]:
    """Everything below `folder` by name: mode, size, inode, time of change, links' targets and files' contents.

    An empty `.lock` is left out: with it a command holds the run that it is about to read.
    """
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        if path.name == ".lock" and stat.S_ISREG(status.st_mode) and not status.st_size:
            continue
        content, changed = "", status.st_mtime_ns
        if stat.S_ISLNK(status.st_mode):
            content = os.readlink(path)
        elif stat.S_ISREG(status.st_mode):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
        elif stat.S_ISDIR(status.st_mode):
            changed = 0  # a folder's names and files say more
        found[str(path.relative_to(folder))] = (
            status.st_mode, status.st_size, status.st_ino, status.st_nlink, changed, content
        )  # fmt: skip
    return found
