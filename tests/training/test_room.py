"""What does not fit is refused with numbers before anything compiles; what fits is let through."""

from dataclasses import replace
from types import SimpleNamespace

import jax
import pytest

from dicode import config
from dicode.errors import ConfigError
from dicode.training import room

pytestmark = pytest.mark.fast
SMOKE = ["preset=smoke", "dreamer=grammar"]


@pytest.fixture(scope="module")
def smoke():
    return config.load(SMOKE)


class Accelerator(SimpleNamespace):
    """A device with 10 GB, of which 1 GB is taken."""

    platform, device_kind, process_index = "gpu", "X100", 0

    def memory_stats(self):
        return {"bytes_limit": 10 * 10**9, "bytes_in_use": 10**9}


@pytest.fixture
def accelerator(monkeypatch):
    monkeypatch.setattr(room.distributed, "mesh_devices", lambda count: [Accelerator()])


@pytest.mark.slow
def test_every_preset_passes_on_a_machine_of_its_size(monkeypatch):
    monkeypatch.setattr(room, "memory_available", lambda: 24e9)
    for preset in ("smoke", "laptop", "gpu"):
        room.require(config.load([f"preset={preset}", "dreamer=grammar"]))


@pytest.mark.slow
def test_the_states_of_a_million_environments_are_92_gb(smoke):
    few, many = (room.need(replace(smoke, num_envs=count), 1).device for count in (16, 1_000_000))
    assert 80e9 < many["states of the environments"] < 100e9
    for part in ("states of the environments", "steps between two updates"):
        assert many[part] / few[part] == pytest.approx(1_000_000 / 16, rel=1e-3)
    assert many["network and optimiser"] == few["network and optimiser"]


@pytest.mark.slow
def test_as_many_environments_as_it_names_do_fit(smoke, monkeypatch):
    monkeypatch.setattr(room, "memory_available", lambda: 5e9)
    with pytest.raises(ConfigError, match=r"this machine has 5\.0 GB of memory free; lower num_envs") as caught:
        room.require(replace(smoke, num_envs=100_000))
    fit = int(str(caught.value).split("(about ")[1].split()[0])
    room.require(replace(smoke, num_envs=fit))
    with pytest.raises(ConfigError):
        room.require(replace(smoke, num_envs=int(1.2 * fit) // 2 * 2))


@pytest.mark.slow
def test_too_many_worlds_are_said_to_be_the_reason(smoke, monkeypatch):
    monkeypatch.setattr(room, "memory_available", lambda: 5e9)
    with pytest.raises(ConfigError, match=r"for the worlds.*lower pool_size or worlds_per_level"):
        room.require(replace(smoke, pool_size=100_000))


@pytest.mark.slow
def test_the_memory_of_an_accelerator_counts_by_itself(smoke, accelerator):
    room.require(replace(smoke, num_envs=4096))
    with pytest.raises(
        ConfigError, match=r"a X100 has 9\.0 GB of memory for it; lower num_envs=100000 \(about \d+ fit\)"
    ):
        room.require(replace(smoke, num_envs=100_000))


@pytest.mark.slow
def test_playing_needs_less_than_learning(smoke):
    parts = room.need(smoke, 1, training=False).device
    assert "gradient of one minibatch" not in parts
    assert sum(parts.values()) < sum(room.need(smoke, 1).device.values())


def test_environments_that_do_not_divide_among_devices_are_refused(smoke, monkeypatch):
    monkeypatch.setattr(room.distributed, "mesh_devices", lambda count: [Accelerator()] * 3)
    with pytest.raises(ConfigError, match="do not divide among 3 devices"):
        room.require_devices(smoke)


def test_too_few_blocks_for_the_devices_are_refused(smoke, monkeypatch):
    monkeypatch.setattr(room.distributed, "mesh_devices", lambda count: [Accelerator()] * 2)
    room.require_devices(smoke)
    with pytest.raises(
        ConfigError, match=r"1 blocks of .*learner.strata=1 .*2 devices; .* and learner.strata one of 2"
    ):
        room.require_devices(replace(smoke, learner=replace(smoke.learner, strata=1)))


def test_evaluation_takes_the_devices_there_are(smoke):
    assert room.on_this_machine(replace(smoke, devices=64)).devices == jax.local_device_count()
    assert room.on_this_machine(replace(smoke, devices=0)).devices == 0


def test_a_container_s_limit_counts_where_it_is_less(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "_CGROUP_ROOT", tmp_path)
    free = room.memory_available()
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("300\n")
    (tmp_path / "memory.stat").write_text("anon 100\ninactive_file 50\n")
    assert room.memory_available() == pytest.approx(free, rel=0.2)
    (tmp_path / "memory.max").write_text("1000\n")
    assert room.memory_available() == 750
