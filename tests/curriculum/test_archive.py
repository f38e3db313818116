"""The archive keeps whole cycles, only whole cycles, and gives back what went in."""

import json
import sqlite3
from pathlib import Path

import pytest
from archive_examples import SEED, ident, record, stored, story, trial

from dicode.curriculum.archive import Archive, export
from dicode.curriculum.snapshot import Assessment, Snapshot, target_record
from dicode.errors import RunError
from dicode.types import TARGET

pytestmark = pytest.mark.fast


def committed(path: Path, cycles: int) -> Archive:
    archive = Archive(path)
    for cycle, snapshot in enumerate(story(cycles)):
        archive.commit(cycle, snapshot)
    return archive


def test_a_reloaded_snapshot_equals_the_one_that_was_committed(tmp_path):
    archive = Archive(tmp_path / "archive.sqlite")
    for cycle, snapshot in enumerate(story(4)):
        expected = archive.commit(cycle, snapshot)
        with Archive(tmp_path / "archive.sqlite", read_only=True) as reader:
            assert reader.snapshot() == expected


def test_an_empty_archive_has_no_cycle_and_an_empty_snapshot(tmp_path):
    archive = Archive(tmp_path / "archive.sqlite")
    assert archive.committed_cycle() == -1
    assert archive.snapshot() == Snapshot()


def test_equal_stories_have_equal_digests_whatever_the_time_and_the_order_of_insertion(tmp_path):
    def digest(name: str, seconds: float, order: int) -> str:
        levels = [target_record(), stored("a"), stored("b")][::order]
        trials = tuple(trial(ident(level), 0, 20, 5, score=0.5) for level in ("a", "b"))[::order]
        snapshot = Snapshot().with_levels(levels).after(0, Assessment(trials))
        archive = Archive(tmp_path / name)
        archive.commit(0, snapshot)
        archive._db.execute("UPDATE levels SET seconds = ?", (seconds,))
        archive._db.execute("UPDATE cycles SET committed_at = ?", (seconds,))
        return archive.digest()

    assert digest("one", 1.0, 1) == digest("two", 2.0, -1)


def test_the_seconds_of_compiling_hooks_are_kept_beside_the_level_but_not_in_the_digest(tmp_path):
    def made(name: str, seconds: float) -> Archive:
        archive = Archive(tmp_path / name)
        archive.commit(0, Snapshot().with_levels([stored("a")]).after(0, Assessment((trial(ident("a"), 0, 2, 1),))))
        hooked = archive.snapshot().after(1, Assessment((trial(ident("a"), 1, 2, 1, compile_s=seconds),)))
        archive.commit(1, hooked)
        return archive

    slow, fast = made("slow", 31.5), made("fast", 0.25)
    assert [t.compile_s for t in slow.snapshot().trials[ident("a")]] == [0.0, 31.5]
    shown = export(slow.snapshot())["levels"][0]["trials"]
    assert [t["compile_s"] for t in shown] == [0.0, 31.5]
    assert slow.digest() == fast.digest()
    slow.rewind(0)
    assert not slow._db.execute("SELECT * FROM compiles").fetchall()


def test_an_archive_from_before_these_seconds_is_read_and_continued(tmp_path):
    archive = committed(tmp_path / "archive.sqlite", 2)
    before = archive.digest()
    archive._db.execute("DROP TABLE compiles")
    archive.close()
    with Archive(tmp_path / "archive.sqlite", read_only=True) as reader:
        assert reader.digest() == before
        assert reader.snapshot().trials
    with Archive(tmp_path / "archive.sqlite") as writer:
        assert writer.discard_above_committed() == 0
        assert writer.digest() == before


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE levels SET body = replace(body, 'level seed', 'level sead')",
        f"UPDATE trials SET status = 'A' WHERE level = '{SEED}' AND cycle = 0",
        "UPDATE activations SET active = 1 - active WHERE cycle = 1",
        f"UPDATE outcomes SET level = '{SEED}' WHERE asked = 0 AND position = 1",
        "UPDATE briefs SET body = replace(body, '0.5', '0.6') WHERE cycle = 0",
        "UPDATE cycles SET method = '{}' WHERE cycle = 1",
    ],
)
def test_any_changed_fact_changes_the_digest(tmp_path, sql):
    archive = committed(tmp_path / "archive.sqlite", 3)
    before = archive.digest()
    assert archive._db.execute(sql).rowcount >= 1
    assert archive.digest() != before


def test_rewinding_gives_the_archive_as_it_was(tmp_path):
    archive = committed(tmp_path / "long.sqlite", 5)
    shorter = committed(tmp_path / "short.sqlite", 3)
    assert archive.rewind(2) > 0
    assert archive.snapshot() == shorter.snapshot()
    assert archive.digest() == shorter.digest()


def test_rows_above_the_committed_cycle_are_discarded(tmp_path):
    archive = committed(tmp_path / "archive.sqlite", 2)
    before = archive.digest()
    archive._db.execute("INSERT INTO levels SELECT 'stray', 7, body, 0.0 FROM levels LIMIT 1")
    archive._db.execute("INSERT INTO cycles VALUES (7, '{}', '{}', 0.0)")
    assert archive.digest() != before
    assert archive.discard_above_committed() == 2
    assert archive.digest() == before


def test_a_commit_out_of_order_is_refused_and_writes_nothing(tmp_path):
    archive = committed(tmp_path / "archive.sqlite", 2)
    before = archive.digest()
    with pytest.raises(RunError, match="second trainer"):
        archive.commit(3, archive.snapshot())
    with pytest.raises(RunError, match="can't follow cycle 1"):
        archive.commit(1, archive.snapshot())
    assert archive.digest() == before


def test_a_commit_that_fails_half_way_leaves_the_last_cycle(tmp_path):
    archive = committed(tmp_path / "archive.sqlite", 1)
    before = archive.digest()
    orphan = archive.snapshot().with_levels([stored("known", born=1)])
    orphan = orphan.after(1, Assessment((trial(ident("known"), 1, 2, 1),)))
    broken = Snapshot(trials=orphan.trials, levels={ident("known"): stored("known", born=0)})
    with pytest.raises(RunError, match="could not be written"):
        archive.commit(1, broken)
    assert archive.digest() == before
    archive.commit(1, orphan)


def test_a_number_that_is_not_finite_never_gets_in():
    snapshot = Snapshot().with_levels([record("a")])
    for bad in ({"score": float("nan")}, {"max_mc": float("inf")}, {"achievements": {"WAKE_UP": float("nan")}}):
        with pytest.raises(RunError, match="not finite"):
            snapshot.after(0, Assessment((trial("a", 0, 1, 0, **bad),)))


def test_a_full_disk_is_an_error_and_the_last_cycle_stays(tmp_path):
    archive = committed(tmp_path / "archive.sqlite", 1)
    before = archive.digest()
    pages = archive._db.execute("PRAGMA page_count").fetchone()[0]
    archive._db.execute(f"PRAGMA max_page_count = {pages}")
    big = archive.snapshot().with_levels([stored("x" * 200_000, born=1)])
    with pytest.raises(RunError, match="full"):
        archive.commit(1, big)
    assert archive.digest() == before


def test_a_reader_works_while_a_writer_is_in_its_transaction(tmp_path):
    archive = committed(tmp_path / "archive.sqlite", 2)
    with archive._writing():
        archive._db.execute("UPDATE meta SET value = 9 WHERE key = 'committed_cycle'")
        with Archive(tmp_path / "archive.sqlite", read_only=True) as reader:
            assert reader.committed_cycle() == 1
            assert TARGET in reader.snapshot().levels
        archive._db.execute("UPDATE meta SET value = 1 WHERE key = 'committed_cycle'")


def test_a_reader_can_neither_write_nor_create(tmp_path):
    with pytest.raises(RunError, match="no archive"):
        Archive(tmp_path / "missing.sqlite", read_only=True)
    committed(tmp_path / "archive.sqlite", 1).close()
    with Archive(tmp_path / "archive.sqlite", read_only=True) as reader:
        with pytest.raises(RunError, match="reading only"):
            reader.commit(1, reader.snapshot())
        with pytest.raises(sqlite3.OperationalError):
            reader._db.execute("DELETE FROM levels")


def test_a_file_that_is_no_archive_or_another_version_is_refused(tmp_path):
    (tmp_path / "text.sqlite").write_text("not a database, but long enough to be read as a header " * 40)
    with pytest.raises(RunError, match="can't be used"):
        Archive(tmp_path / "text.sqlite")
    archive = committed(tmp_path / "archive.sqlite", 1)
    archive._db.execute("UPDATE meta SET value = 99 WHERE key = 'schema_version'")
    archive.close()
    with pytest.raises(RunError, match="schema_version 99"):
        Archive(tmp_path / "archive.sqlite")


def test_what_was_withdrawn_is_active_in_no_export(tmp_path):
    known = committed(tmp_path / "archive.sqlite", 3).snapshot()
    hung = next(iter(known.active()))
    shown = {level["id"]: level["active"] for level in export(known.without([hung]))["levels"]}
    assert {level for level, active in shown.items() if active} == known.active().keys() - {hung}


def test_the_export_is_json_with_trials_and_children(tmp_path):
    data = json.loads(json.dumps(export(committed(tmp_path / "archive.sqlite", 3).snapshot())))
    levels = {level["id"]: level for level in data["levels"]}
    assert len(levels[SEED]["children"]) == 3
    assert [entry["cycle"] for entry in levels[SEED]["trials"]] == [0, 1, 2]
    assert levels[ident("bad1")]["verdict"]["stage"] == "verify"
    assert data["committed_cycle"] == 2
    assert len(data["outcomes"]) == 4


@pytest.mark.parametrize("left", [0, 1, 100, 512, 5000])
@pytest.mark.parametrize("read_only", [True, False])
def test_an_emptied_or_cut_archive_is_refused_and_stays_as_it_is(tmp_path, left, read_only):
    path = tmp_path / "archive.sqlite"
    committed(path, 2).close()
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(RunError, match=r"archive\.sqlite .*every level, score and finished cycle.*copy it back"):
        Archive(path, read_only=read_only)
    assert path.stat().st_size == left


def test_an_archive_that_must_be_there_is_not_made_anew(tmp_path):
    with pytest.raises(RunError, match=r"no archive at .*copy it back"):
        Archive(tmp_path / "archive.sqlite", existing=True)
    assert not list(tmp_path.iterdir())
    Archive(tmp_path / "archive.sqlite").close()
    Archive(tmp_path / "archive.sqlite", existing=True).close()
    assert [p.name for p in tmp_path.iterdir()] == ["archive.sqlite"]


def test_each_archive_bears_a_number_of_its_own_and_one_without_can_be_read(tmp_path):
    numbers, digests = set(), set()
    for name in "ab":
        with Archive(tmp_path / name) as archive:
            numbers.add(archive.run)
            digests.add(archive.digest())
    with Archive(tmp_path / "a") as archive:
        assert archive.run in numbers
        archive._db.execute("DELETE FROM meta WHERE key = 'run'")
        assert archive.run is None
        digests.add(archive.digest())
    assert (len(numbers), len(digests)) == (2, 1)
