"""An archive from outside is read without SQLite ever touching the disk, and holds a run's tables or is refused."""

import os
import socket
import sqlite3
import struct
from contextlib import suppress
from pathlib import Path

import pytest
from archive_examples import SEED, story
from surroundings import tree

from dicode.curriculum import archive as archives
from dicode.curriculum.archive import Archive
from dicode.errors import RunError
from dicode.received import database

pytestmark = pytest.mark.fast

MAGIC = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"


@pytest.fixture
def sent(tmp_path) -> Path:
    """The archive of a run of three cycles, in a folder of its own, with a file beside that folder."""
    folder = tmp_path / "sent"
    folder.mkdir()
    with Archive(folder / "archive.sqlite") as archive:
        for cycle, snapshot in enumerate(story(3)):
            archive.commit(cycle, snapshot)
    (tmp_path / "victim.txt").write_text("precious")
    return folder / "archive.sqlite"


def change(path: Path, *statements: str) -> None:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA writable_schema = ON")
    for statement in statements:
        db.execute(statement)
    db.close()


def refused(path: Path, *, match: str) -> None:
    """Neither a reader nor a writer takes the archive, and nothing anywhere around it changes."""
    around = path.parent.parent
    before = tree(around)
    with pytest.raises(RunError, match=match), Archive(path, read_only=True) as archive:  # noqa: PT012 - whichever comes first
        archive.digest()
        archive.snapshot()
    with pytest.raises(RunError, match=match), Archive(path) as archive:
        archive.snapshot()
    assert tree(around) == before


def hot_journal(path: Path, trailer: bytes = b"") -> None:
    """A journal that SQLite takes for one to roll back."""
    size = path.stat().st_size // 4096
    header = MAGIC + struct.pack(">IIIII", 0, 1, size, 512, 4096)
    path.with_name(path.name + "-journal").write_bytes(header.ljust(512, b"\0") + trailer)


def names_another(name: str) -> bytes:
    text = name.encode()
    return struct.pack(">I", 0x40000000 // 4096 + 1) + text + struct.pack(">II", len(text), sum(text)) + MAGIC


@pytest.mark.parametrize("name", ["{}/victim.txt", "{}/victim.txt\0", "../victim.txt"])
def test_a_journal_that_names_another_file_deletes_nothing(sent, name):
    hot_journal(sent, names_another(name.format(sent.parent.parent)))
    refused(sent, match="names another journal")
    assert (sent.parent.parent / "victim.txt").read_text() == "precious"


def test_a_journal_of_nothing_is_left_where_it_is(sent):
    hot_journal(sent)
    before = tree(sent.parent)
    with Archive(sent, read_only=True) as archive:
        assert archive.committed_cycle() == 2
    assert tree(sent.parent) == before


@pytest.mark.parametrize("suffix", ["-wal", "-shm"])
def test_a_write_ahead_log_is_refused_and_nothing_is_made_beside_it(sent, suffix):
    db = sqlite3.connect(sent)
    db.execute("PRAGMA journal_mode = WAL")
    db.close()
    refused(sent, match="write-ahead log")
    sent.with_name(sent.name + suffix).write_bytes(b"\x37\x7f\x06\x82" + bytes(4096))
    refused(sent, match="write-ahead log|does not belong")


def test_a_reader_of_a_killed_writers_archive_sees_the_last_commit_and_leaves_its_journal(sent):
    before = Archive(sent, read_only=True).digest()
    child = os.fork()
    if not child:
        with suppress(BaseException):
            db = sqlite3.connect(sent, isolation_level=None)
            db.executescript("PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN IMMEDIATE;")
            db.execute("UPDATE levels SET body = body || hex(randomblob(20000))")
            db.execute("UPDATE meta SET value = 7 WHERE key = 'committed_cycle'")
        os._exit(0)
    os.waitpid(child, 0)
    assert sent.with_name(sent.name + "-journal").stat().st_size > 4096
    around = tree(sent.parent)
    with Archive(sent, read_only=True) as archive:
        assert archive.committed_cycle() == 2
        assert archive.digest() == before
    assert tree(sent.parent) == around


ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x, 0, x, 0.0 FROM c"


@pytest.mark.parametrize(
    "statements",
    [
        ("ALTER TABLE levels RENAME TO hidden", f"CREATE VIEW levels(id, cycle, body, seconds) AS {ENDLESS}"),
        ("CREATE TRIGGER t AFTER DELETE ON levels BEGIN DELETE FROM trials; END",),
        ("CREATE INDEX i ON levels (abs(cycle))",),
        ("CREATE TABLE more (x)",),
        ("CREATE VIRTUAL TABLE v USING fts5(x)",),
        ("ALTER TABLE cycles ADD COLUMN g AS (hex(zeroblob(100000000)))",),
        ("DROP TABLE outcomes",),
        ("ANALYZE",),
        ("UPDATE sqlite_master SET sql = 'CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER DEFAULT (abs(1)))' WHERE name = 'meta'",),
    ],
    ids=["view", "trigger", "index", "table", "virtual", "generated", "missing", "statistics", "default"],
)  # fmt: skip
def test_other_tables_than_a_runs_are_refused(sent, statements):
    change(sent, *statements)
    refused(sent, match="can't be used as an archive")


def link(path: Path, aside: Path) -> None:
    path.symlink_to(aside)


def hard_link(path: Path, aside: Path) -> None:
    path.hardlink_to(aside)


def pipe(path: Path, aside: Path) -> None:
    os.mkfifo(path)


def sock(path: Path, aside: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)
    try:
        socket.socket(socket.AF_UNIX).bind(path.name)
    finally:
        os.chdir(here)


def directory(path: Path, aside: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("make", [link, pipe, sock, directory])
@pytest.mark.parametrize("suffix", ["", "-journal"])
def test_an_archive_or_a_journal_that_is_no_plain_file_is_refused_at_once(sent, make, suffix):
    path, aside = sent.with_name(sent.name + suffix), sent.parent.parent / "aside"
    aside.write_bytes(sent.read_bytes())
    path.unlink(missing_ok=True)
    make(path, aside)
    refused(sent, match="plain file")


def test_an_archive_with_a_second_name_is_read_but_not_written(sent):
    hard_link(sent.parent.parent / "second", sent)
    assert Archive(sent, read_only=True).committed_cycle() == 2
    with pytest.raises(RunError, match="2 names"):
        Archive(sent)


@pytest.mark.parametrize(
    ("statement", "match"),
    [
        ("UPDATE levels SET body = json_set(body, '$.id', '../../victim') WHERE cycle = 1", "row . of levels"),
        ("UPDATE levels SET body = json_set(body, '$.source', 'other') WHERE cycle = 1", "not the hash"),
        (f"UPDATE levels SET id = 'aaaaaaaaaaaa' WHERE id = '{SEED}'", "filed under another"),
        ("UPDATE levels SET body = json_set(body, '$.parents', json('[\"../x\"]')) WHERE cycle = 1", "not the id of a level"),
        ("UPDATE levels SET body = json_set(body, '$.origin', 'god')", "origin"),
        ("UPDATE levels SET body = json_set(body, '$.born', 1e300)", "born"),
        ("UPDATE levels SET body = CAST(body AS BLOB)", "neither text nor a number|body is b"),
        ("UPDATE levels SET body = '[' || body || ']'", "not an object"),
        ("UPDATE levels SET body = replace(hex(zeroblob(50000)), '0', '[')", "nested"),
        ("UPDATE levels SET body = '{\"id\": ' || replace(hex(zeroblob(4000)), '0', '9') || '}'", "digits"),
        ("UPDATE levels SET seconds = 'soon'", "seconds"),
        ("UPDATE levels SET seconds = 9e999", "seconds"),
        ("UPDATE trials SET body = json_set(body, '$.episodes', -3)", "successes"),
        ("UPDATE trials SET body = replace(body, '1.25', 'NaN')", "NaN"),
        ("UPDATE trials SET body = replace(body, '1.25', '1e999')", "not finite"),
        ("UPDATE trials SET status = 'Z'", "row 1 of trials"),
        ("UPDATE briefs SET body = json_set(body, '$.standing', json('{}')) WHERE position = 0", "is not in it"),
        ("UPDATE outcomes SET level = char(27) || '[2J'", "not the id"),
        ("UPDATE cycles SET run = '7'", "state"),
        ("UPDATE meta SET value = 'x' WHERE key = 'committed_cycle'", "committed_cycle"),
        ("UPDATE meta SET value = 1e9 WHERE key = 'schema_version'", "schema_version"),
    ],
)  # fmt: skip
def test_a_row_that_is_none_is_a_sentence_that_names_it(sent, statement, match):
    db = sqlite3.connect(sent)
    db.execute("PRAGMA foreign_keys = OFF")
    assert db.execute(statement).rowcount > 0
    db.commit()
    db.close()
    refused(sent, match=match)


def test_reading_ends_at_its_limits_of_time_rows_and_size(sent, monkeypatch):
    monkeypatch.setattr(database, "MAX_ROWS", 2)
    with pytest.raises(RunError, match="more than 2 rows"), Archive(sent, read_only=True) as archive:
        archive.snapshot()
    with (
        Archive(sent) as writer,
        pytest.raises(RunError, match="longer than 0 s"),
        database.limited(writer._db, sent, 0.0),
    ):
        writer._db.execute(f"SELECT count(*) FROM ({ENDLESS})").fetchone()
    monkeypatch.setattr(database, "MAX_BYTES", 4096)
    refused(sent, match="larger than 4 KiB")


def test_a_page_that_is_in_two_places_does_not_multiply_the_rows(sent):
    data = bytearray(sent.read_bytes())
    db = sqlite3.connect(sent)
    roots = dict(db.execute("SELECT name, rootpage FROM sqlite_master WHERE type = 'table'"))
    db.close()
    page = bytearray(4096)
    page[0:12] = struct.pack(">BHHHBI", 5, 0, 0, 4096 - 500 * 5 & 0xFFFF, 0, roots["trials"])
    cells = [4096 - 5 * (i + 1) for i in range(500)]
    for i, at in enumerate(cells):
        page[at : at + 5] = struct.pack(">IB", roots["trials"], min(i, 127))
    page[3:5], page[5:7] = struct.pack(">H", 500), struct.pack(">H", cells[-1])
    page[12 : 12 + 1000] = b"".join(struct.pack(">H", at) for at in cells)
    data[(roots["briefs"] - 1) * 4096 : roots["briefs"] * 4096] = page
    sent.write_bytes(data)
    refused(sent, match="damaged|can't be used")


def test_the_expected_tables_are_those_that_a_writer_makes(tmp_path):
    with Archive(tmp_path / "archive.sqlite") as archive:
        assert database._schema(archive._db) == archives.NEEDED | archives.OPTIONAL
