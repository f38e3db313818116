"""Files of a run: read whole, replaced at once, and one sentence where a disk, a right or a damage stands in the way.

Everything here raises `RunError` that names the file and what helps; nothing is written half.
"""

import errno
import fcntl
import json
import os
import pwd
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from dicode.errors import RunError
from dicode.received import files as received
from dicode.received import places, values
from dicode.received.text import line

MAX_TEXT = 256 << 20
"""Bytes of a text file that are read at most."""
MAX_CONFIG = 1 << 20
COPY_BACK = "copy it back from where it is whole"

_RIGHTS = {errno.EACCES, errno.EPERM}
_FULL = {errno.ENOSPC, errno.EDQUOT}
_LOCKS = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS}


@contextmanager
def refusals(doing: str, path: Path | str) -> Iterator[None]:
    """Turn an OSError inside into a RunError: `cannot DOING PATH: why; what helps`."""
    try:
        yield
    except OSError as error:
        raise RunError(sentence(error, doing, path)) from error


def sentence(error: OSError, doing: str = "use", path: Path | str | None = None) -> str:
    """What an OSError means for a person: the file, the system's reason, the remedy."""
    # The error's own file says more than the folder that was asked for, unless a temporary name stands in it.
    inner = error.filename if isinstance(error.filename, str) and not path else None
    where = Path(path or inner or "the output")  # which alone has no name
    return f"cannot {doing} {where}: {error.strerror or error}{_remedy(error.errno, where)}"


@contextmanager
def output(path: Path | str) -> Iterator[None]:
    """As `refusals`, for what a command is to write beside or outside of a run: another place helps."""
    try:
        yield
    except OSError as error:
        helps = _remedy(error.errno, Path(path)) if error.errno in _FULL else "; name another place"
        raise RunError(f"cannot write to {path}: {error.strerror or error}{helps}") from error


def output_path(name: str) -> Path:
    """Where a command is to write. Raises RunError for an empty name, which would stand for the current folder."""
    if not name.strip():
        raise RunError("the name of the output is empty; name a place, as in -o out")
    return Path(name)


def output_folder(name: str) -> Path:
    """The folder that a command is to write to, made and tried. Raises RunError where it can't, or for a run's own."""
    folder = output_path(name)
    if (folder / places.CONFIG).exists():
        raise RunError(f"{folder} is a run's own folder; name another one for the output")
    with output(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _try(folder)
    return folder


def _remedy(number: int | None, path: Path) -> str:
    if number in _RIGHTS:
        return f"; {_owner(path)}copy the run to a folder of yours (cp -r), or ask for the rights"
    if number == errno.EROFS:
        return "; nothing can be written there, so copy the run to another place (cp -r)"
    if number in _FULL:
        return "; free some space there and give the same command again"
    if number == errno.ENOENT:
        return "; copy it back if it was moved or deleted"
    if number == errno.EIO:
        return "; the disk itself reports this, so copy the run to another one"
    if number == errno.EMFILE:
        return "; raise the limit of open files (ulimit -n)"
    if number in _LOCKS:
        return "; this file system keeps no locks, so put the run on another one"
    return ""


def _owner(path: Path) -> str:
    """`it belongs to NAME; ` for the nearest part of `path` that is there."""
    for part in (path, *path.parents):
        with suppress(OSError):
            owner = part.stat().st_uid
            if owner == os.geteuid():
                return ""
            with suppress(KeyError):
                return f"it belongs to {pwd.getpwuid(owner).pw_name}; "
            return f"it belongs to user {owner}; "
    return ""


def read_text(path: Path, most: int = MAX_TEXT) -> str:
    """A text file, whole, of at most `most` bytes; a link, a pipe or a device is refused."""
    with refusals("read", path):
        data = received.read(path.parent, path.name, most=most)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = data[: error.start].count(b"\n") + 1
        raise damaged(path, f"line {number} holds bytes that are no text") from error


def read_json(path: Path, remedy: str = COPY_BACK) -> dict[str, Any]:
    """A JSON object; `remedy` is what helps where the file is damaged."""
    text = read_text(path)
    try:
        value = values.from_json(text)
    except json.JSONDecodeError as error:
        raise damaged(path, f"line {error.lineno} is not JSON", remedy) from error
    except ValueError as error:
        raise damaged(path, line(error, 200), remedy) from error
    if not isinstance(value, dict):
        raise damaged(path, "it holds no named values", remedy)
    return value


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML mapping of plain values; nothing in it refers to anything else."""
    try:
        value = values.from_yaml(read_text(path, MAX_CONFIG))
    except ValueError as error:
        raise damaged(path, line(error, 200)) from error
    if not value:
        raise damaged(path, "it holds no settings")
    return value


def damaged(path: Path, what: str, remedy: str = COPY_BACK) -> RunError:
    """The error for a file that is there and not whole."""
    return RunError(f"{path} is damaged ({what}){'; ' if remedy else ''}{remedy}")


def write_text(path: Path, text: str) -> None:
    """Replace a file at once or not at all, and have it on disk."""
    with refusals("write", path):
        received.replace(path.parent, path.name, data=text.encode())


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """`write_text` of a JSON object."""
    write_text(path, json.dumps(value))


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A hidden name beside `path` to write a file to, which takes its place in the end, and only then.

    Raises OSError where the disk refuses; what was there before is then untouched.
    """
    partial = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield partial
        sync(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def filled(folder: Path) -> Iterator[Path]:
    """A hidden folder to write files to, which are `folder`, new or empty, in the end, and only then.

    Raises OSError where the disk refuses; nothing is left then.
    """
    # An empty folder may be where a disk is mounted, or where a person stands: it stays the same one.
    there = folder.is_dir()
    partial = folder / f".{os.getpid()}" if there else folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        partial.mkdir(parents=True)
        yield partial
        sync_tree(partial)
        if there:
            for file in sorted(partial.iterdir()):
                file.replace(folder / file.name)
        else:
            partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def sync(path: Path) -> None:
    """Flush a file or folder to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(path: Path) -> None:
    """Flush a folder and all that is in it."""
    for folder, _, files in os.walk(path):
        for file in files:
            sync(Path(folder, file))
        sync(Path(folder))


def level_files(folder: Path) -> list[Path]:
    """The level files of a folder, by name, without what editors and macOS leave beside those that they open."""
    return sorted(path for path in folder.glob("*.py") if not path.name.startswith((".#", "._")))


def require_writable(*folders: Path, written: Sequence[Path] = ()) -> None:
    """Try each of the folders and of the files `written` that is there, before anything long begins.

    Raises RunError for the first that refuses, or that is a file where a folder belongs.
    """
    for path in folders:
        if path.exists() and not path.is_dir():
            raise RunError(f"{path} is a file, and a folder belongs there; move it away")
        with refusals("write to", path):
            if path.is_dir():
                _try(path)
    for path in written:
        with refusals("write to", path):
            if path.exists():
                os.close(os.open(path, os.O_RDWR))


def _try(folder: Path) -> None:
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"\0" * 4096)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def held(path: Path, busy: Callable[[], object]) -> Iterator[None]:
    """Hold the lock in the file `path`, which is made; `busy` is called if another process holds it, then waited for."""
    with refusals("lock", path):
        handle = os.fdopen(received.open_file(path.parent, path.name, flags=os.O_WRONLY | os.O_CREAT), "w")
    with handle:
        with refusals("lock", path):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                busy()
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield
