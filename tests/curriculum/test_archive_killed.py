"""The archive survives its writer's death."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from archive_examples import story

from dicode.curriculum.archive import Archive

_WRITER = """
import sqlite3, sys, time
from archive_examples import story
from dicode.curriculum.archive import Archive
archive = Archive({path!r})
archive._db.execute("PRAGMA cache_size = 1")
archive._db.execute("PRAGMA cache_spill = 1")
for cycle, snapshot in enumerate(story({cycles})):
    if cycle <= archive.committed_cycle():
        continue
    def dawdle(statement):
        if statement.startswith({dawdle!r}):
            print("ready", flush=True)
            time.sleep(60)
    if cycle == {victim}:
        archive._db.set_trace_callback(dawdle)
    archive.commit(cycle, snapshot)
"""


def test_the_archive_survives_a_writer_killed_in_its_transaction_twenty_times(tmp_path):
    """A real process is killed with SIGKILL inside the transaction of each cycle, at a different statement each time."""
    path, cycles, left_open = tmp_path / "archive.sqlite", 20, 0
    places = ["INSERT INTO levels", "INSERT INTO trials", "INSERT INTO outcomes", "UPDATE meta", "COMMIT"]
    for victim in range(cycles):
        dawdle = places[victim % len(places)] if victim else "UPDATE meta"
        _kill_a_writer(path, cycles, victim, dawdle)
        left_open += path.with_name(path.name + "-journal").exists()
        with Archive(path) as archive:
            assert archive.committed_cycle() == victim - 1
            assert archive.discard_above_committed() == 0
            assert archive._db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            archive.commit(victim, story(victim + 1)[victim])
    assert left_open >= 10
    whole = Archive(tmp_path / "whole.sqlite")
    for cycle, snapshot in enumerate(story(cycles)):
        whole.commit(cycle, snapshot)
    assert Archive(path).digest() == whole.digest()


def _kill_a_writer(path: Path, cycles: int, victim: int, dawdle: str) -> None:
    program = _WRITER.format(path=str(path), cycles=cycles, victim=victim, dawdle=dawdle)
    source = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[2] / "src")])
    writer = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": source}
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"ready\n"
    writer.send_signal(signal.SIGKILL)
    assert writer.wait() == -signal.SIGKILL
