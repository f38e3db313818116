"""The archive on disk: one SQLite file with every level ever dreamed, append-only, committed once a cycle.

Every row carries the cycle it belongs to and is never updated. All rows of cycle c are written in one
transaction, which also sets `committed_cycle = c`; a writer that dies at any moment leaves the state of
some whole cycle. Rolling back to an earlier cycle is deleting the later rows.

SQLite runs with a rollback journal and not in WAL mode: run directories live on network file systems,
where WAL's shared memory does not work, and are copied as they are, where a separate log is easily
forgotten. Writes are one short transaction a cycle, so readers wait a tenth of a second at worst.

The file may come from anybody: readers work on a copy in memory, writers look before they open it
(`dicode.received.database`), and rows are checked as they are read (`dicode.curriculum.rows`).
"""

import hashlib
import os
import secrets
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from dicode.curriculum import codec, rows
from dicode.curriculum.codec import verdict_seconds as _seconds
from dicode.curriculum.rows import load
from dicode.curriculum.snapshot import Snapshot
from dicode.errors import RunError
from dicode.received import database, seal
from dicode.types import API_VERSION, LevelRecord, Origin

SCHEMA_VERSION = 1
BUSY_SECONDS = 30.0

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE levels (id TEXT PRIMARY KEY, cycle INTEGER NOT NULL, body TEXT NOT NULL, seconds REAL NOT NULL);
CREATE TABLE trials (level TEXT REFERENCES levels (id) DEFERRABLE INITIALLY DEFERRED, cycle INTEGER,
                     status TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (level, cycle));
CREATE TABLE activations (cycle INTEGER, position INTEGER, active INTEGER NOT NULL,
                          level TEXT NOT NULL REFERENCES levels (id) DEFERRABLE INITIALLY DEFERRED,
                          PRIMARY KEY (cycle, position));
CREATE TABLE briefs (cycle INTEGER, position INTEGER, body TEXT NOT NULL, PRIMARY KEY (cycle, position));
CREATE TABLE outcomes (cycle INTEGER, asked INTEGER, position INTEGER, level TEXT, verdict TEXT NOT NULL,
                       seconds REAL NOT NULL, PRIMARY KEY (asked, position));
CREATE TABLE cycles (cycle INTEGER PRIMARY KEY, method TEXT NOT NULL, run TEXT NOT NULL, committed_at REAL NOT NULL);
"""
_COMPILES = (
    "CREATE TABLE IF NOT EXISTS compiles (level TEXT, cycle INTEGER, seconds REAL NOT NULL, PRIMARY KEY (level, cycle))"
)
"""`Trial.compile_s` where it isn't 0. A table of its own, without part in the digest; archives made before it lack it."""
_SEALS = "CREATE TABLE IF NOT EXISTS seals (level TEXT PRIMARY KEY, cycle INTEGER NOT NULL, seal TEXT NOT NULL)"
"""Which levels' origin this machine has recorded (`dicode.received.seal`); without part in the digest, too."""
NEEDED = database.schema_of(statement for statement in _SCHEMA.split(";") if statement.strip())
OPTIONAL = database.schema_of([_COMPILES, _SEALS])
"""What a run's database contains, and may contain."""
_LOSS = "it holds every level, score and finished cycle of the run, so copy it back, or start a new run"
SEALED = (Origin.LIBRARY, Origin.FILE, Origin.GRAMMAR, Origin.GENERATOR, Origin.FRONTIER)
"""Origins whose code is trusted as far as the project itself, so that only this machine may vouch for them."""
_TIMING = frozenset({"seconds", "committed_at"})
_KEYS = {
    "levels": "cycle, id",
    "trials": "cycle, level",
    "activations": "cycle, position",
    "briefs": "cycle, position",
    "outcomes": "asked, position",
    "cycles": "cycle",
}


class Archive:
    """One run's `archive.sqlite`. Use as a context manager or call `close`.

    A writer creates the file when it is missing, unless told that it exists; a reader (`read_only=True`) raises
    `RunError` instead, may run while a trainer writes, changes nothing on disk, and goes on showing what was committed
    when it was opened. A file that was emptied or damaged is never replaced: it raises `RunError`, as do another schema
    or level-API version and whatever is not a row of a run.
    """

    def __init__(self, path: Path | str, read_only: bool = False, existing: bool = False) -> None:
        """Open the archive at `path`; where it is missing it is created, but for `read_only` and `existing`."""
        self.path = Path(path)
        self.read_only = read_only
        self.sealing = False
        """Whether levels that are committed are sealed as recorded by this machine."""
        try:
            if not os.path.lexists(self.path) and (read_only or existing):
                raise database.Damaged(f"there is no archive at {self.path}")
            if read_only:
                self._db = database.open_copy(self.path, NEEDED, OPTIONAL, BUSY_SECONDS)
            else:
                self._db = self._opened_for_writing()
            self._check_versions()
        except database.Damaged as error:
            raise RunError(f"{error}; {_LOSS}") from error
        except sqlite3.DatabaseError as error:
            raise RunError(f"{self.path} can't be used as an archive: {error}; {_LOSS}") from error

    def _opened_for_writing(self) -> sqlite3.Connection:
        database.check_before_writing(self.path, NEEDED, OPTIONAL)
        if not self.path.exists():
            _create(self.path)
        elif not self.path.stat().st_size:
            raise database.Damaged(f"{self.path} is empty")
        db = _open(self.path)
        db.execute(_COMPILES)
        db.execute(_SEALS)
        return db

    def __enter__(self) -> Self:
        """The archive itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file; committed cycles are safe on disk already."""
        self._db.close()

    def committed_cycle(self) -> int:
        """The last cycle that was written whole; -1 before the first."""
        return self._meta("committed_cycle")

    @property
    def run(self) -> int | None:
        """A number of chance that is the run's own, and no part of the digest; None in archives made before there was one."""
        return self._meta("run") if self._db.execute("SELECT 1 FROM meta WHERE key = 'run'").fetchone() else None

    def snapshot(self) -> Snapshot:
        """Everything that is committed, read in one transaction."""
        with self._reading():
            return load(self._db, self.path, self.committed_cycle())

    def commit(self, cycle: int, snapshot: Snapshot) -> Snapshot:
        """Write all that `snapshot` holds of `cycle` in one transaction; returns it as committed.

        Raises `RunError`, with nothing written, when `cycle` is not the one after the last committed (a
        second trainer on the same run), when the disk is full or the file can't be written.
        """
        if self.read_only:
            raise RunError(f"{self.path} was opened for reading only")
        try:
            with self._writing():
                committed = self.committed_cycle()
                if cycle != committed + 1:
                    raise RunError(
                        f"cycle {cycle} can't follow cycle {committed} in {self.path}; is a second trainer at work?"
                    )
                _write(self._db, cycle, snapshot)
                if self.sealing:
                    _seal(self._db, (level for level in snapshot.levels.values() if level.born == cycle))
                self._db.execute("UPDATE meta SET value = ? WHERE key = 'committed_cycle'", (cycle,))
        except (sqlite3.OperationalError, sqlite3.IntegrityError) as error:
            raise RunError(f"cycle {cycle} could not be written to {self.path}: {error}") from error
        return replace(snapshot, cycle=cycle)

    def strangers(self) -> list[str]:
        """Levels whose recorded origin would spare them the full wall, and which this machine has not sealed."""
        with self._reading():
            seals = dict(rows.seals(self._db, self.path))
            levels = load(self._db, self.path, self.committed_cycle()).levels.values()
        return [level.id for level in levels if level.origin in SEALED and not _known(level, seals.get(level.id))]

    def seal(self) -> int:
        """Record that the levels are of the origins that they say, on the person's word; returns how many there are."""
        levels = [level for level in self.snapshot().levels.values() if level.origin in SEALED]
        with self._writing():
            _seal(self._db, levels)
        return len(levels)

    def discard_above_committed(self) -> int:
        """Delete rows above `committed_cycle`; returns how many (zero unless something else wrote here)."""
        return self.rewind(self.committed_cycle())

    def rewind(self, cycle: int) -> int:
        """Go back to the state after `cycle` (for a lost checkpoint); returns the number of rows deleted."""
        if not -1 <= cycle <= self.committed_cycle():
            raise RunError(f"can't rewind to cycle {cycle}; the archive holds cycles -1 to {self.committed_cycle()}")
        with self._writing():
            deleted = sum(
                self._db.execute(f"DELETE FROM {table} WHERE cycle > ?", (cycle,)).rowcount for table in _KEYS
            )
            for table in ("compiles", "seals"):
                self._db.execute(f"DELETE FROM {table} WHERE cycle > ?", (cycle,))
            self._db.execute("UPDATE meta SET value = ? WHERE key = 'committed_cycle'", (cycle,))
        return deleted

    def digest(self) -> str:
        """SHA-256 over a canonical dump of all tables without the timing columns: equal archives, equal digests."""
        sha = hashlib.sha256()
        with self._reading():
            for key in ("api_version", "committed_cycle", "schema_version"):
                sha.update(codec.dumps([key, self._meta(key)]).encode() + b"\n")
            for table, order in sorted(_KEYS.items()):
                for row in database.rows(self._db, self.path, f"SELECT * FROM {table} ORDER BY {order}"):
                    kept = {name: row[name] for name in row.keys() if name not in _TIMING}  # noqa: SIM118 - a Row
                    sha.update(self._canonical(table, kept))
        return sha.hexdigest()

    def _canonical(self, table: str, row: dict[str, Any]) -> bytes:
        try:
            return codec.dumps([table, row]).encode() + b"\n"
        except (TypeError, ValueError) as error:
            raise RunError(f"{self.path}: a row of {table} holds neither text nor a number: {error}") from error

    def _check_versions(self) -> None:
        for key, ours in {"schema_version": SCHEMA_VERSION, "api_version": API_VERSION}.items():
            theirs = self._meta(key)
            if theirs != ours:
                raise RunError(f"{self.path} has {key} {theirs}; this version of dicode reads {ours}")

    def _meta(self, key: str) -> int:
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        if row is None:
            raise RunError(f"{self.path} is not a complete archive: {key} is missing")
        if not isinstance(row[0], int):
            raise RunError(f"{self.path} can't be used as an archive: {key} is {row[0]!r:.40}")
        return row[0]

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with database.limited(self._db, self.path):
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise


def export(snapshot: Snapshot) -> dict[str, Any]:
    """The whole archive as JSON values, for scripts: one entry a level with its trials and children."""
    children, active = dict[str, list[str]](), snapshot.active()
    for record in snapshot.levels.values():
        for parent in dict.fromkeys(record.parents):
            children.setdefault(parent, []).append(record.id)
    return {
        "committed_cycle": snapshot.cycle,
        "run": dict(snapshot.run_state),
        "method": dict(snapshot.method_state),
        "levels": [
            codec.level_to_json(record)
            | {
                "active": record.id in active,
                "status": record.status.value,
                "score": record.score,
                "last_trained": record.last_trained,
                "children": children.get(record.id, []),
                "trials": [
                    codec.trial_to_json(trial) | {"compile_s": trial.compile_s}
                    for trial in snapshot.trials.get(record.id, ())
                ],
            }
            for record in snapshot.levels.values()
        ],
        "outcomes": [
            {
                "cycle": outcome.cycle,
                "asked": outcome.asked,
                "index": outcome.index,
                "level": outcome.level,
                "verdict": codec.verdict_to_json(outcome.verdict),
            }
            for outcome in snapshot.outcomes
        ],
    }


def _create(path: Path) -> None:
    """An archive without a cycle, at once or not at all."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    values = {"schema_version": SCHEMA_VERSION, "api_version": API_VERSION, "committed_cycle": -1}
    values["run"] = secrets.randbits(53)  # which any reader of JSON holds exactly
    try:
        partial.unlink(missing_ok=True)
        db = sqlite3.connect(partial, isolation_level=None)
        db.executescript(f"BEGIN; {_SCHEMA} {_COMPILES};")
        db.executemany("INSERT INTO meta VALUES (?, ?)", values.items())
        db.execute("COMMIT")
        db.close()
        partial.replace(path)
    except (OSError, sqlite3.OperationalError) as error:
        raise RunError(f"the archive {path} can't be made: {error}") from error


def _open(path: Path) -> sqlite3.Connection:
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", BUSY_SECONDS, isolation_level=None, uri=True)
        db.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.OperationalError as error:
        raise RunError(f"the archive {path} can't be opened: {error}") from error
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA trusted_schema = OFF")
    db.execute("PRAGMA journal_mode = DELETE")
    db.execute("PRAGMA synchronous = EXTRA")
    db.execute("PRAGMA foreign_keys = ON")
    return db


def _known(level: LevelRecord, found: str | None) -> bool:
    return seal.fits(found, "level", level.id, level.origin.value)


def _seal(db: sqlite3.Connection, levels: Iterable[LevelRecord]) -> None:
    for level in levels:
        made = seal.seal("level", level.id, level.origin.value) if level.origin in SEALED else None
        if made is not None:
            db.execute("INSERT OR REPLACE INTO seals VALUES (?, ?, ?)", (level.id, level.born, made))


def _write(db: sqlite3.Connection, cycle: int, snapshot: Snapshot) -> None:
    """Insert every row of `cycle`; the caller holds the transaction."""

    def insert(table: str, columns: int, rows: Iterable[tuple[object, ...]]) -> None:
        db.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * columns)})", rows)

    born = (record for record in snapshot.levels.values() if record.born == cycle)
    trained = [(level, trials[-1]) for level, trials in snapshot.trials.items() if trials[-1].cycle == cycle]
    changes = (change for change in snapshot.activations if change.cycle == cycle)
    asked = (brief for brief in snapshot.briefs if brief.cycle == cycle)
    taken = (outcome for outcome in snapshot.outcomes if outcome.cycle == cycle)
    insert("levels", 4, ((r.id, cycle, codec.dumps(codec.level_to_json(r)), _seconds(r.verdict)) for r in born))
    insert(
        "trials",
        4,
        (
            (level, cycle, snapshot.levels[level].status.value, codec.dumps(codec.trial_to_json(trial)))
            for level, trial in trained
        ),
    )
    insert("compiles", 3, ((level, cycle, trial.compile_s) for level, trial in trained if trial.compile_s))
    insert("activations", 4, ((cycle, i, int(change.active), change.level) for i, change in enumerate(changes)))
    insert("briefs", 3, ((cycle, b.index, codec.dumps(codec.brief_to_json(b, snapshot.levels))) for b in asked))
    insert(
        "outcomes",
        6,
        (
            (cycle, o.asked, o.index, o.level, codec.dumps(codec.verdict_to_json(o.verdict)), _seconds(o.verdict))
            for o in taken
        ),
    )
    states = (codec.dumps(snapshot.method_state), codec.dumps(snapshot.run_state))
    insert("cycles", 4, [(cycle, *states, time.time())])
