"""`dicode eval` on a finished run: one protocol, two engines, nothing played twice."""

import json
import re
from dataclasses import replace

import pytest
from rich.console import Console

from dicode.commands.evaluate import command, named_levels, newest_parameters, open_trainer, protocol_of, show
from dicode.config import evaluation_options
from dicode.errors import ConfigError, DicodeError
from dicode.evaluation.heldout import evaluate
from dicode.evaluation.protocol import Protocol
from dicode.evaluation.results import GRADED, HELDOUT, TARGET, discrepancy, load_evaluation
from dicode.runs import seed_files
from dicode.runs.directory import RunDirectory, open_run
from dicode.runs.origin import MARK
from dicode.terminal import PlainConsole

PROTOCOL = Protocol(worlds=16, steps=64, seed=20_000)
"""Two batches of eight worlds."""


class Evaluator:
    """Plays protocols with the newest parameters of a run, and counts what is played."""

    def __init__(self, path, engine: str, num_envs: int = 0):
        self.run = open_run(str(path))
        self.protocol = replace(PROTOCOL, engine=engine, num_envs=num_envs)
        self.trainer = open_trainer(self.run, self.protocol, Console(quiet=True))
        self.params, self.about = newest_parameters(self.run, self.trainer)

    def __call__(self, folder) -> tuple[dict, list[int]]:
        """The evaluation in `folder`, and the worlds that were done whenever a batch began or ended."""
        told: list[int] = []
        call = (self.trainer, self.params, self.protocol, folder, self.about)
        return evaluate(*call, lambda done, of: told.append(done)), told


@pytest.fixture(scope="module")
def own(finished_run) -> Evaluator:
    return Evaluator(finished_run.path, "own")


@pytest.fixture(scope="module")
def result(own, tmp_path_factory) -> dict:
    return own(tmp_path_factory.mktemp("evaluation"))[0]


def test_both_engines_give_the_same_numbers(finished_run, result, tmp_path):
    package, _ = Evaluator(finished_run.path, "package")(tmp_path)
    assert len(result["returns"]) == 16
    assert max(result["lengths"]) > 1
    assert len(set(result["returns"])) > 1
    for name in ("returns", "lengths", "floor", "finished", "achievements", "checkpoint"):
        assert result[name] == package[name], name


def test_an_evaluation_that_was_made_is_read_not_played(own, tmp_path):
    first, told = own(tmp_path)
    assert told == [0, 8, 16]
    assert own(tmp_path) == (first, [])


def test_a_broken_evaluation_goes_on_where_it_was(own, result, tmp_path):
    own(tmp_path)
    (final,) = tmp_path.glob("*.json")
    half = {name: result[name][:8] for name in ("returns", "lengths", "floor")}
    final.unlink()
    partial = {"level": "", "first": 0, **half, "reached": [0] * len(result["achievements"]), "finished": 8}
    final.with_suffix(".partial").write_text(json.dumps(partial) + "\n" + json.dumps(partial)[:-9])
    again, told = own(tmp_path)
    assert told == [8, 16]
    assert again["returns"] == result["returns"]


def test_the_held_out_suite_plays_every_world_it_names(own, tmp_path, monkeypatch):
    suite = own.trainer.game.host.heldout()[:2]
    host = replace(own.trainer.game.host, heldout=lambda: suite)
    monkeypatch.setattr(own.trainer, "game", replace(own.trainer.game, host=host))
    protocol = Protocol(worlds=20, steps=32, seed=20_000, name=HELDOUT)  # in parts of 8, 8 and 4
    found = evaluate(own.trainer, own.params, protocol, tmp_path, own.about, lambda done, of: None)
    assert len(found["returns"]) == len(found["lengths"]) == 2 * 20
    assert set(found["success"]) == {n for n, _ in suite}
    assert discrepancy(found) is None
    few = Protocol(worlds=8, steps=32, seed=20_000, name=HELDOUT)
    fewer = evaluate(own.trainer, own.params, few, tmp_path, own.about, lambda done, of: None)
    assert fewer["returns"][:8] == found["returns"][:8]


EASY = """\"\"\"Objective: drink.
Why: a test.
\"\"\"
from dicode.levels import Block, Goal, World

GOAL = Goal.at_least("drunk", 1)


def build(world: World) -> None:
    world.player.drink = 3
    world.scatter(Block.WATER, count=12, distance=(1, 3))
"""


def test_levels_of_ones_own_are_played_and_nothing_is_kept_of_them(finished_run, tmp_path, capsys):
    (tmp_path / "easy.py").write_text(EASY)
    before = sorted(path.name for path in (finished_run.path / "evaluation").rglob("*"))
    words = [f"levels={tmp_path / 'easy.py'}", "worlds=16", "steps=64", "policy=random"]
    assert command(str(finished_run.path), evaluation_options(words), watch=False) == 0
    rate, low, high = map(
        float, re.search(r"easy +([\d.]+) % +\(([\d.]+) to ([\d.]+)\)", capsys.readouterr().out).groups()
    )
    assert 0 <= low <= rate <= high <= 100
    assert rate > 0, "twelve cells of water are drunk from by chance"
    assert sorted(path.name for path in (finished_run.path / "evaluation").rglob("*")) in (
        before,
        sorted({*before, "random"}),
    )


@pytest.mark.fast
def test_a_file_a_folder_or_a_name_says_which_levels_are_played(tmp_path):
    for name in ("one", "two", "_no"):
        (tmp_path / f"{name}.py").write_text(EASY)
    assert named_levels("", "craftax") is None
    assert [name for name, _ in named_levels(str(tmp_path), "craftax").levels] == ["one", "two"]
    assert named_levels(str(tmp_path / "one.py"), "craftax").levels == (("one", EASY),)
    ((name, text),) = named_levels("library:collect_wood", "craftax").levels
    assert name == "library:collect_wood"
    assert "COLLECT_WOOD" in text
    with pytest.raises(DicodeError, match=r"did you mean 'one\.py'"):
        named_levels(str(tmp_path / "onr.py"), "craftax")
    with pytest.raises(DicodeError, match="the library's level is levels=library:collect_wood"):
        named_levels("collect_wood", "craftax")
    with pytest.raises(DicodeError, match=r"did you mean 'collect_wood'"):
        named_levels("library:collect_wod", "craftax")
    (tmp_path / "._one.py").write_bytes(b"\x00\x05\x16\x07")
    (tmp_path / ".#two.py").symlink_to("nobody@nowhere.1")
    assert len(named_levels(str(tmp_path), "craftax").levels) == 2
    assert [*seed_files.ids(tmp_path)] == ["_no.py", "one.py", "two.py"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(DicodeError, match="holds no level files"):
        named_levels(str(tmp_path / "empty"), "craftax")


@pytest.mark.fast
def test_levels_that_name_the_world_of_their_run_are_told_to_play_in_others(tmp_path, caplog):
    (tmp_path / "one.py").write_text(EASY)
    named_levels(str(tmp_path), "craftax")
    assert not caplog.messages
    (tmp_path / "two.py").write_text(f"{EASY}\n\nWORLD_SEED = 7\nWORLDS = 2\n")
    named_levels(str(tmp_path), "craftax")
    assert "1 levels name a WORLD_SEED (two ...)" in caplog.text


@pytest.mark.fast
def test_levels_from_elsewhere_get_the_full_wall(tmp_path):
    (tmp_path / "one.py").write_text(EASY)
    assert not named_levels(str(tmp_path), "craftax").foreign
    (tmp_path / MARK).write_text("")
    assert named_levels(str(tmp_path), "craftax").foreign
    assert named_levels(str(tmp_path / "one.py"), "craftax").foreign


def test_fewer_environments_play_the_same_worlds_beside_what_the_run_s_own_made(own, result, finished_run, tmp_path):
    own(tmp_path)
    few = Evaluator(finished_run.path, "own", num_envs=6)
    found, told = few(tmp_path)
    assert told == [0, 6, 12, 16]
    assert found["num_envs"] == 6
    assert "num_envs" not in result
    assert found["checkpoint"] == result["checkpoint"]
    assert found["returns"][:6] == result["returns"][:6]
    assert {load_evaluation(path).conditions["num_envs"] for path in tmp_path.glob("*.json")} == {6, "the run's own"}


@pytest.mark.fast
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"engine": "packge"}, "package"),
        ({"suite": "heldout", "engine": "package"}, "own"),
        ({"levels": "a.py", "engine": "package"}, "leave out engine=package"),
        ({"levels": "a.py", "suite": "graded"}, "leave out suite=graded"),
        ({"world": "8"}, "worlds"),
        ({"worlds": "0"}, "range is 1 to"),
        ({"steps": "many"}, "must be a number"),
        ({"num_envs": "1"}, "range is 2 to"),
        ({"num_env": "64"}, "num_envs"),
        ({"num_envs": "2.5"}, "whole number"),
    ],
)
def test_words_that_cannot_be_are_refused(words, said):
    with pytest.raises(ConfigError, match=said):
        evaluation_options([f"{name}={value}" for name, value in words.items()])


def test_words_come_before_the_run_s_own_protocol(finished_run):
    run = open_run(str(finished_run.path))
    own = run.config().evaluation
    assert protocol_of(run, {}) == (Protocol(own.worlds, own.steps, own.seed), "agent")
    asked = evaluation_options(["worlds=1e3", "policy=random", "suite=heldout", "num_envs=64"])
    assert protocol_of(run, asked) == (Protocol(1000, own.steps, own.seed, name=HELDOUT, num_envs=64), "random")


@pytest.mark.fast
@pytest.mark.parametrize(
    ("about", "told"),
    [({}, True), ({"target": "abc"}, False), ({"protocol": GRADED, "success": {"diver/1": 0.5}}, False)],
)
def test_a_share_of_the_highest_return_is_told_of_the_game_alone(tmp_path, capsys, about, told):
    figures = {"returns": [2.0, 4.0], "lengths": [3, 4], "floor": [0, 0], "finished": 2, "achievements": {}}
    result = {"protocol": TARGET, "env_steps": 1e6, "max_return": 226.0, **figures, **about}
    show(PlainConsole(), RunDirectory(tmp_path / "demo"), result)
    assert ("1.33 % of 226" in capsys.readouterr().out) is told
