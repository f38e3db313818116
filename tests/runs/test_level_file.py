"""`dicode level check`: quick, for people, and again whenever the file is saved."""

import gc
import os
import signal
import subprocess
import sys

import pytest

from dicode import cli, config, interrupts
from dicode.commands import level_file
from dicode.errors import ConfigError
from dicode.sandbox.workers import Worker
from dicode.training.bank import WorldBank
from dicode.types import Code, Rejected

GOOD = """\"\"\"Objective: collect a piece of wood.
Why: it is the beginning of everything.
\"\"\"
from dicode.levels import Achievement, Goal, World

GOAL = Goal.all_of(Achievement.COLLECT_WOOD)

def build(world: World) -> None:
    world.player.inventory.sword = 1
"""


@pytest.mark.fast
@pytest.mark.parametrize("preset", ["smoke", "laptop", "gpu", "paper"])
def test_the_usual_limit_is_the_presets(preset):
    assert level_file.usual_limit(preset) == config.load([f"preset={preset}"]).episode_limit


@pytest.mark.fast
@pytest.mark.parametrize(
    ("source", "shown", "hint"),
    [
        (GOOD.replace("-> None:", "-> None"), "bad.py:8: def build(world: World) -> None", "in that line"),
        (f"```python\n{GOOD}```\n", "bad.py:1: ```python", "delete the Markdown fences"),
        (GOOD.replace("import Ach", "import \u201cAch"), "bad.py:4:", "replace the curly quotes"),
        (GOOD.replace("dicode.levels", "os"), "bad.py:4: from os import", "level code has no files"),
        (GOOD.replace("GOAL", "GOALS"), "", "write GOAL = "),
    ],
)
def test_what_is_plainly_wrong_is_said_for_people_before_anything_is_built(
    source, shown, hint, tmp_path, monkeypatch, capsys
):
    def refuse(*_, **__):
        raise AssertionError("built")

    python, ran = hint in ("level code has no files", "write GOAL = "), []
    monkeypatch.setattr(Worker, "launch", lambda worker: ran.append("launched"))
    monkeypatch.setattr(Worker, "stop", lambda worker: ran.append("stopped"))
    monkeypatch.setattr(Worker, "run", refuse)
    monkeypatch.setattr(WorldBank, "chunk", refuse)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.py").write_text(source)
    assert level_file.check("bad.py", "auto", 100) == 1
    said = capsys.readouterr().out
    assert shown in said
    assert hint in said
    assert "send " not in said
    # What builds comes up while the text of what is Python at least is looked at, and ends with it.
    assert ran == (["launched", "stopped", "stopped"] if python else [])
    assert gc.isenabled()


@pytest.mark.fast
def test_every_hint_of_the_screen_is_fit_for_a_person():
    """Hints that tell a model what to send back say nothing to somebody with the file open."""
    for code in (Code.SYNTAX, Code.NOT_TEXT):
        verdict = Rejected("screen", "line 1: x", "send one complete Python file", code=code)
        assert "send" not in level_file.for_people(verdict, "x").hint


@pytest.mark.fast
def test_a_watched_file_is_checked_again_when_it_is_saved(tmp_path, monkeypatch, capsys):
    path = tmp_path / "level.py"
    path.write_text("GOAL = (")
    saves = iter([None, "GOAL = )(", None, KeyboardInterrupt])

    def sleep(_):
        step = next(saves)
        if step is KeyboardInterrupt:
            raise KeyboardInterrupt
        if step is not None:
            path.unlink()
            path.write_text(step)
            os.utime(path, ns=(1, 1))

    monkeypatch.setattr(level_file.time, "sleep", sleep)
    assert level_file.check(str(path), "auto", 100, watch=True) == 1
    said = capsys.readouterr().out
    assert said.count("rejected") == 2
    assert "'(' was never closed" in said
    assert "unmatched ')'" in said


@pytest.mark.fast
def test_a_watch_that_is_ended_from_outside_does_not_end_as_with_ctrl_c(tmp_path, monkeypatch):
    path = tmp_path / "level.py"
    path.write_text("GOAL = (")

    def ended(_):
        raise interrupts.Terminated(signal.SIGTERM)

    monkeypatch.setattr(level_file.time, "sleep", ended)
    assert cli.main(["level", "check", str(path), "--watch"]) == 143


@pytest.mark.fast
def test_a_watched_file_may_be_saved_while_it_is_checked_and_saved_badly(tmp_path, monkeypatch, capsys):
    path = tmp_path / "level.py"
    path.write_text("GOAL = (")
    launch, saves = level_file.Checker.__enter__, iter([b"GOAL = '\xff'", b"GOAL = [", KeyboardInterrupt])

    def saved_meanwhile(checker):
        path.write_text("GOAL = )((")
        return launch(checker)

    def sleep(_):
        if (step := next(saves)) is KeyboardInterrupt:
            raise KeyboardInterrupt
        path.write_bytes(step)

    monkeypatch.setattr(level_file.Checker, "__enter__", saved_meanwhile)
    monkeypatch.setattr(level_file.time, "sleep", sleep)
    assert level_file.check(str(path), "auto", 100, watch=True) == 1
    said = capsys.readouterr().out
    order = ["'(' was never closed", "unmatched ')'", "can't be read", "'[' was never closed"]
    assert [said.count(each) for each in order] == [1, 1, 1, 1]


UNUSED = {
    "jax",
    "scipy",
    "hydra",
    "omegaconf",
    "yaml",
    "PIL",
    "sqlite3",
    "dicode.config",
    "dicode.methods",
    "dicode.runs",
}
"""Each takes longer to import than all that a check does."""


def checked(path, source) -> tuple[str, set[str]]:
    """What `dicode level check` says of a text in a process of its own, and the modules that this process imported."""
    path.write_text(source)
    code = (
        "import sys; from dicode.cli import main; main(['level', 'check', sys.argv[1]]); print('loaded', *sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    said, _, loaded = done.stdout.rpartition("loaded ")
    return said, set(loaded.split())


@pytest.mark.fast
@pytest.mark.parametrize(
    ("source", "unused"),
    [(GOOD.replace("-> None:", "-> None"), {"subprocess"}), (GOOD.replace("dicode.levels", "os"), set())],
)
def test_a_mistake_is_told_without_what_building_needs(source, unused, tmp_path):
    said, loaded = checked(tmp_path / "level.py", source)
    assert "rejected" in said
    unused |= {"importlib.metadata", "dicode.sandbox.sandbox", "dicode.training.bank"}
    assert not loaded & (UNUSED | unused)


@pytest.mark.fast
def test_a_text_that_is_not_python_is_turned_down_without_numpy(tmp_path):
    said, loaded = checked(tmp_path / "level.py", GOOD.replace("-> None:", "-> None"))
    assert "rejected" in said
    assert "numpy" not in loaded


@pytest.mark.slow
@pytest.mark.parametrize(("level", "game"), [("first_blow", "craftax"), ("one_room", "xland")])
def test_a_level_of_the_library_is_checked_and_drawn_like_a_file(level, game, tmp_path, capsys):
    if game == "xland":
        pytest.importorskip("xminigrid")
    assert level_file.check(f"library:{level}", "weak", game=game) == 0
    assert f"accepted library:{level} (id " in capsys.readouterr().out
    assert level_file.show(f"library:{level}", str(tmp_path / "it.png"), None, "weak", game) == 0
    assert (tmp_path / "it.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.fast
def test_a_game_that_does_not_exist_is_told_before_the_text_is_read(tmp_path):
    (tmp_path / "bad.py").write_text("GOAL = (")
    with pytest.raises(ConfigError, match="game=chess is not known"):
        level_file.check(str(tmp_path / "bad.py"), "auto", 100, game="chess")


def test_an_accepted_level_is_checked_without_jax_or_settings(tmp_path, worlds_in_the_bank):
    said, loaded = checked(tmp_path / "level.py", GOOD)
    assert "accepted" in said
    assert not loaded & UNUSED


@pytest.fixture
def worlds_in_the_bank():
    """The first chunk of the bank, made unless it is there."""
    from dicode import games

    WorldBank(games.load_device("craftax"), 1).chunk(0)
