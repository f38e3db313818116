"""A replay goes as far as its run has come."""

import shutil

import pytest

from dicode import config as configuration
from dicode.cli import main
from dicode.commands import launch
from dicode.curriculum.archive import Archive
from dicode.runs import checkpoint, directory


def test_the_finished_cycles_of_a_run_that_was_broken_off_are_replayed(finished_run, tmp_path, capsys):
    run = directory.RunDirectory(tmp_path / "half")
    shutil.copytree(finished_run.path, run.path)
    with Archive(run.archive_file) as archive:
        archive.rewind(1)
    checkpoint.discard_above(run.checkpoints, 1)
    assert launch.replay(str(run.path)) == 0
    assert "stopped after 2 of 3 cycles" in capsys.readouterr().out


@pytest.mark.slow
def test_a_run_without_a_finished_cycle_has_nothing_to_replay(tmp_path, capsys):
    run = directory.create(configuration.load(["preset=smoke", f"runs_dir={tmp_path}", "run=new"]))
    assert main(["replay", str(run.path)]) == 2
    assert "has no finished cycle yet, so there is nothing to replay" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
