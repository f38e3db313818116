"""What lies around a run, as a value that can be compared: whoever reads a run must leave it as it was."""

import hashlib
import os
import stat
from pathlib import Path


def tree(folder: Path) -> dict[str, tuple[object, ...]]:
    """Everything below `folder` by name: mode, size, inode, time of change, links' targets and files' contents."""
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        content = ""
        if stat.S_ISLNK(status.st_mode):
            content = os.readlink(path)
        elif stat.S_ISREG(status.st_mode):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
        found[str(path.relative_to(folder))] = (
            status.st_mode, status.st_size, status.st_ino, status.st_nlink, status.st_mtime_ns, content
        )  # fmt: skip
    return found
