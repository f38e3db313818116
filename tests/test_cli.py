"""What a person meets who mistypes: one sentence, the nearest right thing, exit code 2, nothing written."""

import subprocess
import sys
from pathlib import Path

import pytest

from dicode.cli import main
from dicode.commands import launch
from dicode.errors import ConfigError

pytestmark = pytest.mark.fast


def said(capsys, *words: str) -> tuple[int, str]:
    code = main(list(words))
    return code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["trian"], "did you mean 'train'"),
        (["train", "preset=smok"], "did you mean 'smoke'"),
        (["train", "preset=smoke", "learner.lrr=1"], "did you mean 'learner.lr'"),
        (["train", "preset=smoke", "seed=-1"], "allowed range is 0 to"),
        (["train", "preset=smoke", "agent.width=wide"], "agent.width"),
        (["train", "preset=smoke", "num_envs=17"], "the nearest that is: 16"),
        (["train", "preset=smoke", "episode_limit=5000"], "set episode_limit=128"),
        (
            ["train", "preset=smoke", "learner.rollout_steps=1"],
            "so too few episodes would count; set updates_per_cycle=",
        ),
        (
            ["train", "preset=smoke", "target_share=1"],
            "leaves 0 of 16 environments to levels; lower it, or train on the target alone",
        ),
        (["level", "check", "x.py", "--floor", "0"], "--floor is an option of `dicode level show`"),
        (["level", "check", "x.py", "-o", "x.png"], "-o is an option of `dicode level show`"),
        (["level", "show", "x.py", "--episode-limit", "5"], "--episode-limit is an option of `dicode level check`"),
        (["level", "show", "x.py", "--watch"], "--watch is an option of `dicode level check`"),
        (["view", "x", "--export", "y", "--port", "0"], "--port says where pages are served"),
        (["levels", "x", "--json", "--digest"], "name one of them"),
        (["levels", "export", "x", "y", "--digest"], "levels export writes files"),
        (["train", "preset=smoke", "seed"], "write seed=VALUE"),
        (["train", "lr=1e-3"], "did you mean 'learner.lr'"),
        (["train", "learner.learning_rate=1e-3"], "did you mean 'learner.lr'"),
        (["train", "discount=0.9"], "did you mean 'learner.gamma'"),
        (["train", "--seed", "3"], "write seed=3"),
        (["train", "--learner.lr=3"], "write learner.lr=3"),
        (["train", "preset=smoke", "--learning-rate", "3"], "did you mean 'learner.lr'"),
        (["train", "--multi-run", "seed=0,1"], "did you mean '--multirun'"),
        (["train", "seed=0,1"], "add --multirun"),
        (["train", "method=ppo,dr"], "add --multirun"),
        (["train", "seed=range(3)"], "add --multirun"),
        (["train", "num_envs=1.5"], "must be a whole number"),
        (["train", "num_envs=many"], "must be a number"),
        (["train", "total_steps=nan"], "must be a finite number"),
        (["train", "seed=1e400"], "must be a finite number"),
        (["train", "logging.live=maybe"], "true or false"),
        (["train", "method.name=ppo"], "write method=ppo"),
        (["train", "hydra.verbose=true"], "goes with --multirun"),
        (["train", "run=.."], "not dots alone"),
        (["resume", "nowhere", "total_steps=many"], "must be a number"),
        (["resume", "nowhere", "schedule=restart"], "total_steps="),
        (["replay", "nowhere", "name=x"], "replay takes run=NAME"),
        (["eval", "nowhere", "--worlds", "64"], "write worlds=64"),
        (["eval", "nowhere", "worlds=1.5"], "must be a whole number"),
        (["eval", "nowhere", "engine=pack"], "did you mean 'package'"),
        (["compare", "a", "--groups", "method"], "no option is called --groups"),
        (["train", "preset=smoke", "method=plrr"], "did you mean 'plr'"),
        (["train", "preset=smoke", "level_slots=1"], "leaves 0 slots for levels; at least 2 are needed"),
        (["train", "preset=smoke", "level_slots=12"], "at most level_slots=7 fit"),
        (["train", "preset=smoke", "pool_size=23"], "worlds_per_level=4 worlds of each of 6 levels; set pool_size=24"),
        (["train", "preset=smoke", "run=a/b"], "letters, digits"),
        (["train", "preset=smoke", "dreamer=foundation"], "OPENAI_API_KEY"),
        (["train", "preset=smoke", "from=runs/none"], "is not a run"),
        (["train", "preset=smoke", "levels=nowhere"], "holds no level files"),
        (["eval", "nowhere"], "is not a run"),
        (["resume", "nowhere"], "is not a run"),
        (["levels", "nowhere"], "is not a run"),
        (["level", "check", "nowhere.py"], "there is no file"),
        (["level", "check", "x.py", "--episode-limit", "0"], "an episode has at least 1 step"),
        (["level", "check", "x.py", "--episode-limit", "1e3"], "there is no file"),
        (["level", "check", "x.py", "--episode-limit", "1.5"], "must be a whole number"),
        (["dream", "--offline", "nowhere", "--last", "-3"], "must be at least 0"),
        (["dream", "--offline", "nowhere", "--probe", "-1"], "must be at least 0"),
        (["view", "nowhere", "--port", "99999999"], "ports are 0 to 65535"),
        (["train", "method=PLR"], "did you mean 'plr'"),
        (["train", "preset=Smoke"], "did you mean 'smoke'"),
        (["train", "target=first_blow"], "did you mean 'library:first_blow'"),
        (["train", "target=Game"], "did you mean 'game'"),
        (["help", "trian"], "did you mean 'train'"),
        (["eval"], "required: runs/NAME (see"),
        (["eval", "suite=graded"], "dicode eval runs/NAME suite=graded"),
        (["dream", "--offline", "fm.model=b"], "dicode dream runs/NAME fm.model=b"),
        (["eval", "a=b/demo"], "a=b/demo is not a run"),
        (["resume", "total_steps=3e6"], "dicode resume runs/NAME total_steps=3e6"),
        (["level", "check", "library:first_bow"], "did you mean 'first_blow'"),
        (["level", "show", "library:lava_crosing"], "did you mean 'lava_crossing'"),
        (["level", "check", "library:lava_crossing", "--watch"], "library:lava_crossing is none"),
        (["train", "target=library:lava_crosing"], "did you mean 'lava_crossing'"),
        (["compare", "nowhere"], "nowhere"),
        (["doctor", "seed=3"], "takes fm=NAME"),
        (["train", "preset=smoke", "preset=laptop"], "preset is given twice, smoke and laptop"),
        (["train", "arm=ppo", "method=dicode"], "arm=ppo is an arm of method=ppo"),
        (["train", "arm=sfl", "method=ppo"], "arm=sfl is an arm of method=sfl"),
        (["train", "--multirun", "preset=smoke", "method=dcode", "seed=0,1"], "did you mean 'dicode'"),
        (["train", "--multirun", "preset=smoek", "seed=0,1"], "did you mean 'smoke'"),
        (["train", "--multirun", "preset=", "seed=0,1"], "preset= is not known (choices: "),
        (["train", "--multirun", "preset=smoke", "agent=lstm,lsm"], "agent=lsm is not known; did you mean 'lstm'"),
        (["train", "--multirun", "preset=smoke", "fm=opnai"], "did you mean 'openai'"),
        (
            ["train", "preset=smoke", "total_steps=1e13"],
            "more than can be counted; with these settings at most total_steps=",
        ),
        (["train", "preset=smoke", "target_share_steps=1e6"], "it needs target_share_final="),
        (["train", "preset=smoke", "levels=x", "library_seeds=false"], "levels= names the seeds"),
        (["train", "preset=smoke", "devices=1", "cpu_devices=2"], "devices=1 says how many"),
        (["train", "preset=smoke", "dreamer.hooks=true", "hook_slots=0"], "set hook_slots=1 or more"),
        (["train", "preset=smoke", "method=ppo", "target_share=0.95"], "would do nothing: it needs method="),
        (["train", "preset=smoke", f"run={'x' * 300}"], "use at most 200"),
        (["train", "preset=smoke", "runs_dir=README.md"], "runs_dir=README.md is a file"),
        (["train", "preset=smoke", "run=demo"], "demo exists; continue it"),
        (["eval", "demo"], "did you mean 'runs/demo'"),
        (["levels", "runs"], "runs is not a run, but holds some: demo"),
        (["resume", "runs/demo/checkpoints/000004"], "did you mean 'runs/demo'"),
        (["resume", ""], "no run is named"),
    ],
)
def test_a_mistake_is_one_sentence_with_the_nearest_right_thing(words, expected, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "demo").mkdir(parents=True)
    (tmp_path / "runs" / "demo" / "config.yaml").write_text("")
    (tmp_path / "README.md").write_text("")
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    code, error = said(capsys, *words)
    assert code == 2, error
    assert expected in error, error
    assert error.startswith("dicode: ")
    assert error.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_a_run_that_cannot_be_put_together_leaves_nothing_and_promises_nothing(capsys, tmp_path, monkeypatch):
    def fail(*_):
        raise ConfigError("a worker does not start")

    monkeypatch.setattr(launch, "_assembled", fail)
    assert main(["train", "preset=smoke", f"runs_dir={tmp_path}", "run=never"]) == 2
    told = capsys.readouterr()
    assert "a worker does not start" in told.err
    assert "resume" not in told.out
    assert list(tmp_path.iterdir()) == []


def test_an_existing_run_is_not_touched(capsys, tmp_path):
    (tmp_path / "taken").mkdir()
    code, error = said(capsys, "train", "preset=smoke", f"runs_dir={tmp_path}", "run=taken")
    assert code == 2
    assert "dicode resume" in error
    assert list((tmp_path / "taken").iterdir()) == []


def test_a_broken_level_file_of_a_folder_is_named(capsys, tmp_path):
    (tmp_path / "bad.py").write_text("GOAL = (")
    code, error = said(capsys, "train", "preset=smoke", f"levels={tmp_path}", f"runs_dir={tmp_path}")
    assert code == 2
    assert "bad.py" in error


def test_help_lists_every_setting(capsys):
    from dicode.config import Config
    from dicode.settings import documented
    from dicode.words import NAMED_BY_GROUP

    assert main(["train", "--help"]) == 0
    text = capsys.readouterr().out
    assert main(["help", "train"]) == 0
    assert capsys.readouterr().out == text
    assert all(setting.name in text for setting in documented(Config) if setting.name not in NAMED_BY_GROUP)


@pytest.mark.parametrize("word", ["--version", "-V", "version"])
def test_the_version_is_told_however_it_is_asked_for(capsys, word):
    from dicode import __version__

    assert main([word]) == 0
    assert capsys.readouterr().out == f"dicode {__version__}\n"


def test_resume_refuses_what_it_cannot_change(capsys, tmp_path):
    from dicode import config
    from dicode.runs import directory

    run = directory.create(config.load(["preset=smoke", f"runs_dir={tmp_path}", "run=r"]))
    for words, expected in [
        (["seed=1"], "resume takes"),
        (["total_steps=10"], "only grows"),
        (["schedule=x"], "restart"),
    ]:
        code, error = said(capsys, "resume", str(run.path), *words)
        assert code == 2
        assert expected in error


def test_the_package_runs_as_the_command():
    done = subprocess.run([sys.executable, "-m", "dicode", "trian"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "did you mean 'train'" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_behind_the_output_is_told_as_such():
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "dicode", "--version"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert done.stderr == (
        "dicode: cannot use the output: No space left on device; free some space there and give the same command again\n"
    )
