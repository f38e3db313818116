"""Several processes train one run: what they are told, how they end together, and that nothing else changes."""

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from multiprocessing import Pipe
from pathlib import Path
from types import SimpleNamespace

import pytest

from dicode import config
from dicode.curriculum.archive import Archive
from dicode.errors import ConfigError, RunError
from dicode.runs import directory, joining
from dicode.runs.processes import DONE, FAILED, INTERRUPTED, Follower, Leader, follow

DEADLINE_S = 600
ADDRESS = "distributed.coordinator=127.0.0.1:4321"
FLAGS = "--xla_backend_optimization_level=0"
"""The programs here run for a second and are compiled anew in every process but the first."""


@pytest.fixture
def settings():
    return config.load(["preset=smoke"])


def pair(leave=lambda code: None, grace_s: float = 0.2) -> tuple[Leader, Follower]:
    ours, theirs = Pipe()
    return Leader([ours], leave, grace_s), Follower(1, theirs, leave, grace_s)


def agreed(settings, **more) -> tuple[Leader, Follower]:
    """A pair that has agreed. The follower answers from a thread, as both wait for each other."""
    import threading

    leader, follower = pair(**more)
    answer = threading.Thread(target=follower.agree, args=(None,))
    answer.start()
    leader.agree(settings)
    answer.join()
    return leader, follower


@pytest.mark.fast
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([ADDRESS], "missing: distributed.processes, distributed.process"),
        ([ADDRESS, "distributed.processes=2"], "missing: distributed.process"),
        ([ADDRESS, "distributed.processes=2", "distributed.process=2"], "numbered 0 to 1"),
        (["distributed.coordinator=here", "distributed.processes=2", "distributed.process=0"], "is not host:port"),
        (["distributed.proceses=2"], "did you mean 'distributed.processes'"),
        (["distributed.processes=-1"], "allowed range is 0 to"),
    ],
)
def test_half_an_address_is_one_sentence(words, expected):
    with pytest.raises(ConfigError, match=expected):
        joining.asked(words)


@pytest.mark.fast
def test_a_whole_address_is_taken_and_nothing_given_is_one_process():
    asked = joining.asked(["preset=smoke", ADDRESS, "distributed.processes=2", "distributed.process=1"])
    assert (asked.coordinator, asked.processes, asked.process) == ("127.0.0.1:4321", 2, 1)
    assert joining.asked(["preset=smoke"]) == config.DistributedConfig()


@pytest.mark.fast
def test_a_runs_directory_keeps_no_address(settings, tmp_path):
    here = config.DistributedConfig("127.0.0.1:4321", 2, 0)
    run = directory.create(replace(settings, runs_dir=str(tmp_path), run="r", distributed=here))
    assert run.config().distributed == config.DistributedConfig()


@pytest.mark.fast
def test_another_setting_in_a_follower_is_named_on_both_sides(settings):
    import threading

    leader, follower = pair()
    said: list[str] = []

    def answer() -> None:
        with pytest.raises(ConfigError) as error:
            follower.agree(replace(settings, seed=3))
        said.append(str(error.value))

    thread = threading.Thread(target=answer)
    thread.start()
    with pytest.raises(ConfigError, match=r"process 1 .* seed is 3 and not 0"):
        leader.agree(settings)
    thread.join()
    assert "seed is 3 and not 0" in said[0]


@pytest.mark.fast
def test_a_follower_does_what_is_announced_until_the_run_is_done(settings):
    class Recorder:
        def __init__(self):
            self.calls = []

        def compile(self, batch):
            self.calls.append(("compile", batch))

        def new_learner(self):
            return SimpleNamespace(params=replace(settings.learner, epochs=7))

        def probe(self, params, *arguments):
            self.calls.append(("probe", params.epochs, *arguments))

    leader, follower = agreed(settings)
    with leader:
        leader.announce("compile", {"pool": 3})
        leader.announce("new_learner")
        leader.announce("probe", {"pool": 4}, 2, 5, 0)
    recorder = Recorder()
    follow(recorder, follower)
    assert recorder.calls == [("compile", {"pool": 3}), ("probe", 7, {"pool": 4}, 2, 5, 0)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("error", "raised", "code"),
    [(RunError("disk full"), RunError, FAILED), (KeyboardInterrupt(), KeyboardInterrupt, 130)],
)
def test_a_leader_that_ends_early_ends_a_busy_follower(settings, error, raised, code):
    left: list[int] = []
    leader, follower = agreed(settings, leave=left.append)
    with pytest.raises(raised), leader:
        raise error
    time.sleep(0.5)
    assert left == [code, code], "neither has come to an end by itself, so both were ended"
    with pytest.raises(raised):
        list(follower.orders())
    assert INTERRUPTED == 130
    assert DONE == 0


@pytest.mark.slow
def test_a_leader_that_is_gone_ends_the_follower_at_once(settings):
    left: list[int] = []
    leader, follower = agreed(settings, leave=left.append)
    with leader:  # one direction only: this leader is not to see the follower go, it would interrupt the test
        socket.socket(fileno=os.dup(leader._followers[0].fileno())).shutdown(socket.SHUT_WR)
        time.sleep(0.3)
    del follower
    assert left == [FAILED]


@pytest.mark.fast
@pytest.mark.parametrize("disposition", [signal.default_int_handler, signal.SIG_IGN])
def test_a_follower_that_fails_ends_the_leader_by_name(settings, disposition):
    leader, follower = agreed(settings)
    before = signal.signal(signal.SIGINT, disposition)
    try:
        with pytest.raises(RunError, match="process 1 has failed: out of memory"), leader:  # noqa: PT012 - raised at its end
            with pytest.raises(ValueError, match="out of memory"), follower:
                raise ValueError("out of memory")
            time.sleep(10)
        assert signal.getsignal(signal.SIGINT) == disposition
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.fast
def test_a_sweep_takes_one_process_a_run(monkeypatch):
    from dicode.commands import sweep

    with pytest.raises(ConfigError, match="one process"):
        sweep.multirun([ADDRESS, "seed=0,1"])
    monkeypatch.setenv("SLURM_STEP_NUM_TASKS", "4")
    with pytest.raises(ConfigError, match="one process"):
        sweep.multirun(["seed=0,1"])


def start(folder: Path, devices: int, *words: str) -> subprocess.Popen[str]:
    """`dicode` in its own working folder, with its own group of processes."""
    folder.mkdir(exist_ok=True)
    flags = f"--xla_force_host_platform_device_count={devices} {FLAGS}"
    return subprocess.Popen(
        [sys.executable, "-m", "dicode", *words],
        cwd=folder,
        env=os.environ | {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def together(folder: Path, *words: str) -> list[subprocess.Popen[str]]:
    """Two processes with one device each, in folders of their own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"distributed.coordinator=127.0.0.1:{probe.getsockname()[1]}"
    shared = (*words, address, "distributed.processes=2")
    return [start(folder / str(n), 1, *shared, f"distributed.process={n}") for n in range(2)]


def finish(process: subprocess.Popen[str]) -> None:
    output, _ = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0, output


def committed(run: Path) -> int:
    try:
        with Archive(run / "archive.sqlite", read_only=True) as archive:
            return archive.committed_cycle()
    except Exception:  # noqa: BLE001 - it is not there yet, or being created
        return -1


def digest(run: Path) -> str:
    with Archive(run / "archive.sqlite", read_only=True) as archive:
        return archive.digest()


def probed(run: Path) -> dict[str, tuple[object, ...]]:
    """What was measured of each dream, and what it was turned down for."""
    with Archive(run / "archive.sqlite", read_only=True) as archive:
        levels = [level for level in archive.snapshot().levels.values() if level.probe]
    code = {level.id: getattr(level.verdict, "code", "") for level in levels}
    return {r.id: (r.probe.episodes, r.probe.successes, dict(r.probe.endings), code[r.id]) for r in levels}


@pytest.fixture(scope="module")
def words(tiny_run, tmp_path_factory) -> list[str]:
    given = tiny_run(tmp_path_factory.mktemp("words"), "r")
    return [word for word in given if not word.startswith("runs_dir=")] + ["logging.report_every=0"]


def in_their_second_cycle(folder: Path, words: list[str]) -> list[subprocess.Popen[str]]:
    """Leader and follower of a run whose first cycle is committed."""
    processes = together(folder, "train", *words)
    deadline = time.monotonic() + DEADLINE_S
    while committed(folder / "0" / "runs" / "r") < 0:
        assert all(process.poll() is None for process in processes), [process.communicate() for process in processes]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return processes


@pytest.fixture(scope="module")
def alone(words, tmp_path_factory) -> Path:
    """The run of one process with two devices."""
    folder = tmp_path_factory.mktemp("alone")
    finish(start(folder, 2, "train", *words))
    return folder / "runs" / "r"


def test_two_processes_leave_what_two_devices_leave_and_only_one_writes(words, alone, tmp_path):
    for process in together(tmp_path, "train", *words):
        finish(process)
    run = tmp_path / "0" / "runs" / "r"
    assert committed(run) == 2
    assert digest(run) == digest(alone)
    assert {p.name for p in (run / "report").glob("*.gif")} == {"target.gif", "newest.gif"}
    assert list((tmp_path / "1").iterdir()) == [], "only process 0 writes"


@pytest.mark.long
def test_two_processes_measure_dreams_as_two_devices_do(words, tmp_path):
    # In XLand-MiniGrid, whose step compiles in a fraction of Craftax's time.
    changed = {"game": "xland", "evaluation.every_steps": "0", "total_steps": "3072"}
    changed |= {"dreamer.every": "1", "dreamer.lag": "1", "dreamer.probe": "4"}
    kept = [word for word in words if word.partition("=")[0] not in (*changed, "levels")]
    measured = [*kept, *(f"{name}={value}" for name, value in changed.items())]
    finish(start(tmp_path / "one", 2, "train", *measured))
    for process in together(tmp_path, "train", *measured):
        finish(process)
    one, two = (probed(tmp_path / folder / "runs" / "r") for folder in ("one", "0"))
    assert len(two) >= 4
    assert {code for *_, code in two.values()} >= {"", "too_hard"}
    assert two == one  # not their digests: in this game the learner's sums differ in their last bits


@pytest.mark.long
def test_two_processes_whose_leader_is_killed_go_on_as_if_nothing_had_happened(words, alone, tmp_path):
    run = tmp_path / "0" / "runs" / "r"
    leader, follower = in_their_second_cycle(tmp_path, words)
    os.killpg(leader.pid, signal.SIGKILL)
    leader.wait()
    output, _ = follower.communicate(timeout=60)
    assert follower.returncode != 0
    assert "process 0" in output
    assert committed(run) < 2
    for process in together(tmp_path, "resume", "runs/r"):
        finish(process)
    assert committed(run) == 2
    assert digest(run) == digest(alone)


@pytest.mark.long
def test_a_follower_that_is_killed_ends_the_leader(words, tmp_path):
    leader, follower = in_their_second_cycle(tmp_path, words)
    os.killpg(follower.pid, signal.SIGKILL)
    output, _ = leader.communicate(timeout=60)
    assert leader.returncode == FAILED
    assert "process 1 is gone" in output


@pytest.mark.long
def test_an_interrupted_leader_ends_the_follower_as_interrupted(words, tmp_path):
    leader, follower = in_their_second_cycle(tmp_path, words)
    leader.send_signal(signal.SIGINT)
    for process in (leader, follower):
        output, _ = process.communicate(timeout=90)
        assert process.returncode == INTERRUPTED, output
