"""One small uninterrupted run, shared by the tests that look at runs from outside."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jax
import pytest

TINY = [
    "preset=smoke",
    "dreamer=grammar",
    "num_envs=8",
    "level_slots=3",
    "updates_per_cycle=4",
    "learner.rollout_steps=16",
    "episode_limit=32",
    "total_steps=1536",
    "dreamer.round=2",
    "agent.width=16",
    "agent.head_hidden=16",
    "worlds_per_level=2",
    "levels={seeds}",
    "evaluation.worlds=4",
    "evaluation.steps=32",
    "evaluation.every_steps=1",
    "logging.live=false",
    "logging.report_every=1",
]
"""Three cycles of 512 steps with dreams, evaluations and pictures."""


SEEDS = ("collect_wood", "wood_pickaxe")


def tiny(folder: Path, name: str) -> list[str]:
    """The words that start a tiny run `name` in `folder`, with two seed levels."""
    from dicode.games.craftax import library

    seeds = folder / "seeds"
    seeds.mkdir(exist_ok=True)
    for seed, source in library.load_seeds():
        if seed in SEEDS:
            (seeds / f"{seed}.py").write_text(source)
    return [word.format(seeds=seeds) for word in TINY] + [f"runs_dir={folder}", f"run={name}"]


@pytest.fixture(scope="session")
def tiny_run():
    """`tiny`, for tests that start processes."""
    return tiny


@dataclass
class FinishedRun:
    path: Path
    compiled: list[str] = field(default_factory=list)
    """Names of the programs XLA compiled, in order; `cycle N` where a cycle's row was written."""
    batches: list[Any] = field(default_factory=list)
    """What each cycle trained on, on the host: `LevelBatch` without its worlds."""

    @property
    def rows(self) -> list[dict]:
        return [json.loads(line) for line in (self.path / "metrics.jsonl").read_text().splitlines()]


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory) -> FinishedRun:
    from dicode import config
    from dicode.commands import launch
    from dicode.training.trainer import Trainer
    from tests.compiling import compilations

    folder = tmp_path_factory.mktemp("runs")
    finished = FinishedRun(folder / "whole")

    def train(self, learner, batch, *more):
        finished.batches.append(jax.device_get(batch.replace(pool=None)))
        return genuine_train(self, learner, batch, *more)

    genuine_train, Trainer.train = Trainer.train, train
    try:
        settings = config.load(tiny(folder, "whole"))
        with compilations(finished.compiled):
            assert launch.train(settings, quiet=True) == 0
    finally:
        Trainer.train = genuine_train
    return finished
