"""Killed at any moment, a run goes on to the same parameters and the same archive."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dicode.curriculum.archive import Archive

DEADLINE_S = 600


ON_ONE_CORE = """
import os, sys
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from dicode.cli import main
sys.exit(main(sys.argv[1:]))
"""


def start(*words: str) -> subprocess.Popen:
    """The command in a process that may use one core, unlike the undisturbed run's."""
    command = [sys.executable, "-c", ON_ONE_CORE, *words]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def finish(process: subprocess.Popen) -> str:
    output, _ = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0, output
    return " ".join(output.split())


def kill_when(process: subprocess.Popen, ready) -> None:
    """kill -9 the process and the workers of its sandbox as soon as `ready()`."""
    deadline = time.monotonic() + DEADLINE_S
    while not ready():
        assert process.poll() is None, process.stdout.read()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def digest(run: Path) -> str:
    with Archive(run / "archive.sqlite", read_only=True) as archive:
        return archive.digest()


def parameters(run: Path) -> str:
    """A hash of every array of the newest checkpoint."""
    newest = max((run / "checkpoints").glob("[0-9]*"))
    held = json.dumps(json.loads((newest / "meta.json").read_text())["arrays"])
    return hashlib.sha256(f"{newest.name} {held}".encode() + (newest / "arrays.bin").read_bytes()).hexdigest()


def committed(run: Path) -> int:
    if not (run / "archive.sqlite").exists():
        return -1
    try:
        with Archive(run / "archive.sqlite", read_only=True) as archive:
            return archive.committed_cycle()
    except Exception:  # noqa: BLE001 - the file is being created
        return -1


@pytest.fixture(scope="module")
def killed_run(tmp_path_factory, tiny_run) -> Path:
    """Killed before its first checkpoint, again while a cycle is being written, and then finished."""
    folder = tmp_path_factory.mktemp("killed")
    run = folder / "killed"
    kill_when(start("train", *tiny_run(folder, "killed")), lambda: (run / "archive.sqlite").exists())
    assert committed(run) == -1
    partial = run / "checkpoints" / "tmp-000001"
    kill_when(start("resume", str(run)), lambda: partial.exists() or committed(run) >= 1)
    assert 0 <= committed(run) < 2
    finish(start("resume", str(run)))
    return run


def test_the_archive_of_a_killed_run_is_that_of_an_uninterrupted_one(killed_run, finished_run):
    assert digest(killed_run) == digest(finished_run.path)


def test_the_parameters_of_a_killed_run_are_those_of_an_uninterrupted_one(killed_run, finished_run):
    assert parameters(killed_run) == parameters(finished_run.path)


def test_the_metrics_of_a_killed_run_have_each_cycle_once(killed_run):
    rows = [json.loads(line) for line in (killed_run / "metrics.jsonl").read_text().splitlines()]
    assert [row["cycle"] for row in rows] == [0, 1, 2]


def test_a_finished_run_can_be_made_longer(killed_run):
    said = finish(start("resume", str(killed_run), "total_steps=2048", "schedule=continue"))
    assert (
        "the learning rate stays at 2e-06, where it ended; with schedule=restart it falls from 0.0002 once more" in said
    )
    assert committed(killed_run) == 3


def test_a_run_that_was_made_longer_is_replayed_with_the_rates_that_it_had(killed_run):
    finish(start("replay", str(killed_run), "run=again"))
    assert parameters(killed_run.with_name("again")) == parameters(killed_run)
