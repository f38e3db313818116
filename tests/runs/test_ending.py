"""The first line of a run says where it is, the last ones how it ended."""

import json
import shutil
import sys

import pytest

from dicode import config as configuration
from dicode.commands import ending
from dicode.curriculum.archive import Archive
from dicode.curriculum.snapshot import Assessment, Snapshot, target_record
from dicode.runs import directory
from dicode.types import Accepted, Code, LevelRecord, Origin, Rejected, level_id

pytestmark = pytest.mark.fast


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Two finished cycles of two, with one level accepted and one rejected."""
    monkeypatch.chdir(tmp_path)
    config = configuration.load(["preset=smoke", "run=demo", "total_steps=1"])
    run = directory.create(config)
    good = LevelRecord(level_id("x"), "x", "", Origin.GRAMMAR, (), "", 0, Accepted({}, {}, "p"))
    bad = LevelRecord(level_id("y"), "y", "", Origin.GRAMMAR, (), "", 0, Rejected("screen", "no", code=Code.SYNTAX))
    with Archive(run.archive_file, existing=True) as archive:
        archive.commit(0, Snapshot().with_levels([target_record(), good, bad]).after(0, Assessment(())))
    run.metrics_file.write_text(json.dumps({"cycle": 0, "env_steps": 4, "target_return": 1.5}) + "\n")
    return run


def test_a_finished_run_says_return_levels_where_to_look_and_what_next(run, capsys):
    with ending.told(run, run.config()):
        sys.stdout.write("training\n")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("runs/demo: dicode, preset smoke, seed 0, 1 cycles of ")
    assert lines[1] == "training"
    assert lines[2].startswith("runs/demo: done, 1 of 1 cycles")
    assert [line.split()[0] for line in lines[3:]] == ["return", "levels", "look", "next"]
    assert "1.50 on the target at the end" in lines[3]
    assert "1 accepted, 1 rejected" in lines[4]
    assert "runs/demo/report/index.html" in lines[5]
    assert "`dicode resume runs/demo total_steps=" in lines[6]


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, OSError])
def test_a_run_that_is_broken_off_says_how_to_go_on(run, capsys, error):
    with pytest.raises(error), ending.told(run, run.config()):
        raise error
    assert capsys.readouterr().out.splitlines()[-1] == (
        "runs/demo: stopped after 1 of 1 cycles; `dicode resume runs/demo` goes on from there"
    )


def test_a_run_that_never_began_leaves_no_last_line(run, capsys):
    config = run.config()
    shutil.rmtree(run.path)
    with pytest.raises(MemoryError), ending.told(run, config):
        raise MemoryError
    assert len(capsys.readouterr().out.splitlines()) == 1
