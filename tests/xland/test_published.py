"""The published benchmarks' files: read without running what they hold, cut in two parts, made into levels."""

import bz2
import pickle
import sys

import numpy as np
import pytest

from dicode import games
from dicode.errors import ConfigError, LevelError
from dicode.games.level_text import LevelText, parse_level
from dicode.games.xland import published
from dicode.games.xland.levels.api import API
from dicode.games.xland.levels.encoded import packed, task_of, unpacked
from dicode.games.xland.levels.tasks import random_task

pytestmark = pytest.mark.fast


def some_tasks(count):
    rng = np.random.default_rng(7)
    return [random_task(rng, held_out=index % 4 == 0) for index in range(count)]


def arrays_of(tasks, rules=12):
    """What a benchmark's file holds; room for more productions than a level has."""
    held = {
        "goals": np.stack([task.goal.code for task in tasks]),
        "rules": np.zeros((len(tasks), rules, 7), np.uint8),
        "init_tiles": np.zeros((len(tasks), 15, 2), np.uint8),
        "num_rules": np.array([len(task.rules.productions) for task in tasks], np.uint8),
    }
    for index, task in enumerate(tasks):
        held["rules"][index, :9] = task.rules.codes
        held["init_tiles"][index, : len(task.things)] = [what.code for what in task.things]
    return held


def write(path, held):
    with bz2.open(path, "wb") as file:
        pickle.dump(held, file)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(published.WHERE, str(tmp_path))
    return tmp_path


def test_a_file_as_the_package_writes_it_is_read(folder):
    package = pytest.importorskip("xminigrid.benchmarks")
    import jax.numpy as jnp

    held = arrays_of(some_tasks(8))
    package.save_bz2_pickle({name: jnp.asarray(array) for name, array in held.items()}, folder / "small_1m_v3")
    found = published.load("small-1m")
    assert all(np.array_equal(found[name], held[name]) for name in ("goals", "rules", "init_tiles"))
    assert dict(package.NAME2HFFILENAME) == published.FILES


def test_parts_share_no_task_and_levels_of_them_hold_exactly_these(folder, built):
    tasks = some_tasks(40)
    write(folder / "trivial_21k", arrays_of(tasks))
    for held_out in (False, True):
        kept = [task for task in tasks if task.is_held_out == held_out]
        source = published.level("trivial-21k", held_out)
        assert isinstance(parse_level(source, API.goal_hint), LevelText)
        found = built(source)
        assert isinstance(API.check(found.pool, found.goal, found.rules, (), None), tuple)
        codes = {task.goal.code.tobytes() + task.rules.codes.tobytes() for task in kept}
        pairs = zip(found.pool["goal"], found.pool["productions"], strict=True)
        assert {goal.tobytes() + rules.tobytes() for goal, rules in pairs} <= codes
    assert [name for name, _ in games.load_host("xland").graded()] == ["published/1"]
    assert len(published.tasks(published.load("trivial-21k"), 3, False)) == 3


def test_tasks_survive_text_and_damaged_text_is_an_error():
    tasks = some_tasks(5)
    text = packed(tasks)
    assert [task_of(row) for row in unpacked(text)] == tasks
    for wrong in ("", "x", text[:-8], text[8:], packed([])):
        with pytest.raises(LevelError):
            unpacked(wrong)


def test_a_task_that_no_level_can_hold_is_left_out(folder):
    held = arrays_of(some_tasks(12))
    held["rules"][:, :10] = (1, 3, 1, 4, 1, 0, 0)
    write(folder / "high_1m_v3", held)
    with pytest.raises(ConfigError, match="has no task that a level can hold"):
        published.level("high-1m")


def test_a_benchmark_that_is_not_there_says_where_to_get_it_and_where_to_put_it(folder, monkeypatch, capsys):
    with pytest.raises(
        ConfigError, match=r"trivial-21k is not at .*trivial_21k; get it by .*load_benchmark.*XLAND_MINIGRID_DATA"
    ):
        games.load_host("xland").graded()
    with pytest.raises(ConfigError, match="did you mean 'small-1m'"):
        published.load("smal-1m")
    monkeypatch.setattr(sys, "argv", ["published", "small-1m", "--output", str(folder / "x.py")])
    with pytest.raises(SystemExit):
        published.main()
    assert "small_1m_v3" in capsys.readouterr().err
    write(folder / "small_1m_v3", arrays_of(some_tasks(12)))
    published.main()
    assert (folder / "x.py").read_text() == published.level("small-1m")


class Harm:
    """What a pickle can do to whoever loads it."""

    def __reduce__(self):
        return exec, ("import sys; sys.harmed = True",)


@pytest.mark.parametrize(
    "held",
    [
        {"goals": Harm()},
        [Harm()],
        {**arrays_of(some_tasks(2)), "goals": np.array([Harm(), 1], object)},
        {**arrays_of(some_tasks(2)), "goals": np.zeros((2, 4), np.uint8)},
        {**arrays_of(some_tasks(2)), "rules": np.zeros((2, 9, 7), np.int64)},
        {**arrays_of(some_tasks(2)), "init_tiles": np.zeros((3, 5, 2), np.uint8)},
        {"goals": 3},
        7,
    ],
)
def test_a_file_that_holds_anything_else_is_refused_and_runs_nothing(folder, held):
    write(folder / "small_1m_v3", held)
    with pytest.raises(ConfigError, match="is no benchmark"):
        published.load("small-1m")
    assert not hasattr(sys, "harmed")


@pytest.mark.parametrize("content", [b"", b"no archive", bz2.compress(b"no pickle"), bz2.compress(b"\x80\x04\x8c\xff")])
def test_a_broken_file_is_refused(folder, content):
    (folder / "small_1m_v3").write_bytes(content)
    with pytest.raises(ConfigError, match="is no benchmark"):
        published.load("small-1m")
