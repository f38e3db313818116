"""Checkpoints are whole or absent, and say what is wrong with them."""

import errno
import json
import os
import shutil

import jax.numpy as jnp
import numpy as np
import pytest

from dicode.errors import RunError
from dicode.runs import checkpoint

pytestmark = pytest.mark.fast
STATE = {"weights": jnp.arange(6.0), "update": jnp.int32(3)}


def test_what_was_saved_comes_back(tmp_path):
    checkpoint.save(tmp_path, 0, STATE, {"env_steps": 7}, keep=2)
    back = checkpoint.restore(tmp_path, 0, STATE)
    assert np.array_equal(back["weights"], STATE["weights"])
    assert int(back["update"]) == 3
    assert checkpoint.meta(tmp_path, 0)["env_steps"] == 7


def test_a_full_disk_leaves_the_last_checkpoint_whole(tmp_path, monkeypatch):
    checkpoint.save(tmp_path, 0, STATE, {}, keep=2)

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match="No space left"):
        checkpoint.save(tmp_path, 1, STATE, {}, keep=2)
    assert checkpoint.cycles(tmp_path) == [0]
    assert [p.name for p in tmp_path.iterdir()] == ["000000"]
    assert int(checkpoint.restore(tmp_path, 0, STATE)["update"]) == 3


def test_what_lies_above_the_commit_is_discarded(tmp_path):
    for cycle in range(3):
        checkpoint.save(tmp_path, cycle, STATE, {}, keep=3)
    (tmp_path / "tmp-000003").mkdir()
    checkpoint.discard_above(tmp_path, 1)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["000000", "000001"]


def test_a_run_may_have_more_than_a_million_cycles(tmp_path):
    for cycle in (999_999, 1_000_000, 1_000_001):
        checkpoint.save(tmp_path, cycle, STATE, {}, keep=2)
    assert checkpoint.cycles(tmp_path) == [1_000_000, 1_000_001]


def test_the_one_before_the_newest_outlives_keep_1(tmp_path):
    for cycle in range(4):
        checkpoint.save(tmp_path, cycle, STATE, {}, keep=1)
    assert checkpoint.cycles(tmp_path) == [2, 3]


def test_another_version_is_named(tmp_path):
    checkpoint.save(tmp_path, 0, STATE, {}, keep=2)
    path = tmp_path / "000000" / "meta.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 99, "dicode": "9.9"}))
    with pytest.raises(RunError, match=r"format 99, written by dicode 9\.9"):
        checkpoint.restore(tmp_path, 0, STATE)


def test_another_network_is_refused(tmp_path):
    checkpoint.save(tmp_path, 0, STATE, {}, keep=2)
    with pytest.raises(RunError, match="does not fit"):
        checkpoint.restore(tmp_path, 0, {"weights": jnp.zeros(6)})


def test_a_missing_cycle_names_those_that_are_there(tmp_path):
    checkpoint.save(tmp_path, 4, STATE, {}, keep=2)
    with pytest.raises(RunError, match=r"there are: \[4\]"):
        checkpoint.meta(tmp_path, 5)


def spoil(path, how: str) -> None:
    """Damage a checkpoint's folder as disks and people do."""
    largest = path / "arrays.bin"
    if how == "cut":
        os.truncate(largest, largest.stat().st_size // 2)
    elif how == "flipped":
        data = bytearray(largest.read_bytes())
        data[len(data) // 2] ^= 1
        largest.write_bytes(data)
    elif how == "emptied":
        largest.write_bytes(b"")
    elif how == "lost":
        largest.unlink()
    elif how in ("another step", "another name"):
        was, now = {"another step": ('"env_steps": 7', '"env_steps": 5'), "another name": ("weights", "weighTs")}[how]
        text = (path / "meta.json").read_text()
        assert was in text
        (path / "meta.json").write_text(text.replace(was, now))
    elif how == "no meta":
        (path / "meta.json").unlink()
    else:
        (path / "meta.json").write_text(how)


SPOILS = [
    "another step",
    "another name",
    "cut",
    "flipped",
    "emptied",
    "lost",
    "no meta",
    "",
    "{",
    "[]",
    "null",
    '{"format": 1, "fi',
]


@pytest.mark.parametrize("how", SPOILS)
def test_damage_is_seen_and_the_one_before_is_taken(tmp_path, how):
    for cycle in range(2):
        checkpoint.save(tmp_path, cycle, STATE, {"env_steps": 7}, keep=2)
    assert checkpoint.newest_whole(tmp_path) == (1, [])
    spoil(tmp_path / "000001", how)
    cycle, wrong = checkpoint.newest_whole(tmp_path)
    assert cycle == 0
    assert len(wrong) == 1
    assert wrong[0].startswith("the checkpoint of cycle 1 is damaged (")
    assert len(wrong[0]) < 160


def test_a_copy_is_whole_and_passes_over_what_is_damaged(tmp_path):
    for cycle in range(2):
        checkpoint.save(tmp_path / "from", cycle, STATE, {}, keep=2)
    spoil(tmp_path / "from" / "000001", "flipped")
    assert checkpoint.copy_newest(tmp_path / "from", tmp_path / "to") == 0
    assert checkpoint.newest_whole(tmp_path / "to") == (0, [])
    spoil(tmp_path / "from" / "000000", "cut")
    with pytest.raises(RunError, match="no whole checkpoint"):
        checkpoint.copy_newest(tmp_path / "from", tmp_path / "again")


def test_a_run_that_trains_on_while_it_is_copied_is_copied_from_its_next_checkpoint(tmp_path, monkeypatch):
    checkpoint.save(tmp_path / "from", 0, STATE, {}, keep=2)
    genuine, went = shutil.copyfile, []

    def copyfile(source, target):
        if not went:
            went.append(checkpoint.save(tmp_path / "from", 1, STATE, {}, keep=2))
            shutil.rmtree(tmp_path / "from" / "000000")
        return genuine(source, target)

    monkeypatch.setattr(shutil, "copyfile", copyfile)
    assert checkpoint.copy_newest(tmp_path / "from", tmp_path / "to") == 1
