"""A sweep that was broken is started again with the same words: what is finished stays, what is not goes on."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from dicode import config
from dicode.commands import sweep
from dicode.curriculum.archive import Archive
from dicode.curriculum.snapshot import Snapshot
from dicode.errors import RunError
from dicode.runs import checkpoint, directory, target
from dicode.terminal import PlainConsole

DEADLINE_S = 600


def lines(run: Path) -> list[dict]:
    """The finished cycles of a run."""
    file = run / "metrics.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def test_a_killed_sweep_skips_the_finished_run_and_resumes_the_other(tmp_path, tiny_run):
    idle = ("run=", "dreamer", "levels=")  # with method=ppo nobody dreams and no levels train
    words = [word for word in tiny_run(tmp_path, "-") if not word.startswith(idle)]
    words += ["method=ppo", "seed=0,1", "evaluation.every_steps=0", "logging.report_every=0", "logging.video=false"]
    command = [sys.executable, "-m", "dicode", "train", "--multirun", *words]
    first, second = tmp_path / "smoke-ppo-0", tmp_path / "smoke-ppo-1"
    sweep = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True, cwd=tmp_path)
    deadline = time.monotonic() + DEADLINE_S
    while not lines(second):
        assert sweep.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(sweep.pid, signal.SIGKILL)
    sweep.wait()
    assert len(lines(first)) == 3
    assert len(lines(second)) < 3
    before = (first / "archive.sqlite").stat().st_mtime_ns
    again = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert "HYDRA" not in again.stdout
    assert "backend" not in again.stdout + again.stderr
    assert "smoke-ppo-0 is finished at 1,536 steps" in again.stdout
    assert "smoke-ppo-1 goes on" in again.stdout
    assert [row["cycle"] for row in lines(second)] == [0, 1, 2]
    assert (first / "archive.sqlite").stat().st_mtime_ns == before
    assert {p.name for p in tmp_path.iterdir()} == {"seeds", ".sweep", first.name, second.name}


@pytest.mark.slow
def test_a_run_of_other_settings_is_not_taken_for_one_of_the_sweep(tmp_path):
    words = ["preset=smoke", "method=ppo", f"runs_dir={tmp_path}", "run=demo"]
    run = directory.create(config.load(words))
    assert sweep._require_same(run, config.load([*words, "logging.live=false", "evaluation.worlds=4"])) == []
    assert sweep._require_same(run, config.load([*words, "total_steps=40960"])) == ["total_steps=40960"]
    with pytest.raises(RunError, match=r"other settings \(learner.lr=0.0002, not 0.1\)"):
        sweep._require_same(run, config.load([*words, "learner.lr=0.1"]))
    with pytest.raises(RunError, match=r"longer than this \(total_steps=20480, not 8192\), and a run only grows"):
        sweep._require_same(run, config.load([*words, "total_steps=8192"]))
    other = [word for word in words if not word.startswith("method=")]
    with pytest.raises(RunError, match=r"method\.name=ppo, not dr"):
        sweep._require_same(run, config.load([*other, "method=dr"]))


@pytest.mark.slow
def test_the_log_of_a_sweep_is_as_plain_as_that_of_a_run(tmp_path):
    """Hydra sets up logging of its own, which would hand a model's text to the terminal as it is."""
    script = """if True:
        import logging, sys
        from dicode.commands import sweep
        from dicode.logs import quiet_packages
        quiet_packages()
        sweep.one = lambda *_: logging.getLogger("x").info("unasked") or logging.getLogger("x").warning("a \\x1b[2J level") or 0
        sys.exit(sweep.multirun(sys.argv[1:]))
    """
    words = ["preset=smoke", "method=ppo", "seed=0,1", f"runs_dir={tmp_path}"]
    done = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, timeout=120)
    assert done.stderr.count("x: a \\x1b[2J level") == 2
    assert "\x1b[2J" not in done.stdout + done.stderr
    assert "unasked" not in done.stdout + done.stderr


def _other(folder: Path, seed: int) -> Path:
    """A run of which another one may begin with the parameters."""
    run = directory.create(config.load(["preset=smoke", "method=ppo", f"runs_dir={folder}", "run=start"]))
    checkpoint.save(run.checkpoints, 0, {"weights": np.full(3, seed)}, {"env_steps": 1}, 1)
    return run.path


@pytest.mark.slow
def test_a_run_that_began_with_other_parameters_is_not_taken_for_one_of_the_sweep(tmp_path):
    one, two = _other(tmp_path / "1", 1), _other(tmp_path / "2", 2)
    words = ["preset=smoke", "method=ppo", f"runs_dir={tmp_path}", "run=demo"]
    run = directory.create(config.load([*words, f"from={one}"]), one / "checkpoints")
    assert sweep._require_same(run, config.load([*words, f"from={one}"])) == []
    with pytest.raises(RunError, match=r"other settings \(from=start held something else then\)"):
        sweep._require_same(run, config.load([*words, f"from={two}"]))
    with pytest.raises(RunError, match=r"other settings \(from=start, not none\)"):
        sweep._require_same(run, config.load(words))
    with pytest.raises(RunError, match="from=start, not other"):
        sweep._require_same(run, config.load([*words, f"from={tmp_path}/other"]))
    shutil.rmtree(one)
    assert sweep._require_same(run, config.load([*words, f"from={one}"])) == [], "the run owns its copy"


@pytest.mark.slow
def test_a_run_that_began_with_other_levels_is_not_taken_for_one_of_the_sweep(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name / "mine").mkdir(parents=True)
        (tmp_path / name / "mine" / "level.py").write_text(f'"""{name}"""\n')
    words = ["preset=smoke", "dreamer=grammar", f"runs_dir={tmp_path}"]
    run = directory.create(config.load([*words, "run=own", f"levels={tmp_path}/a/mine"]))
    assert sweep._require_same(run, config.load([*words, "run=own", f"levels={tmp_path}/a/mine"])) == []
    with pytest.raises(RunError, match="levels=mine held something else then"):
        sweep._require_same(run, config.load([*words, "run=own", f"levels={tmp_path}/b/mine"]))
    with pytest.raises(RunError, match="levels=mine, not none"):
        sweep._require_same(run, config.load([*words, "run=own"]))
    bare = directory.create(config.load([*words, "run=bare"]))
    with pytest.raises(RunError, match="levels=none, not mine"):
        sweep._require_same(bare, config.load([*words, "run=bare", f"levels={tmp_path}/b/mine"]))


@pytest.mark.fast
def test_a_run_of_another_target_of_the_same_name_is_not_taken_for_one_of_the_sweep(tmp_path):
    file, words = tmp_path / "aim.py", ["preset=smoke", "method=ppo", f"runs_dir={tmp_path}", "run=demo"]
    file.write_text(
        '"""Objective: wood."""\nfrom dicode.levels import Achievement, Goal\nGOAL = Goal.all_of(Achievement.COLLECT_WOOD)\n'
    )
    asked = config.load([*words, f"target={file}"])
    run = directory.create(asked, target=target.read(asked))
    assert sweep._require_same(run, asked) == []
    file.write_text(file.read_text().replace("WOOD)", "STONE)"))
    with pytest.raises(RunError, match=r"target=aim\.py held something else then"):
        sweep._require_same(run, asked)
    with pytest.raises(RunError, match=r"target=aim\.py, not game"):
        sweep._require_same(run, config.load(words))


@pytest.mark.slow
def test_a_finished_run_without_the_evaluation_that_is_asked_for_counts_as_unfinished(tmp_path, monkeypatch, capsys):
    words = ["preset=smoke", "method=ppo", f"runs_dir={tmp_path}", "run=demo", "total_steps=100"]
    run = directory.create(config.load(words))
    checkpoint.save(run.checkpoints, 0, {"weights": np.zeros(3)}, {"env_steps": 4096}, 1)
    with Archive(run.archive_file) as archive:
        archive.commit(0, Snapshot())
    assert sweep._summary([config.load(words)], PlainConsole()) == 0
    asked = config.load([*words, "evaluation.every_steps=100", "evaluation.worlds=8", "evaluation.seed=7"])
    capsys.readouterr()
    assert sweep._summary([asked], PlainConsole()) == 1
    said = capsys.readouterr().out
    assert "0 of 1 runs are finished" in said
    assert f"not evaluated as asked: {run.path}; `dicode eval {run.path} worlds=8 seed=7`" in said
    body = {
        "protocol": "target",
        "worlds": 8,
        "steps": asked.evaluation.steps,
        "seed": 7,
        "cycle": 0,
        "env_steps": 4096,
    }
    body |= {"checkpoint": "c", "returns": [1.0] * 8}
    run.evaluation.mkdir()
    (run.evaluation / "one.json").write_text(json.dumps(body))
    assert sweep._summary([asked], PlainConsole()) == 0
    monkeypatch.setattr(sweep, "_require_same", lambda *_: (_ for _ in ()).throw(RunError("made with other settings")))
    assert sweep._summary([asked], PlainConsole()) == 1
    assert "not finished: made with other settings" in capsys.readouterr().out
