"""Hooks act on the environments of their own level, however many devices these are spread over."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

PROGRAM = str(Path(__file__).with_name("bounties.py"))


@pytest.fixture(scope="module")
def played() -> dict[str, dict[str, list]]:
    environment = os.environ | {"XLA_FLAGS": "--xla_force_host_platform_device_count=8", "JAX_PLATFORMS": "cpu"}
    found = subprocess.run([sys.executable, PROGRAM], env=environment, capture_output=True, text=True, timeout=900)
    assert found.returncode == 0, found.stderr[-3000:]
    return json.loads(found.stdout.splitlines()[-1])


@pytest.mark.parametrize("devices", ["1", "2", "8", "last"])
def test_a_bounty_is_paid_to_exactly_the_environments_of_its_level(devices, played):
    bounty = {"one": 1.0, "seven": 7.0}
    paid, level = played[devices]["paid"], played[devices]["level"]
    assert paid == [bounty.get(name, 0.0) for name in level]
    counts = Counter(level)
    assert counts["one"] == counts["seven"] >= 8
    assert sum(counts.values()) == 48


def test_the_same_environments_play_each_level_on_any_number_of_devices(played):
    assert Counter(played["1"]["level"]).keys() == Counter(played["8"]["level"]).keys()
    assert Counter(played["2"]["level"])["one"] % 2 == 0
    for part in range(8):  # every device has its share at the front
        own = played["8"]["level"][6 * part : 6 * part + 6]
        assert own[: own.count("one")] == ["one"] * own.count("one")
        assert own.count("one") == own.count("seven") > 0
