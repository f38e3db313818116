"""Workers outlive threads, serve several at once, and die with the trainer."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from dicode.games.craftax.host import HOST
from dicode.games.craftax.levels.blank import blank_worlds
from dicode.sandbox import Sandbox, warm, workers
from dicode.types import Origin, Rejected

LEVEL = """
from dicode.levels import Achievement, Goal
GOAL = Goal.all_of(Achievement.COLLECT_WOOD)
def build(world):
    world.player.inventory.stone = int(world.rng.integers(9))
"""


def test_a_worker_started_by_a_thread_outlives_it(worlds):
    with Sandbox(HOST) as sandbox:
        thread = threading.Thread(target=sandbox.mechanisms)
        thread.start()
        thread.join()
        assert not isinstance(sandbox.build(LEVEL, worlds, 1, Origin.GRAMMAR), Rejected)
        assert sandbox._builder.starts == 1


def test_threads_share_a_sandbox(sandbox, worlds):
    with ThreadPoolExecutor(4) as threads:
        found = list(
            threads.map(lambda seed: sandbox.build(LEVEL, worlds, seed % 3, Origin.GRAMMAR).pool_hash, range(9))
        )
    assert found[:3] == found[3:6] == found[6:]
    assert len(set(found)) == 3


def test_closing_ends_every_process(worlds):
    sandbox = Sandbox(HOST)
    sandbox.build(LEVEL, worlds, 1, Origin.GRAMMAR)
    pids = [worker._process.pid for worker in (sandbox._builder, sandbox._verifier)]
    sandbox.close()
    assert not [pid for pid in pids if alive(pid)]


@pytest.mark.fast
@pytest.mark.parametrize("role", [workers.BUILDER, workers.VERIFIER])
def test_a_worker_imports_no_more_than_levels_need(role):
    """A run's first dream and every `dicode level check` wait for it."""
    code = (
        f"import sys; sys.path += {workers._search_path(role, 'craftax')!r}; import importlib, dicode.sandbox.zygote as z; "
        f"importlib.import_module({role.module!r}).prepare(z.games.load_host('craftax')); print(*sys.modules)"
    )
    words = [sys.executable, "-S", "-s", "-P", "-c", code]
    loaded = subprocess.run(words, env=workers.environment(), capture_output=True, text=True, check=True).stdout.split()
    assert role.module in loaded
    assert not {"logging", "importlib.metadata", "importlib.resources", "subprocess", "dicode.settings"} & {*loaded}


@pytest.mark.fast
def test_a_worker_keeps_the_bytecode_of_what_it_imports(monkeypatch):
    """What nobody but workers imports would otherwise be compiled anew at every start; unless the person's Python keeps none."""
    kept = Path(cache_from_source(warm.__file__))
    for writes_none in (True, False):
        monkeypatch.setattr(sys, "dont_write_bytecode", writes_none)
        kept.unlink(missing_ok=True)
        worker = workers.Worker(workers.VERIFIER, "craftax")
        worker.start()
        worker.stop()
        assert kept.exists() is not writes_none


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in ("Z", "X")
    except OSError:
        return False


TRAINER = """
import sys, time
sys.path[:0] = {path!r}
from dicode.games import load_host
from dicode.sandbox import Sandbox
sandbox = Sandbox(load_host("craftax"))
sandbox.mechanisms()
print(sandbox._builder._process.pid, flush=True)
time.sleep(60)
"""


def test_workers_die_with_a_trainer_that_is_killed():
    code = TRAINER.format(path=[path for path in sys.path if path])
    trainer = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    worker = int(trainer.stdout.readline())
    assert alive(worker)
    os.kill(trainer.pid, signal.SIGKILL)
    trainer.wait()
    trainer.stdout.close()
    deadline = time.monotonic() + 20
    while alive(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(worker)


def test_a_worker_that_hangs_before_its_answer_is_no_verdict_for_the_next(sandbox):
    """A level that floods its line and one that is fine, alternating, on one worker."""
    flood = LEVEL + (
        "    os = getattr(getattr(Goal, '__in' + 'it__'), '__glo' + 'bals__')['__built' + 'ins__']['__imp' + 'ort__']('os')\n"
        "    [os.write(fd, bytes(10**6)) for fd in range(3, 20)]\n"
    )
    worlds = blank_worlds(1)
    for _ in range(3):
        assert isinstance(sandbox.build(flood, worlds, 1, Origin.GRAMMAR), Rejected)
        assert not isinstance(sandbox.build(LEVEL, worlds, 1, Origin.GRAMMAR), Rejected)
