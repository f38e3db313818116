"""Killed at 50 random moments, a run with everything in it goes on to the run that it would have been. Long.

The run begins with another one's parameters, a model behind a scripted server dreams, some dreams bring hooks, and every
cycle is evaluated. After each kill what is committed is compared with the undisturbed run at the same cycle, archive and
parameters; then the run goes on, and what it comes to in the end is compared as well. A run that is finished before
the kills are used up is followed by another one. `DICODE_KILLS` changes their number, `DICODE_KILL_SEED` the moments.
"""

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from scripted import Scripted, Step, said

from dicode.curriculum.archive import Archive

pytestmark = pytest.mark.long
KILLS = int(os.environ.get("DICODE_KILLS", "50"))
SEED = int(os.environ.get("DICODE_KILL_SEED", "0"))
CYCLES = 8
LIFE_S = 3600
GOALS = {
    "EAT_COW": "world.spawn(Mob.COW, count={n}, distance=(2, 5))",
    "COLLECT_DRINK": "world.player.drink = {n}\n    world.scatter(Block.WATER, 4)",
    "COLLECT_WOOD": "world.scatter(Block.TREE, {n} + 3)",
    "PLACE_TABLE": "world.player.inventory.wood = 2 + {n}\n    world.scatter(Block.TREE, 4)",
}
LEVEL = '''```python
"""Objective: {goal} ({n}).
Why: it is close by.
"""
{imports}from dicode.levels import Achievement, Block, Goal, Mob, Rules, World

GOAL = Goal.all_of(Achievement.{goal})
RULES = Rules(melee_spawn={spawn})


def build(world: World) -> None:
    {build}
{more}```'''
BONUS = '''

def bonus(before, action, after):
    """A little for every step to the east."""
    return jnp.where(after.player_position[1] > before.player_position[1], 0.05, 0.0)
'''
ZYGOTE = """
import json, os, sys
import dicode.commands.launch, dicode.runs.loop, dicode.commands.show, dicode.training.room, dicode.cli
for line in sys.stdin:
    if (child := os.fork()) == 0:
        os.setsid()
        os.dup2(2, 1)
        code = 1
        try:
            code = dicode.cli.main(json.loads(line))
        finally:
            os._exit(code)
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""


def answer(body: dict, number: int) -> Step:
    """A level that follows from the question alone, so that a question asked twice has one answer."""
    asked = hashlib.sha256(json.dumps(body["messages"]).encode()).digest()
    goal, n = list(GOALS)[asked[0] % len(GOALS)], 1 + asked[1] % 4
    hooked = asked[2] % 3 == 0
    words = {"goal": goal, "n": n, "spawn": 0.1 * (1 + asked[3] % 5), "build": GOALS[goal].format(n=n)}
    return said(
        LEVEL.format(**words, imports="import jax.numpy as jnp\n\n" if hooked else "", more=BONUS if hooked else "")
    )


class Lives:
    """Lives of the command, forked from a process that has imported everything and computed nothing."""

    def __init__(self, log: Path) -> None:
        self._log = open(log, "a")  # noqa: SIM115 - closed with the lives
        environment = os.environ | {"FM_TEST_KEY": "none"}
        self._zygote = subprocess.Popen(
            [sys.executable, "-c", ZYGOTE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env=environment,
        )

    def begin(self, *words: str) -> int:
        """Start one; the one before has ended."""
        self._zygote.stdin.write(json.dumps(words) + "\n")
        self._zygote.stdin.flush()
        child = int(self._zygote.stdout.readline())
        while alive(child) and os.getpgid(child) != child:
            time.sleep(0.001)
        return child

    def end(self) -> int:
        """Its status, waited for."""
        return int(self._zygote.stdout.readline())

    def close(self) -> None:
        self._zygote.stdin.close()
        self._zygote.wait()
        self._log.close()


def size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


MOMENTS = {
    "start": lambda run: True,
    "journal": lambda run: size(run / "journal" / "calls.jsonl"),
    "checkpoint": lambda run: sorted(p.name for p in (run / "checkpoints").glob("tmp-*")),
    "metrics": lambda run: size(run / "metrics.jsonl"),
    "archive": lambda run: (run / "archive.sqlite").stat().st_mtime_ns if (run / "archive.sqlite").exists() else 0,
    "evaluation": lambda run: sorted(p.name for p in (run / "evaluation").glob("*")),
}
"""What a kill waits for: a change of one of these."""


def kill(lives: Lives, child: int, run: Path, rng: random.Random, cycle_s: float) -> str | None:
    """kill -9 at a random moment; what it was, None if the life ended before."""
    name = rng.choice(list(MOMENTS))
    before = MOMENTS[name](run) if name != "start" else None
    delay = rng.random() * (2 * cycle_s if name == "start" else rng.choice([0.0, 0.05, cycle_s]))
    deadline = time.monotonic() + LIFE_S
    while MOMENTS[name](run) == before:
        if not alive(child):
            return None
        assert time.monotonic() < deadline
        time.sleep(0.002)
    time.sleep(delay)
    if not alive(child):
        return None
    os.killpg(child, signal.SIGKILL)
    return f"{name} + {delay:.2f} s"


def alive(child: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False


def rows(run: Path, cycle: int | None, folder: Path) -> tuple[int, str, dict[str, str]]:
    """(last cycle, digest, verdict by level) of a run's archive, taken back to `cycle`, of a copy that a writer may mend."""
    copy = folder / "copy.sqlite"
    for suffix in ("", "-journal"):
        source = run / f"archive.sqlite{suffix}"
        Path(f"{copy}{suffix}").unlink(missing_ok=True)
        if source.exists():
            shutil.copy(source, f"{copy}{suffix}")
    with Archive(copy, existing=True) as archive:
        if cycle is not None:
            archive.rewind(cycle)
        levels = archive.snapshot().levels
        verdicts = {name: f"{r.born}: {getattr(r.verdict, 'reason', 'accepted')}" for name, r in levels.items()}
        return archive.committed_cycle(), archive.digest(), verdicts


def parameters(run: Path, cycle: int) -> str:
    folder = run / "checkpoints" / f"{cycle:06d}"
    return hashlib.sha256((folder / "arrays.bin").read_bytes()).hexdigest()


def compare(run: Path, whole: Path, folder: Path) -> int:
    """The last committed cycle, in which both runs are equal."""
    cycle, found, verdicts = rows(run, None, folder)
    _, wanted, others = rows(whole, cycle, folder)
    assert found == wanted, f"the archive differs after cycle {cycle}: {sorted(verdicts.items() ^ others.items())}"
    if cycle >= 0:
        assert parameters(run, cycle) == parameters(whole, cycle), f"the parameters differ after cycle {cycle}"
    return cycle


def say(capsys, text: str) -> None:
    with capsys.disabled():
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


@pytest.fixture(scope="module")
def world(tmp_path_factory, finished_run, tiny_run):
    """(lives, words of a run by name, folder): the server answers as long as the fixture lives."""
    folder, server = tmp_path_factory.mktemp("often"), Scripted()
    server.script = answer
    lives = Lives(folder / "log.txt")
    changed = ("dreamer=", "total_steps=", "dreamer.round=")

    def words(name: str) -> list[str]:
        kept = [word for word in tiny_run(folder, name) if not word.startswith(changed)]
        model = ["fm=vllm", f"fm.base_url={server.url}", "fm.key_env=FM_TEST_KEY", "dreamer=foundation"]
        dreams = ["dreamer.stages=1", "dreamer.hooks=true", "dreamer.round=2", "dreamer.repairs=1"]
        rest = ["keep_checkpoints=1000", "logging.video=false", "logging.report_every=0"]
        return [*kept, *model, *dreams, *rest, f"total_steps={512 * CYCLES}", f"from={finished_run.path}"]

    yield lives, words, folder
    lives.close()
    server.close()


def test_a_run_that_is_killed_at_random_moments_becomes_the_undisturbed_one(world, capsys):
    lives, words, folder = world
    rng, began = random.Random(SEED), time.monotonic()
    lives.begin("train", *words("whole"), "--quiet")
    assert lives.end() == 0, (folder / "log.txt").read_text()[-3000:]
    cycle_s, killed, runs = (time.monotonic() - began) / CYCLES, 0, 0
    while killed < KILLS:
        run, runs = folder / f"killed{runs}", runs + 1
        while killed < KILLS:
            begin = ["resume", str(run)] if run.exists() else ["train", *words(run.name), "--quiet"]
            moment = kill(lives, lives.begin(*begin), run, rng, cycle_s)
            status = lives.end()
            if moment is None:
                assert status == 0, (folder / "log.txt").read_text()[-3000:]
                break
            killed += 1
            cycle = compare(run, folder / "whole", folder) if run.exists() else None
            say(capsys, f"kill {killed}: {moment}, equal after cycle {cycle}")
        if run.exists():
            lives.begin("resume", str(run))
            assert lives.end() == 0, (folder / "log.txt").read_text()[-3000:]
            assert compare(run, folder / "whole", folder) == CYCLES - 1
    with Archive(folder / "whole" / "archive.sqlite", read_only=True) as archive:
        records = archive.snapshot().levels.values()
    assert any(getattr(r.verdict, "hooks", ()) for r in records), "no dream brought a hook"
    say(capsys, f"{killed} of {KILLS} kills, {runs} runs of {CYCLES} cycles, all equal to the undisturbed one")
