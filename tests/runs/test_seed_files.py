"""A run begins with the level files that it was made with, or says which are lost; it never takes others instead."""

import shutil
from contextlib import ExitStack

import pytest

from dicode import config
from dicode.commands import launch
from dicode.errors import RunError
from dicode.games.craftax import library
from dicode.runs import directory, seed_files
from dicode.runs.assemble import dreamer_of
from dicode.training.trainer import Trainer

pytestmark = pytest.mark.fast


@pytest.fixture
def run(tmp_path, monkeypatch) -> directory.RunDirectory:
    """A run that has trained nothing yet, with two level files of its own."""
    monkeypatch.setattr(Trainer, "compile", lambda *_: pytest.fail("something was compiled first"))
    (tmp_path / "mine").mkdir()
    for name, source in library.load_seeds()[:2]:
        (tmp_path / "mine" / f"{name}.py").write_text(source)
    words = [f"levels={tmp_path}/mine", f"runs_dir={tmp_path}", "run=demo", "logging.live=false"]
    return directory.create(config.load(["preset=smoke", "dreamer=library", *words]))


@pytest.mark.slow
def test_a_run_that_has_lost_its_level_files_is_not_trained_on_the_librarys(run):
    assert seed_files.of(run, run.config()) == run.seeds
    shutil.rmtree(run.seeds)
    says = r"demo/seeds is missing, the level files that this run begins with; copy it back"
    with pytest.raises(RunError, match=says):
        launch.resume(str(run.path))
    with pytest.raises(RunError, match=says):
        launch.replay(str(run.path))
    with pytest.raises(RunError, match=says), ExitStack() as stack:
        dreamer_of(run.config(), run.journal, run, stack)
    assert not run.path.with_name("demo-replay").exists()


@pytest.mark.slow
def test_a_level_file_that_is_lost_changed_or_new_is_named(run):
    first, second = sorted(run.seeds.glob("*.py"))
    text = first.read_text()
    first.write_text(f"{text}\n")
    with pytest.raises(RunError, match=rf"holds another {first.name} than this run was made with; copy the first one"):
        launch.resume(str(run.path))
    first.write_text(text)
    (run.seeds / "more.py").write_text(text)
    with pytest.raises(RunError, match=r"holds more\.py, with which this run was not made; take that out"):
        launch.resume(str(run.path))
    (run.seeds / "more.py").unlink()
    second.unlink()
    with pytest.raises(RunError, match=rf"lacks {second.name}, with which this run begins; copy what is missing back"):
        launch.resume(str(run.path))


def test_a_run_without_a_list_of_its_level_files_begins_with_those_that_it_has(run):
    (run.seeds / seed_files.LIST).unlink()
    next(run.seeds.glob("*.py")).unlink()
    assert seed_files.of(run, run.config()) == run.seeds
