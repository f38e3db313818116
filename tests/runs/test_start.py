"""A run that begins with another one's parameters owns them: killed, resumed and replayed, it is the same run."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dicode import config
from dicode.cli import main
from dicode.commands import launch
from dicode.curriculum.archive import Archive
from dicode.runs import checkpoint

SHORT = ["evaluation.every_steps=0", "logging.video=false", "logging.report_every=0", "total_steps=1024"]
DEADLINE_S = 900


def digest(run: Path) -> str:
    with Archive(run / "archive.sqlite", read_only=True) as archive:
        return archive.digest()


def parameters(run: Path) -> str:
    """A hash of the newest checkpoint's arrays."""

    newest = max((run / "checkpoints").glob("[0-9]*"))
    return hashlib.sha256((newest / "arrays.bin").read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def warm(finished_run, tiny_run, tmp_path_factory):
    """The words of a run from another one's parameters, and that run undisturbed; the source is gone by now."""
    folder = tmp_path_factory.mktemp("warm")
    source = folder / "source"
    shutil.copytree(finished_run.path, source)

    def words(name: str) -> list[str]:
        return [*tiny_run(folder, name), *SHORT, f"from={source}"]

    assert launch.train(config.load(words("whole")), quiet=True) == 0
    process = subprocess.Popen(
        [sys.executable, "-m", "dicode", "train", *words("killed")],
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + DEADLINE_S
    while not (folder / "killed").exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    shutil.rmtree(source)
    return folder


def test_it_does_not_begin_with_random_weights(warm, finished_run):
    assert checkpoint.cycles(warm / "whole" / "start") == [2]
    assert digest(warm / "whole") != digest(finished_run.path)


def test_killed_before_its_first_commit_it_begins_with_the_same_parameters(warm):
    with Archive(warm / "killed" / "archive.sqlite", read_only=True) as archive:
        assert archive.committed_cycle() == -1
    assert main(["resume", str(warm / "killed")]) == 0
    assert digest(warm / "killed") == digest(warm / "whole")
    assert parameters(warm / "killed") == parameters(warm / "whole")


def test_a_replay_begins_with_them_too_though_their_run_is_gone(warm):
    assert main(["replay", str(warm / "whole"), "run=again"]) == 0
    assert digest(warm / "again") == digest(warm / "whole")
    assert parameters(warm / "again") == parameters(warm / "whole")


def test_a_damaged_newest_checkpoint_is_trained_again_to_the_same_result(warm):
    run = warm / "damaged"
    shutil.copytree(warm / "whole", run)
    os.truncate(run / "checkpoints" / "000001" / "arrays.bin", 10)
    assert main(["resume", str(run)]) == 0
    assert digest(run) == digest(warm / "whole")
    assert parameters(run) == parameters(warm / "whole")
