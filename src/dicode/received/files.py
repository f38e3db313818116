"""Files inside a folder that somebody else may have made: opened without following links, read up to a limit.

The folder itself is named by the person and may be reached through links; nothing below it may be one. Every path
is a sequence of fixed names, opened one after the other relative to the folder before (`openat`), so that a link in
the middle can't lead away. What is not a plain file or a folder is refused before anything is read from it.
"""

import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dicode.errors import RunError

MAX_ENTRIES = 1_000_000
"""Files and folders of a run, at most."""
MAX_DEPTH = 16
MAX_LEVEL = 1 << 20
"""Bytes of a level file."""
_OF_OTHERS = frozenset({"wandb"})
"""Folders of a run where nothing of ours reads or writes."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_KINDS: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISLNK, "a link"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISDIR, "a folder"),
)


def kind(mode: int) -> str:
    """What a mode stands for, in words."""
    return next((word for test, word in _KINDS if test(mode)), "a file")


@contextmanager
def folder(root: Path, *parts: str, make: bool = False) -> Iterator[int]:
    """A descriptor of `root/parts...`, no part of which is a link; with `make`, missing folders are made.

    Raises OSError (ELOOP or ENOTDIR for a link).
    """
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts:
            if make:
                _make(handle, part)
            inner = os.open(_name(part), _FOLDER, dir_fd=handle)
            os.close(handle)
            handle = inner
        yield handle
    finally:
        os.close(handle)


def _make(handle: int, part: str) -> None:
    try:
        os.mkdir(_name(part), dir_fd=handle)
    except FileExistsError:
        return


def _name(part: str) -> str:
    if part in ("", ".", "..") or "/" in part or "\0" in part:
        raise RunError(f"{part!r} is not the name of a file in a run")
    return part


def open_file(root: Path, *parts: str, flags: int = _READ, mode: int = 0o644) -> int:
    """A descriptor of the plain file `root/parts...`; `flags` are those of `os.open`.

    Raises RunError for anything but a plain file, OSError (FileNotFoundError, PermissionError) otherwise.
    """
    path = root.joinpath(*parts)
    flags |= os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    writes = flags & (os.O_WRONLY | os.O_RDWR)
    try:
        with folder(root, *parts[:-1], make=bool(flags & os.O_CREAT)) as handle:
            # Looked at first: opening a device or a pipe may already do something.
            found = _status(parts[-1], handle)
            _require_plain(path, found, bool(writes))
            descriptor = os.open(_name(parts[-1]), flags & ~os.O_TRUNC, mode, dir_fd=handle)
    except (NotADirectoryError, IsADirectoryError) as error:
        raise RunError(f"{path} is not a plain file in a plain folder; links are not followed inside a run") from error
    try:
        _require_plain(path, os.fstat(descriptor), bool(writes))
        if flags & os.O_TRUNC:
            os.ftruncate(descriptor, 0)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _status(name: str, handle: int) -> os.stat_result | None:
    try:
        return os.stat(_name(name), dir_fd=handle, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _require_plain(path: Path, found: os.stat_result | None, writes: bool) -> None:
    if found is None:
        return
    if not stat.S_ISREG(found.st_mode):
        raise RunError(f"{path} is {kind(found.st_mode)}; inside a run only plain files are used")
    if writes and found.st_nlink > 1:
        raise RunError(
            f"{path} has {found.st_nlink} names (hard links), so writing would change files elsewhere; copy it"
        )


def read(root: Path, *parts: str, most: int) -> bytes:
    """The bytes of the plain file `root/parts...`, at most `most`.

    Raises RunError for another kind of file, a longer one, or one that can't be read; FileNotFoundError where there is none.
    """
    path = root.joinpath(*parts)
    try:
        descriptor = open_file(root, *parts)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise RunError(f"{path} can't be read: {error.strerror or error}") from error
    with os.fdopen(descriptor, "rb") as file:
        return read_open(file, path, most)


def read_open(file: object, path: Path, most: int) -> bytes:
    """All bytes of an open file, at most `most`. Raises RunError for more."""
    try:
        data: bytes = file.read(most + 1)  # type: ignore[attr-defined]
    except OSError as error:
        raise RunError(f"{path} can't be read: {error.strerror or error}") from error
    if len(data) > most:
        raise RunError(f"{path} is larger than {size(most)}, the most that is read of such a file")
    return data


def read_text(root: Path, *parts: str, most: int) -> str:
    """As `read`, decoded as UTF-8 (a byte order mark is dropped)."""
    data = read(root, *parts, most=most)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RunError(f"{root.joinpath(*parts)} is not UTF-8 text (byte {error.start})") from error


def replace(root: Path, *parts: str, data: bytes) -> None:
    """Write the file `root/parts...` whole or not at all; what had the name before, be it a link, is replaced by it.

    Raises OSError where the disk refuses.
    """
    with folder(root, *parts[:-1], make=True) as handle:
        partial = f".{_name(parts[-1])}.{os.getpid()}.{time.monotonic_ns():x}"
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644, dir_fd=handle)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, parts[-1], src_dir_fd=handle, dst_dir_fd=handle)
        except BaseException:
            os.unlink(partial, dir_fd=handle)
            raise
        os.fsync(handle)


def check_tree(root: Path, writing: bool = False) -> None:
    """Raise RunError unless everything below `root` is a plain file or a folder.

    With `writing`, also for files with several names (hard links), since changing them would change files elsewhere.
    Not looked into are the folders of other packages, directly below `root`, in which those keep links.
    """
    waiting, seen = [(root, 0)], 0
    while waiting:
        here, depth = waiting.pop()
        try:
            entries = [(entry, status) for entry in os.scandir(here) if (status := _seen(entry)) is not None]
        except FileNotFoundError:
            continue
        except OSError as error:
            raise RunError(f"{here} can't be read: {error.strerror or error}") from error
        seen += len(entries)
        if seen > MAX_ENTRIES or depth > MAX_DEPTH:
            raise RunError(
                f"{root} holds more than {MAX_ENTRIES} files or folders more than {MAX_DEPTH} deep; it is no run"
            )
        for entry, status in entries:
            if not stat.S_ISDIR(status.st_mode):
                _require_plain(Path(entry.path), status, writing)
            elif depth or entry.name not in _OF_OTHERS:
                waiting.append((Path(entry.path), depth + 1))


def _seen(entry: os.DirEntry[str]) -> os.stat_result | None:
    """What an entry is, None where it has gone meanwhile: a run at work has temporary files."""
    try:
        return entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None


def size(count: int) -> str:
    """A number of bytes for people."""
    for unit, word in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if count >= unit:
            return f"{count / unit:.3g} {word}"
    return f"{count} bytes"
