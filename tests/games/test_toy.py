"""The seam, proved: a game of another package runs the whole loop, and nothing above it knows what a door is."""

import json
from pathlib import Path

import pytest

from dicode import cli, config, games
from dicode.curriculum.archive import Archive
from dicode.games.level_build import build_pool
from dicode.methods.generators import is_plain, world_draft
from dicode.runs import launch
from dicode.sandbox import Sandbox
from dicode.streams import Streams
from dicode.training.builder import LevelBuilder, record_of
from dicode.training.trainer import Trainer
from dicode.types import TARGET, Accepted, Origin

WORDS = [
    "game=tests.toy",
    "preset=smoke",
    "num_envs=8",
    "level_slots=4",
    "updates_per_cycle=2",
    "learner.rollout_steps=16",
    "episode_limit=16",
    "total_steps=768",
    "dreamer=grammar",
    "dreamer.round=2",
    "agent.width=8",
    "agent.head_hidden=8",
    "worlds_per_level=2",
    "evaluation.worlds=4",
    "evaluation.steps=16",
    "evaluation.every_steps=1",
    "logging.live=false",
]
"""Three cycles of 256 steps."""


class Interrupted(Exception):
    """What ends a run in the middle of a cycle."""


def words(folder: Path, name: str, *more: str) -> config.Config:
    return config.load([*WORDS, f"runs_dir={folder}", f"run={name}", *more])


@pytest.fixture(scope="module")
def toy_run(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    assert launch.train(words(folder, "whole"), quiet=True) == 0
    return folder / "whole"


def archived(run: Path):
    with Archive(run / "archive.sqlite", read_only=True) as archive:
        return archive.digest(), archive.snapshot()


def test_levels_are_dreamt_checked_in_the_jail_trained_and_scored_by_their_goals_alone(toy_run):
    snapshot = archived(toy_run)[1]
    dreamt = [record for record in snapshot.accepted().values() if record.origin is Origin.GRAMMAR]
    assert len(dreamt) >= 2
    trials = [trial for record in dreamt for trial in snapshot.trials.get(record.id, ())]
    assert sum(trial.episodes for trial in trials) > 0
    assert snapshot.trials[TARGET][-1].achievements == {}
    assert any(trial.score is not None for trials in snapshot.trials.values() for trial in trials)


def test_a_run_that_was_interrupted_goes_on_to_the_same_archive(toy_run, monkeypatch):
    genuine = Trainer.train

    def train(self, learner, batch, cycle, on_update):
        if cycle == 1:
            raise Interrupted
        return genuine(self, learner, batch, cycle, on_update)

    monkeypatch.setattr(Trainer, "train", train)
    with pytest.raises(Interrupted):
        launch.train(words(toy_run.parent, "broken"), quiet=True)
    monkeypatch.undo()
    assert archived(toy_run.parent / "broken")[0] != archived(toy_run)[0]
    assert launch.resume(str(toy_run.parent / "broken"), quiet=True) == 0
    assert archived(toy_run.parent / "broken")[0] == archived(toy_run)[0]


def test_a_run_is_replayed_to_the_same_archive(toy_run):
    assert launch.replay(str(toy_run)) == 0


def test_generated_worlds_are_the_same_in_every_cycle():
    host, device = games.load_host("tests.toy"), games.load_device("tests.toy")
    draft = world_draft(host.levels(), 7, 2)
    assert is_plain(host.levels(), draft.source)
    with Sandbox(host) as sandbox:
        builder = LevelBuilder(device, sandbox, Streams(0), worlds_per_level=2)
        verdict = builder.check(draft)
        assert isinstance(verdict, Accepted)
        record = record_of(draft, verdict, 0)
        first, later = (builder.playable(record, cycle, 2).pool for cycle in (1, 2))
    assert host.pool_hash(first) == host.pool_hash(later)


def test_an_agent_is_evaluated_on_the_game_and_on_held_out_levels(toy_run, capsys):
    for suite in ("target", "heldout"):
        assert cli.main(["eval", str(toy_run), f"suite={suite}", "worlds=4", "steps=16"]) == 0
    results = [json.loads(path.read_text()) for path in (toy_run / "evaluation").glob("*.json")]
    assert any(set(result.get("success", {})) == {"middle"} for result in results)
    assert all(result["max_return"] == 2.0 for result in results)


def test_the_run_is_shown_as_a_table_and_as_pages(toy_run, tmp_path, capsys):
    assert cli.main(["levels", str(toy_run)]) == 0
    assert "doors >= 1" in capsys.readouterr().out
    assert cli.main(["view", str(toy_run), "--export", str(tmp_path / "pages")]) == 0
    pages = [path.read_text() for path in (tmp_path / "pages").rglob("*.html")]
    assert any("open the door" in page for page in pages)
    assert (toy_run / "report" / "learning_curve.png").exists()


def test_the_game_s_name_is_what_it_is_loaded_by():
    for name in ("craftax", "tests.toy"):
        assert games.load_host(name).name == name
        assert games.load_device(name).host is games.load_host(name)


def test_a_toy_level_is_built_by_the_same_code_as_every_other():
    host, device = games.load_host("tests.toy"), games.load_device("tests.toy")
    import jax

    worlds = device.generate(jax.random.PRNGKey(0), 3, 0)
    namespace: dict[str, object] = {}
    exec(host.seeds()[0][1], namespace)  # our own file
    built = build_pool(host, namespace, worlds, 0)
    assert str(built.goal) == "doors >= 1"
    away = abs(built.pool["key"] - built.pool["position"]).sum(axis=1)
    assert (away == 1).all()
