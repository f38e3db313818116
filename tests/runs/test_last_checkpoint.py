"""What is asked before a run is evaluated, watched or played: the last whole checkpoint; nothing here compiles."""

import shutil
from dataclasses import replace
from types import SimpleNamespace

import pytest
from run_examples import CYCLES, made, said, saved, spoil

from dicode.cli import main
from dicode.commands import evaluate
from dicode.curriculum.snapshot import target_record
from dicode.errors import RunError
from dicode.evaluation.results import Task
from dicode.runs import restore
from dicode.sandbox import SandboxError, sandbox
from dicode.training.trainer import Trainer
from dicode.types import Origin
from dicode.view.pages.machine import Machine

pytestmark = pytest.mark.fast


@pytest.fixture(autouse=True)
def nothing_compiles(monkeypatch):
    monkeypatch.setattr(Trainer, "compile", lambda *_: pytest.fail("something was compiled first"))


def test_whoever_watches_a_run_gets_the_last_whole_checkpoint(tmp_path, monkeypatch, caplog):
    """The newest one's bytes were played whatever they were."""
    run = made(tmp_path)
    monkeypatch.setattr(restore, "parameters", lambda run, config, trainer, cycle: cycle)
    assert Machine(run.path)._newest(None, str) == CYCLES - 1
    spoil(run.checkpoints, CYCLES - 1)
    assert Machine(run.path)._newest(None, str) == CYCLES - 2
    assert "the agent is that of cycle 3" in caplog.text
    with pytest.raises(RunError, match="no finished cycle yet"):
        Machine(made(tmp_path / "new", 0).path)._newest(None, str)


def test_a_level_is_played_in_the_worlds_of_its_origin_behind_the_wall_of_none(tmp_path, monkeypatch):
    """A random world's level names its world; it was played in another one, as a model's would be."""
    machine, played = Machine(made(tmp_path, 0).path), []

    def playable(record, cycle, count):
        played.append(record)
        raise RunError("far enough")

    record = replace(target_record(), origin=Origin.GENERATOR)
    monkeypatch.setattr(sandbox, "_is_full", lambda worker: False)
    with machine:
        with pytest.raises(SandboxError, match="needs the full wall"):
            machine._levels().sandbox.require(record.origin)
        monkeypatch.setattr(machine, "_levels", lambda: SimpleNamespace(playable=playable))
        with pytest.raises(RunError, match="far enough"):
            machine.table(record, str)
    assert played == [record]


@pytest.fixture
def evaluated(monkeypatch) -> list[int]:
    """The cycles that `dicode eval` evaluates, none of which is played; it waits for no more."""
    seen: list[int] = []

    def newest(run, trainer):
        return {}, {"cycle": restore.newest_cycle(run), "env_steps": 0}

    monkeypatch.setattr(evaluate, "open_trainer", lambda *_: None)
    monkeypatch.setattr(evaluate, "newest_parameters", newest)
    monkeypatch.setattr(evaluate, "_evaluated", lambda run, trainer, params, protocol, policy, about, *_: about)
    monkeypatch.setattr(evaluate, "show", lambda console, run, about: seen.append(about["cycle"]))
    return seen


def test_an_evaluation_that_watches_ends_where_the_last_checkpoint_is_damaged(tmp_path, monkeypatch, evaluated):
    run = made(tmp_path)
    spoil(run.checkpoints, CYCLES - 1)
    monkeypatch.setattr(evaluate.time, "sleep", lambda _: pytest.fail("it waits for a checkpoint that nobody makes"))
    assert main(["eval", str(run.path), "--watch"]) == 0
    assert evaluated == [CYCLES - 2]


def test_an_evaluation_that_watches_waits_while_the_run_is_trained(tmp_path, monkeypatch, evaluated):
    run, waits = made(tmp_path), []
    spoil(run.checkpoints, CYCLES - 1)

    def sleep(_):
        waits.append(1)
        if len(waits) == 2:
            whole = saved() / f"{CYCLES - 1:06d}"
            shutil.copytree(whole, run.checkpoints / whole.name, dirs_exist_ok=True)

    monkeypatch.setattr(evaluate.time, "sleep", sleep)
    with run.lock():
        assert main(["eval", str(run.path), "--watch"]) == 0
    assert evaluated == [CYCLES - 2, CYCLES - 1]


HOOKED = """\"\"\"Objective: drink.
Why: a test.
\"\"\"
from dicode.levels import Goal

GOAL = Goal.at_least("drunk", 1)


def success(state):
    return state.player_drink > 8
"""


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("levels={folder}/hooked.py", "defines success, and evaluation plays the game without hooks"),
        ("levels={folder}/broken.py", "broken.py is not a level"),
        ("levels=", "names no file"),
        ("engine=package", "a target that is a level needs own"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_before_anything_compiles(tmp_path, capsys, monkeypatch, words, says):
    (tmp_path / "hooked.py").write_text(HOOKED)
    (tmp_path / "broken.py").write_text("def build(world:\n")
    monkeypatch.setattr(evaluate.targets, "task", lambda run: Task("a level"))
    assert says in said(capsys, "eval", str(made(tmp_path).path), *words.format(folder=tmp_path).split())
