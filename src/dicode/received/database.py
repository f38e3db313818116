"""An SQLite file from outside, read so that nothing on disk can change: SQLite itself is never given its path.

The bytes are copied under the lock that SQLite's own readers take, so that they are the state of some whole
transaction, and opened in memory. A rollback journal that a killed writer left is applied to a private copy. Then
the tables must be exactly those that are expected: no view, trigger, index, virtual table or generated column, whose
expressions SQLite would compute while reading.
"""

import fcntl
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dicode.errors import RunError
from dicode.received import files
from dicode.received.text import line

MAX_BYTES = 2000 << 20
"""Bytes of one database; a little less than SQLite holds in memory at most."""
MAX_SECONDS = 300.0
"""Seconds that reading one database may take."""
MAX_ROWS = 5_000_000
"""Rows of one table."""
MAX_TEXT = 64 << 20
"""Bytes of one value."""
_PENDING, _SHARED, _SHARED_BYTES = 0x4000_0000, 0x4000_0002, 510
"""The byte ranges that SQLite locks: by these a reader and a writer know of each other."""
_JOURNAL_MAGIC = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
_STEPS = 10_000

Schema = frozenset[tuple[str, str, str]]
"""(type, name, SQL) of everything in a database."""


class Damaged(RunError):
    """A database that is missing, or not one that such a program wrote."""


def schema_of(statements: Iterable[str]) -> Schema:
    """What a database contains that was made by these statements."""
    with sqlite3.connect(":memory:") as db:
        for statement in statements:
            db.execute(statement)
        found = _schema(db)
    db.close()
    return found


def open_copy(path: Path, needed: Schema, allowed: Schema = frozenset(), busy_s: float = 30.0) -> sqlite3.Connection:
    """The database at `path` as it was last committed, in memory. Its tables are `needed`, and maybe `allowed`.

    Raises RunError for what is missing, too large, damaged, busy for `busy_s` seconds, or has other tables.
    """
    data, journal = _snapshot(path, busy_s)
    _check_header(path, data)
    if journal:
        check_journal(path, journal)
        data = _rolled_back(data, journal)
        _check_header(path, data)
    db = sqlite3.connect(":memory:", isolation_level=None)
    try:
        with limited(db, path):
            db.deserialize(data)
            _restrict(db)
            _check_schema(path, _schema(db), needed, allowed)
            found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
            if found != "ok":
                raise Damaged(f"{path} is damaged: {line(found, 200)}")
    except BaseException:
        db.close()
        raise
    return db


def check_before_writing(path: Path, needed: Schema, allowed: Schema = frozenset()) -> None:
    """Raise RunError unless a writer can be given `path`: what lies there, or beside it, can't act when it is opened.

    A journal that names another file (a super-journal) makes SQLite delete that one.
    """
    for suffix in ("", "-journal", "-wal", "-shm"):
        beside = path.with_name(path.name + suffix)
        if not os.path.lexists(beside):
            continue
        if suffix in ("-wal", "-shm"):
            raise RunError(
                f"{beside} does not belong to a run (it is no file of dicode's); remove it if nobody needs it"
            )
        os.close(files.open_file(beside.parent, beside.name, flags=os.O_RDWR))
        if suffix == "-journal":
            check_journal(path, files.read(beside.parent, beside.name, most=MAX_BYTES))
    if path.exists() and path.stat().st_size:
        open_copy(path, needed, allowed).close()


@contextmanager
def limited(db: sqlite3.Connection, path: Path, seconds: float = MAX_SECONDS) -> Iterator[None]:
    """Bound the time of what is read within, and make SQLite's errors one sentence."""
    deadline = time.monotonic() + seconds
    db.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
    try:
        yield
    except sqlite3.Error as error:
        if time.monotonic() > deadline:
            raise RunError(f"{path} took longer than {seconds:g} s to read") from error
        raise Damaged(f"{path} can't be used as an archive: {error}") from error
    finally:
        db.set_progress_handler(None, 0)


def rows(db: sqlite3.Connection, path: Path, sql: str) -> Iterator[sqlite3.Row]:
    """The rows of a query. Raises RunError beyond `MAX_ROWS`."""
    for count, row in enumerate(db.execute(sql)):
        if count >= MAX_ROWS:
            raise RunError(f"{path} holds more than {MAX_ROWS} rows in one table; it is no archive of a run")
        yield row


def _snapshot(path: Path, busy_s: float) -> tuple[bytes, bytes]:
    """The database's bytes and its rollback journal's, as of one moment between two transactions' writing."""
    try:
        descriptor = files.open_file(path.parent, path.name)
    except FileNotFoundError as error:
        raise Damaged(f"there is no archive at {path}") from error
    except OSError as error:
        raise RunError(f"{path} can't be read: {error.strerror or error}") from error
    with os.fdopen(descriptor, "rb") as file:
        _lock(descriptor, path, busy_s)
        data = files.read_open(file, path, MAX_BYTES)
        try:
            journal = files.read(path.parent, path.name + "-journal", most=MAX_BYTES)
        except FileNotFoundError:
            journal = b""
    return data, journal


def _lock(descriptor: int, path: Path, busy_s: float) -> None:
    """Take SQLite's shared lock: whoever holds it sees no page being written. Closing the file gives it back."""
    deadline = time.monotonic() + busy_s
    while True:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB, 1, _PENDING)
            fcntl.lockf(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB, _SHARED_BYTES, _SHARED)
            fcntl.lockf(descriptor, fcntl.LOCK_UN, 1, _PENDING)
            return
        except (BlockingIOError, PermissionError) as error:
            if time.monotonic() > deadline:
                raise RunError(f"{path} has been locked by a writer for {busy_s:g} s") from error
            time.sleep(0.02)
        except OSError as error:
            raise RunError(f"{path} can't be locked for reading: {error.strerror or error}") from error


def _check_header(path: Path, data: bytes) -> None:
    if len(data) < 512 or data[:16] != b"SQLite format 3\0":
        raise Damaged(f"{path} can't be used as an archive: it is not an SQLite database")
    if data[18:20] != b"\1\1":
        raise Damaged(f"{path} can't be used as an archive: it keeps a write-ahead log, which dicode never does")


def check_journal(path: Path, journal: bytes) -> None:
    """Raise RunError for a rollback journal that names another file."""
    if journal.endswith(_JOURNAL_MAGIC) and len(journal) > len(_JOURNAL_MAGIC):
        raise RunError(f"{path}-journal names another journal, which dicode never writes; remove it if it is not yours")


def _rolled_back(data: bytes, journal: bytes) -> bytes:
    """The bytes after SQLite has undone what a writer did not finish, in a folder that nobody else knows.

    The journal of a writer that is only just at work holds the pages as they are, so that undoing changes nothing.
    """
    with tempfile.TemporaryDirectory(prefix="dicode-") as private:
        copy = Path(private, "archive.sqlite")
        copy.write_bytes(data)
        copy.with_name("archive.sqlite-journal").write_bytes(journal)
        db = sqlite3.connect(copy, isolation_level=None)
        try:
            _restrict(db, query_only=False)
            with limited(db, copy):
                db.execute("PRAGMA schema_version").fetchone()
            return copy.read_bytes()
        finally:
            db.close()


def _restrict(db: sqlite3.Connection, query_only: bool = True) -> None:
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA trusted_schema = OFF")
    db.execute("PRAGMA cell_size_check = ON")
    if query_only:
        db.execute("PRAGMA query_only = ON")
    limits = {
        sqlite3.SQLITE_LIMIT_LENGTH: MAX_TEXT,
        sqlite3.SQLITE_LIMIT_SQL_LENGTH: 100_000,
        sqlite3.SQLITE_LIMIT_COLUMN: 100,
        sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 50,
        sqlite3.SQLITE_LIMIT_ATTACHED: 0,
        sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    }
    for limit, most in limits.items():
        db.setlimit(limit, most)


def _schema(db: sqlite3.Connection) -> Schema:
    # The rows that SQLite makes for primary keys have no SQL of their own.
    rows = db.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL OR type != 'index' LIMIT 1000")
    return frozenset((str(kind), str(name), " ".join(str(sql).split())) for kind, name, sql in rows)


def _check_schema(path: Path, found: Schema, needed: Schema, allowed: Schema) -> None:
    strange = sorted(f"{kind} {name!r}" for kind, name, _ in found - needed - allowed)
    missing = sorted(f"{kind} {name!r}" for kind, name, _ in needed - found)
    if strange or missing:
        said = [f"it has the unknown {strange[0]}"] if strange else []
        said += [f"the {missing[0]} of this version is missing"] if missing else []
        raise Damaged(f"{path} can't be used as an archive: {' and '.join(said)}")
