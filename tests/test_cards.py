"""How many environments `preset=gpu` takes, by the memory of the card."""

import os
import stat

import pytest

from dicode import cards
from dicode.commands.launch import with_preset

pytestmark = pytest.mark.fast


def _driver(folder, monkeypatch, *memories_mib):
    program = folder / "nvidia-smi"
    program.write_text("#!/bin/sh\nprintf '" + "\\n".join(str(m) for m in memories_mib) + "\\n'\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")


@pytest.mark.parametrize(
    ("gigabytes", "environments"), [(80, 2048), (8, 2048), (6, 2048), (4, 1024), (2.5, 512), (1, 256)]
)
def test_the_environments_of_the_gpu_preset_fit_the_card(gigabytes, environments):
    assert cards.environments(gigabytes * 1e9) == environments


def test_the_smallest_card_decides_and_what_is_asked_for_wins(tmp_path, monkeypatch):
    _driver(tmp_path, monkeypatch, 81559, 4096)
    assert cards.card_memory() == 4096 * 2**20
    assert with_preset(["preset=gpu", "seed=3"]) == ["preset=gpu", "num_envs=1024", "seed=3"]
    assert with_preset(["preset=gpu", "num_envs=64"]) == ["preset=gpu", "num_envs=64"]
    assert with_preset(["seed=3", "preset=laptop"]) == ["preset=laptop", "seed=3"]


def test_without_a_driver_the_preset_stays_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert cards.card_memory() is None
    assert with_preset(["preset=gpu"]) == ["preset=gpu", f"num_envs={cards.CHOICES[0]}"]
