"""The first line of a run says where it is, the last ones how it ended."""

import json
import re
import shutil
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from dicode import config as configuration
from dicode.commands import ending
from dicode.curriculum.archive import Archive
from dicode.curriculum.snapshot import Assessment, Snapshot, target_record
from dicode.errors import RunError
from dicode.evaluation.results import TARGET, Evaluation
from dicode.runs import directory
from dicode.terminal import PlainConsole
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
    assert "1 accepted, 1 rejected (most often syntax: 1), 0 active" in lines[4]
    assert "runs/demo/report/index.html" in lines[5]
    assert re.search(r"`dicode resume runs/demo total_steps=\d+ schedule=restart`$", lines[6])


@pytest.mark.parametrize(
    ("setting", "returns", "levels"),
    [
        ("method=dr", "the target was not trained (target_share=0)", "1 accepted"),
        ("method=ppo", "no episode", "none beside"),
    ],
)
def test_what_a_method_has_not_is_not_counted_as_nothing(run, capsys, setting, returns, levels):
    run.metrics_file.write_text(json.dumps({"cycle": 0, "env_steps": 4, "target_return": None}) + "\n")
    words = ["preset=smoke", "run=demo", "total_steps=1", setting]
    config = configuration.load([*words, *(["target_share=0"] if setting == "method=dr" else [])])
    with ending.told(run, config):
        pass
    lines = capsys.readouterr().out.splitlines()
    assert returns in lines[2]
    assert levels in lines[3]


def test_a_run_on_an_own_target_says_how_often_it_was_solved(run, capsys, monkeypatch):
    played = (np.array([1.0, 3.0]), np.ones(2), np.zeros(2), {})
    measured = Evaluation(TARGET, 2, 9, "c", 4, *played, success={"target": 0.375}, max_return=226.0)
    found = SimpleNamespace(evaluations=[measured])
    monkeypatch.setattr(ending, "load_run", lambda path: found)
    with ending.told(run, run.config()):
        pass
    assert "2.00 on 2 held-out worlds, solved in 38 %" in capsys.readouterr().out


def test_a_verdict_without_a_hint_is_a_whole_sentence():
    verdict = Rejected("build", "time_of_day is 7", code=Code.IMPOSSIBLE)
    assert verdict.sentence == "is rejected at build: time_of_day is 7"
    assert replace(verdict, hint="write 0.7").sentence == "is rejected at build: time_of_day is 7; write 0.7"


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, OSError])
def test_a_run_that_is_broken_off_says_how_to_go_on(run, capsys, error):
    with pytest.raises(error), ending.told(run, run.config()):
        raise error
    assert capsys.readouterr().out.splitlines()[-1] == (
        "runs/demo: stopped after 1 of 1 cycles; `dicode resume runs/demo` goes on from there"
    )


def test_a_run_whose_reader_has_gone_says_so_and_how_to_go_on(run):
    """`dicode train | head -3` ended without a word."""
    says = r"nobody reads what is printed any more, so .*`dicode resume runs/demo` goes on"
    with pytest.raises(RunError, match=says), ending.told(run, run.config()):
        raise BrokenPipeError


def test_consoles_tell_that_nobody_reads_and_are_never_without_a_width(monkeypatch):
    monkeypatch.setenv("COLUMNS", "0")
    console = PlainConsole()
    assert console.width == 80
    with pytest.raises(BrokenPipeError):
        console.on_broken_pipe()


def test_a_run_that_never_began_leaves_no_last_line(run, capsys):
    config = run.config()
    shutil.rmtree(run.path)
    with pytest.raises(MemoryError), ending.told(run, config):
        raise MemoryError
    assert len(capsys.readouterr().out.splitlines()) == 1
