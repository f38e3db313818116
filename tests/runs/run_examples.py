"""Finished runs without a learner: an archive, rows and checkpoints of a few numbers, for tests that compile nothing."""

import atexit
import json
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

import jax.numpy as jnp
from archive_examples import story

from dicode import config
from dicode.cli import main
from dicode.curriculum.archive import Archive
from dicode.runs import checkpoint, directory
from dicode.runs.directory import RunDirectory

WORDS = ["preset=smoke", "dreamer=grammar", "logging.live=false"]
CYCLES = 5
"""Of the smoke preset: 20,480 steps."""


def made(folder: Path, cycles: int = CYCLES, **changes: str) -> RunDirectory:
    """A run of so many finished cycles, with small numbers for a learner."""
    words = [f"{name}={value}" for name, value in changes.items()]
    run = directory.create(config.load([*WORDS, f"runs_dir={folder}", "run=demo", *words]))
    with Archive(run.archive_file) as archive:
        for cycle, snapshot in enumerate(story(cycles)):
            archive.commit(cycle, snapshot)
    whole = saved()
    for cycle in range(max(cycles - 2, 0), cycles):
        shutil.copytree(whole / f"{cycle:06d}", run.checkpoints / f"{cycle:06d}")
    rows = [{"cycle": cycle, "env_steps": 4096 * (cycle + 1)} for cycle in range(cycles)]
    run.metrics_file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return run


@cache
def saved() -> Path:
    """Checkpoints of all cycles, made once."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    for cycle in range(CYCLES):
        checkpoint.save(folder, cycle, {"weights": jnp.arange(6.0)}, {"env_steps": 4096 * (cycle + 1)}, CYCLES)
    return folder


def said(capsys, *words: str) -> str:
    """The one sentence that a command ends with."""
    assert main(list(words)) == 2
    text = capsys.readouterr().err
    assert text.startswith("dicode: "), text
    assert text.count("\n") == 1, text
    return text


def spoil(checkpoints: Path, cycle: int) -> None:
    os.truncate(checkpoints / f"{cycle:06d}" / "arrays.bin", 1)
