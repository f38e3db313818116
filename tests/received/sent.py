"""A run as somebody would send it: every kind of file, made in a second, without training."""

import json
import shutil
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from archive_examples import story

from dicode import config as configuration
from dicode.curriculum.archive import Archive
from dicode.dreaming.calls import Answer, Kind, Message, Request
from dicode.dreaming.journal import Fate, Journal
from dicode.runs import checkpoint, directory
from dicode.runs.directory import RunDirectory
from dicode.types import Accepted, Draft, Origin

CYCLES = 3
STATE = {"params": {"w": np.arange(6, dtype=np.float32).reshape(2, 3)}, "update": np.int32(5)}
WORDS = ("preset=smoke", "dreamer=grammar", "evaluation.worlds=4", "evaluation.steps=32", "logging.live=false")


def make(folder: Path, name: str = "sent", sealed: bool = False, words: tuple[str, ...] = ()) -> RunDirectory:
    """The run `folder`/`name` of three finished cycles; sealed: as if made on this machine, by this test's user."""
    if sealed:
        return _make(folder, name, sealed, words)
    shutil.copytree(_prototype(words), folder / name)
    return RunDirectory(folder / name)


@cache
def _prototype(words: tuple[str, ...]) -> Path:
    return _make(Path(tempfile.mkdtemp(prefix="dicode-tests-")), "sent", False, words).path


def _make(folder: Path, name: str, sealed: bool, words: tuple[str, ...]) -> RunDirectory:
    config = configuration.load([*WORDS, f"run={name}", f"runs_dir={folder}", *words])
    run = directory.create(config, sealed=sealed)
    told = story(CYCLES)
    with Archive(run.archive_file) as archive:
        archive.sealing = sealed
        for cycle, snapshot in enumerate(told):
            # The story's goals are names of levels; a real archive's are goals.
            levels = {k: _with_goal(level) for k, level in snapshot.levels.items()}
            archive.commit(cycle, replace(snapshot, levels=levels))
            checkpoint.save(run.checkpoints, cycle, STATE, {"seed": 0, "env_steps": 4096 * (cycle + 1)}, keep=3)
    run.metrics_file.write_text("".join(json.dumps(row) + "\n" for row in metrics()))
    run.evaluation.mkdir()
    for cycle in (1, 2):
        (run.evaluation / f"target-{cycle}.json").write_text(json.dumps(evaluation(cycle)))
    with Journal(run.journal) as journal:
        request = Request(0, 0, "code", 0, "vllm", "m", (Message("user", "write " * 60), Message("user", "now")), 50)
        journal.record(request, Answer(Kind.TEXT, "text", tokens_in=3, tokens_out=4))
        draft = Draft("x = 1\n", "", Origin.FOUNDATION)
        journal.record_verdict(0, 0, 0, draft, Accepted({"achievements": ["EAT_COW"]}, {}, "ab"))
        journal.record_fate(Fate(0, 1, "lost", "too late"))
    return run


def _with_goal(level):
    if not isinstance(level.verdict, Accepted):
        return level
    return replace(level, verdict=replace(level.verdict, goal={"achievements": ["COLLECT_WOOD"]}))


def metrics() -> list[dict]:
    rates = {"steps_per_s": 900.0, "cycle_steps_per_s": 700.0}
    return [{"cycle": c, "env_steps": 100 * (c + 1), "target_return": 1.5 + c, **rates} for c in range(CYCLES)]


def evaluation(cycle: int) -> dict:
    return {
        "protocol": "target", "engine": "own", "worlds": 4, "steps": 32, "seed": 20_000, "checkpoint": f"{cycle:012x}",
        "cycle": cycle, "env_steps": 100 * (cycle + 1), "versions": {"jax": "1"}, "max_return": 226.0, "finished": 4,
        "returns": [1.0, 2.0, 3.0, 4.5], "lengths": [3, 4, 5, 6], "floor": [0, 0, 1, 0], "achievements": {"EAT_COW": 0.5},
    }  # fmt: skip
