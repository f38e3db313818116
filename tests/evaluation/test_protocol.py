"""An evaluation counts each world once, whoever is killed, runs twice or tears a line; nothing here is played."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from dicode import games
from dicode.errors import RunError
from dicode.evaluation import heldout, protocol
from dicode.evaluation.protocol import Parts, Protocol, once
from dicode.evaluation.results import load_evaluation

pytestmark = pytest.mark.fast
PARAMS = {"w": np.zeros(1)}
ASKED = Protocol(worlds=64, steps=8, seed=20_000)
GAME = games.load_host("craftax")


def part(first: int, count: int, level: str = "") -> dict:
    numbers = list(range(first, first + count))
    return {"returns": numbers, "lengths": numbers, "floor": [0] * count, "reached": [count] * 67, "finished": count}


def play(kept: Parts, pause_s: float = 0.0, worlds: int = 64, size: int = 16) -> dict:
    """A part at a time, as evaluation does; the numbers of a world are its own number."""
    while (done := kept.done()) < worlds:
        time.sleep(pause_s)
        kept.add(done, part(done, min(size, worlds - done)))
    return protocol.result(GAME, ASKED, kept.of(), PARAMS, {"cycle": 0, "env_steps": 1})


def test_an_evaluation_is_of_distinct_worlds(tmp_path):
    result = once(tmp_path, ASKED, PARAMS, play)
    assert result["returns"] == list(range(64))
    assert set(result["achievements"].values()) == {1.0}
    assert [p.suffix for p in tmp_path.iterdir() if p.name[0] != "."] == [".json"]


@pytest.mark.parametrize("torn", ["", '{"level": "", "first": 32, "retur', json.dumps({"level": "", "first": 16})])
def test_a_killed_evaluation_goes_on_after_its_last_whole_part(tmp_path, torn):
    path = tmp_path / "x.partial"
    rows = [{"level": "", "first": first, **part(first, 16)} for first in (0, 16)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + torn)
    kept = Parts(path, 64)
    assert kept.done() == 32
    assert play(kept)["returns"] == list(range(64))


@pytest.mark.parametrize("firsts", [(0, 0), (16, 32), (0, 32), (0, 16, 16), (0, 16, 32, 48, 64)])
def test_parts_that_overlap_or_have_gaps_are_played_anew(tmp_path, caplog, firsts):
    path = tmp_path / "x.partial"
    rows = [{"level": "", "first": first, **part(first, 16)} for first in firsts]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    kept = Parts(path, 64)
    assert kept.done() == 0
    assert "played anew" in caplog.text
    assert play(kept)["returns"] == list(range(64))


@pytest.mark.parametrize("content", ["", '{"protocol": "tar', "[]", "null"])
def test_a_damaged_evaluation_is_made_anew(tmp_path, caplog, content):
    once(tmp_path, ASKED, PARAMS, play)
    (final,) = tmp_path.glob("*.json")
    final.write_text(content)
    assert once(tmp_path, ASKED, PARAMS, play)["returns"] == list(range(64))
    assert f"{final} is damaged" in caplog.text
    assert caplog.text.rstrip().endswith("; it is made anew")
    assert load_evaluation(final).worlds == 64


@pytest.mark.parametrize(
    "row",
    [
        None,
        {"level": "", "first": 0, "returns": [1.0]},
        {"level": "", "first": 0, **part(0, 16), "lengths": [1] * 15},
        {"level": "", "first": 0, **part(0, 16), "returns": ["1"] * 16},
        {"level": "", "first": 0, **part(0, 16), "reached": 5},
    ],
)
def test_damaged_parts_are_played_anew(tmp_path, caplog, row):
    (tmp_path / "x.partial").write_text(f"{json.dumps(row)}\n")
    kept = Parts(tmp_path / "x.partial", 64)
    assert play(kept)["returns"] == list(range(64))
    assert (
        f"{'holds no named values' if row is None else 'do not follow each other'}; they are played anew" in caplog.text
    )


@pytest.mark.parametrize("content", ["", "[]", "{}"])
def test_what_a_damaged_evaluation_needs_is_said(tmp_path, content):
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(RunError, match=r"; delete it and run `dicode eval` again$"):
        load_evaluation(tmp_path / "x.json")


def test_a_file_whose_figures_are_not_of_its_worlds_is_made_anew(tmp_path, caplog):
    made = once(tmp_path, ASKED, PARAMS, play)
    (final,) = tmp_path.glob("*.json")
    final.write_text(json.dumps(made | {"returns": [*made["returns"], *range(16)]}))
    assert once(tmp_path, ASKED, PARAMS, play) == made
    assert "80 first episodes; it is made anew" in caplog.text


def test_an_evaluation_under_another_one_s_name_is_made_anew(tmp_path, caplog):
    made = once(tmp_path, ASKED, PARAMS, play)
    (final,) = tmp_path.glob("*.json")
    for changes in ({"seed": 1}, {"steps": 9}, {"engine": "package"}, {"num_envs": 4}, {"checkpoint": "0123456789ab"}):
        final.write_text(json.dumps(made | changes))
        caplog.clear()
        assert once(tmp_path, ASKED, PARAMS, play) == made
        assert "holds another evaluation than its name says; it is made anew" in caplog.text


def test_each_cycle_of_the_same_parameters_has_its_evaluation_and_none_is_played_twice(tmp_path):
    """A cycle that only scored levels trained nothing: its evaluation was found under the first cycle's, and owed for ever."""
    first = once(tmp_path, ASKED, PARAMS, play, {"cycle": 0, "env_steps": 1})
    for _ in range(2):
        again = once(tmp_path, ASKED, PARAMS, lambda _: pytest.fail("it was played"), {"cycle": 3, "env_steps": 9})
        assert again == first | {"cycle": 3, "env_steps": 9}
    made = sorted((load_evaluation(path) for path in tmp_path.glob("*.json")), key=lambda e: e.cycle)
    assert [(e.cycle, e.env_steps, e.worlds) for e in made] == [(0, 1, 64), (3, 9, 64)]
    assert once(tmp_path, ASKED, PARAMS, play, {"cycle": 0, "env_steps": 1}) == first
    (later,) = tmp_path.glob("*-c3.json")
    later.write_text(json.dumps(first))
    assert once(tmp_path, ASKED, PARAMS, play, {"cycle": 3, "env_steps": 9}) == again


RUN = """
import sys
from pathlib import Path
from test_protocol import ASKED, PARAMS, once, play
print("ready", flush=True)
once(Path(sys.argv[1]), ASKED, PARAMS, lambda kept: play(kept, float(sys.argv[2])))
"""


@pytest.mark.slow
def test_a_second_evaluator_waits_and_a_killed_one_is_followed(tmp_path):
    def start(pause_s: float) -> subprocess.Popen:
        words = [sys.executable, "-c", RUN, str(tmp_path), str(pause_s)]
        there = os.environ | {"PYTHONPATH": os.path.dirname(__file__)}
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=there)
        assert process.stdout.readline() == "ready\n"
        return process

    killed = start(0.3)
    while not list(tmp_path.glob("*.partial")) or not next(tmp_path.glob("*.partial")).stat().st_size:
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    both = [start(0.05), start(0.05)]
    said = [process.communicate(timeout=120)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sum("another process evaluates" in text for text in said) <= 1
    (final,) = tmp_path.glob("*.json")
    result = json.loads(final.read_text())
    assert Counter(result["returns"]) == Counter(range(64))
    assert set(result["achievements"].values()) == {1.0}
    killed.wait()


@pytest.mark.parametrize(
    ("size", "sizes"), [(16, [16, 16, 16, 16, 6]), (64, [64, 6]), (100, [70]), (3, [3] * 23 + [1])]
)
def test_blocks_of_worlds_are_cut_into_parts_of_any_size(size, sizes):
    blocks = [("level", {"player_level": np.arange(first, last)}) for first, last in ((0, 64), (64, 70))]
    parts = [pool["player_level"] for _, pool in heldout.in_parts(blocks, size)]
    assert [len(pool) for pool in parts] == sizes
    assert np.concatenate(parts).tolist() == list(range(70))


def test_a_level_s_worlds_do_not_depend_on_where_an_evaluation_goes_on():
    class Builder:
        def attempt(self, source, level, origin, when, count):
            start = 0 if when == "held-out" else int(when.split("/")[1])
            return SimpleNamespace(pool={"player_level": np.arange(start, start + count)})

    for first in (0, 5, 64, 100, 129):
        blocks = heldout._pools(Builder(), "level", "source", first, 130)
        assert np.concatenate([pool["player_level"] for _, pool in blocks]).tolist() == list(range(first, 130))
