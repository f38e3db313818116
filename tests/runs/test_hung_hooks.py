"""A rollout that hangs with hooks ends the process with a sentence, and its levels are not trained again."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from dicode.curriculum.snapshot import Snapshot
from dicode.errors import RunError
from dicode.runs import withdrawn
from dicode.training import watchdog
from dicode.training.watchdog import Watchdog
from dicode.types import Accepted, LevelRecord, Origin

PROGRAM = str(Path(__file__).with_name("hanging.py"))


def start(folder: Path, how: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, PROGRAM, str(folder), how], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_hang_that_hears_no_interrupt_ends_and_the_level_is_withdrawn(tmp_path):
    process = start(tmp_path, "hang")
    assert process.stdout is not None
    assert "hooked" in process.stdout.readline()
    time.sleep(2.0)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == withdrawn.EXIT, said
    assert "gave no sign of life for 3 s" in said
    assert "dicode resume" in said
    assert "Traceback" not in said
    assert len(withdrawn.levels(tmp_path / "withdrawn.jsonl", 0)) == 1

    again = start(tmp_path, "tell")
    out, said = again.communicate(timeout=120)
    assert again.returncode == 0, said
    assert "plain" in out
    assert "hooked" not in out


@pytest.mark.fast
def test_without_a_sign_of_life_the_watch_expires_once():
    expired = threading.Event()
    with Watchdog(0.2, expired.set, tick_s=0.02):
        assert expired.wait(5)


@pytest.mark.slow
def test_signs_of_life_and_the_end_of_the_work_keep_the_watch_quiet():
    expired = threading.Event()
    with Watchdog(1.0, expired.set, tick_s=0.02) as watch:
        for _ in range(40):
            watch.beat()
            time.sleep(0.05)
    assert not expired.wait(0.1)


@pytest.mark.slow
def test_time_in_which_the_process_stood_still_does_not_count(monkeypatch):
    """A stopped process, or a closed laptop, comes back an hour later."""
    clock = [0.0]
    expired = threading.Event()
    monkeypatch.setattr(watchdog.time, "monotonic", lambda: clock[0])
    with Watchdog(5.0, expired.set, tick_s=0.02):
        for _ in range(20):
            clock[0] += 3600.0
            time.sleep(0.03)
        assert not expired.is_set()


@pytest.mark.fast
def test_a_mark_counts_from_its_cycle_on(tmp_path):
    path = tmp_path / "withdrawn.jsonl"
    assert withdrawn.levels(path, 9) == frozenset()
    withdrawn.mark(path, ["a", "b"], 3, 600.0)
    withdrawn.mark(path, ["c"], 5, 600.0)
    assert [sorted(withdrawn.levels(path, cycle)) for cycle in (2, 3, 5)] == [[], ["a", "b"], ["a", "b", "c"]]


@pytest.mark.fast
@pytest.mark.parametrize(
    "row", ['{"cycle": "3", "levels": ["a"]}', '{"cycle": 3}', '{"cycle": 3, "levels": [1]}', "[]", "x"]
)
def test_a_mark_that_says_something_else_is_one_sentence(row, tmp_path):
    path = tmp_path / "withdrawn.jsonl"
    path.write_text(row + "\n")
    with pytest.raises(RunError, match=r"withdrawn\.jsonl"):
        withdrawn.levels(path, 9)


@pytest.mark.fast
def test_what_cannot_be_noted_is_said_and_the_process_still_ends(tmp_path, caplog):
    left = []
    (tmp_path / "withdrawn.jsonl").mkdir()
    withdrawn.end_run(tmp_path / "withdrawn.jsonl", ["a"], 0, 5.0, left.append)
    assert left == [withdrawn.EXIT]
    assert "could not be noted" in caplog.text


@pytest.mark.fast
def test_a_withdrawn_level_is_neither_accepted_nor_active():
    verdict = Accepted({}, {}, "", hooks=("bonus",))
    one, two = (LevelRecord(name, "", "", Origin.GRAMMAR, (), "", 0, verdict, active=True) for name in "ab")
    snapshot = Snapshot().with_levels([one, two]).without(["a"])
    assert list(snapshot.accepted()) == list(snapshot.active()) == ["b"]
    assert set(snapshot.levels) == {"a", "b"}
