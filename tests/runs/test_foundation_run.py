"""A whole run with a model behind a real server, mechanics as code, faults and a late answer; and its replay without one."""

import asyncio
import getpass
import hashlib
import json
import os
import re
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from scripted import Scripted, Step, problem, said

from dicode.curriculum.archive import Archive, export
from dicode.curriculum.snapshot import Snapshot
from dicode.types import Accepted, Code, LevelRecord, Origin, Rejected

KEY = "Zx9-no-usual-shape-0123456789"
LEVEL = '''```python
"""Objective: {objective}.
Why: it is close by.
"""
{imports}from dicode.levels import Achievement, Block, Goal, Mob, Rules, World

GOAL = Goal.all_of({goal})
RULES = Rules(melee_spawn={spawn})


def build(world: World) -> None:
    {build}
{more}```'''
BONUS = '''

def bonus(before, action, after):
    """A little for every step to the east."""
    east = (after.player_position[1] > before.player_position[1]) & (after.player_level == before.player_level)
    return jnp.where(east, 0.05, 0.0)
'''
LATE = 5
"""The number of the request that is answered after its dream's deadline."""


def level(goal: str, build: str, spawn: float = 0.2, imports: str = "", more: str = "", note: str = "") -> Step:
    words = {"objective": f"{goal}{note}", "goal": goal, "build": build, "spawn": spawn}
    return said(LEVEL.format(**words, imports=imports, more=more))


def vector(text: str) -> Step:
    """An embedding that follows from the text."""
    numbers = [byte / 255 for byte in hashlib.sha256(text.encode()).digest()]
    answer = {"model": "vectors", "data": [{"embedding": numbers}], "usage": {"prompt_tokens": 50}}
    return Step(body=json.dumps(answer).encode())


COW = "world.spawn(Mob.COW, count=3, distance=(2, 5))"
ANSWERS = [
    # After cycle 0: a mechanic of its own; a level that tells where NumPy lies, and its repair, which knows the key.
    level("Achievement.EAT_COW", COW, imports="import jax.numpy as jnp\n\n", more=BONUS),
    level("Achievement.COLLECT_STONE", "raise ValueError(str(np))", imports="import numpy as np\n\n"),
    level("Achievement.COLLECT_STONE", "world.player.inventory.set(pickaxe=2)\n    world.scatter(Block.STONE, 4)", note=f", {KEY}"),
    # After cycle 1: a server that asks to wait and tells the key; a dream that comes too late.
    problem(429, f"slow down, {KEY}, see /srv/models/big.bin", headers={"Retry-After": "0.05"}),
    level("Achievement.COLLECT_DRINK", "world.player.drink = 3\n    world.scatter(Block.WATER, 4)", 0.3),
    Step(delay_s=6.0, body=level("Achievement.WAKE_UP", "world.player.energy = 1").body),
    # After cycle 2: a refusal and its repair; a key that is rejected.
    said(None, refusal="I would rather not."),
    level("Achievement.COLLECT_WOOD, Achievement.PLACE_TABLE", "world.scatter(Block.TREE, 8)", 0.0),
    problem(401, f"bad key {KEY}"),
]  # fmt: skip


@dataclass
class FoundationRun:
    path: Path
    asked: int
    """Questions that the server got."""
    embedded: int = 0
    """Texts of which it was asked the vector."""

    @property
    def rows(self) -> list[dict]:
        return [json.loads(line) for line in (self.path / "metrics.jsonl").read_text().splitlines()]

    @property
    def snapshot(self) -> Snapshot:
        with Archive(self.path / "archive.sqlite", read_only=True) as archive:
            return archive.snapshot()

    @property
    def dreamed(self) -> list[LevelRecord]:
        return [r for r in self.snapshot.levels.values() if r.origin is Origin.FOUNDATION]

    @property
    def hooked(self) -> LevelRecord:
        return next(r for r in self.dreamed if isinstance(r.verdict, Accepted) and r.verdict.hooks)


def words(folder: Path, tiny_run, url: str) -> list[str]:
    """Four cycles of the shapes of the other tests' run, the model's dreams one after the other."""
    kept = [word for word in tiny_run(folder, "model") if not word.startswith(("dreamer=", "total_steps="))]
    return [
        *kept,
        "total_steps=2048",
        "dreamer=foundation",
        "dreamer.stages=1",
        "dreamer.repairs=1",
        "dreamer.hooks=true",
        "fm=vllm",
        f"fm.base_url={url}",
        "fm.key_env=FM_TEST_KEY",
        "fm.concurrency=1",
        "fm.retries=2",
        "fm.embedding_model=vectors",
        "evaluation.every_steps=0",
        "logging.video=false",
        "logging.report_every=0",
    ]


@pytest.fixture(scope="module")
def model_run(tmp_path_factory, tiny_run):
    from dicode import config
    from dicode.commands import launch
    from dicode.dreaming.round import LiveRound

    folder, server = tmp_path_factory.mktemp("model"), Scripted()
    genuine = LiveRound.until_deadline

    def tested(body: dict) -> bool:
        return "the single word" in str(body.get("messages"))

    def asked() -> int:
        return sum("messages" in body and not tested(body) for body in server.requests)

    def script(body: dict, number: int) -> Step:
        if tested(body):
            return said("ready")
        return vector(body["input"]) if "input" in body else ANSWERS[asked() - 1]

    server.script = script

    def deadline(round_: LiveRound):
        if asked() != LATE:
            return genuine(round_)
        return asyncio.timeout_at(asyncio.get_running_loop().time() + 2.0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FM_TEST_KEY", KEY)
        patch.setattr(LiveRound, "until_deadline", deadline)
        assert launch.train(config.load(words(folder, tiny_run, server.url)), quiet=True) == 0
    server.close()
    assert tested(server.requests[0])
    assert sum(map(tested, server.requests)) == 1
    return FoundationRun(folder / "model", asked(), sum("input" in body for body in server.requests))


@pytest.fixture(scope="module")
def replayed(model_run):
    """The exit status of `dicode replay`, without server, key or sockets, and the run that it made."""
    from dicode.cli import main

    assert "FM_TEST_KEY" not in os.environ
    return main(["replay", str(model_run.path), "run=again"]), FoundationRun(model_run.path.with_name("again"), 0)


def test_the_run_met_every_answer_and_ended(model_run):
    assert model_run.asked == len(ANSWERS)
    assert [row["cycle"] for row in model_run.rows] == [0, 1, 2, 3]
    accepted = [r for r in model_run.dreamed if isinstance(r.verdict, Accepted)]
    assert len(accepted) == 4
    assert sum(bool(r.repairs) for r in accepted) == 2


def test_the_examples_were_chosen_by_vectors_each_level_s_asked_for_once(model_run):
    shown = {r.id for brief in model_run.snapshot.briefs for r in brief.examples}
    parents = {brief.parent.level.id for brief in model_run.snapshot.briefs}
    assert shown
    assert len(shown | parents) <= model_run.embedded <= 7


def test_a_late_dream_is_lost_and_so_is_one_without_a_key(model_run):
    reasons = [o.verdict.reason for o in model_run.snapshot.outcomes if o.level is None]
    assert len(reasons) == 2
    assert "no level within" in reasons[0]
    assert "rejects the key in FM_TEST_KEY" in reasons[1]


def test_a_replay_without_sockets_ends_in_the_same_archive(model_run, replayed):
    status, again = replayed
    assert status == 0
    archives = [Archive(run.path / "archive.sqlite", read_only=True) for run in (model_run, again)]
    assert archives[0].digest() == archives[1].digest()


def test_a_replay_loses_the_same_dreams_for_the_same_reasons(model_run, replayed):
    assert replayed[1].snapshot.outcomes == model_run.snapshot.outcomes


@pytest.mark.parametrize("name", ["calls.jsonl", "prices.json"])
def test_a_replay_has_the_journal_and_adds_nothing_to_it(model_run, replayed, name):
    kept = [run.path / "journal" / name for run in (model_run, replayed[1])]
    assert kept[0].read_bytes() == kept[1].read_bytes()


def test_a_level_with_a_mechanic_of_its_own_is_trained(model_run):
    trials = model_run.snapshot.trials[model_run.hooked.id]
    assert [t.cycle for t in trials] == [1, 2, 3]
    assert all(t.episodes > 0 for t in trials)


def test_its_hooks_are_compiled_in_once_and_stay_for_the_next_cycles(model_run):
    trials = model_run.snapshot.trials[model_run.hooked.id]
    assert [row["hooks"]["levels"] for row in model_run.rows] == [[], *[[model_run.hooked.id]] * 3]
    assert trials[0].compile_s > 0.5
    assert [t.compile_s for t in trials[1:]] == [0.0, 0.0]
    plain = [t for level, found in model_run.snapshot.trials.items() if level != model_run.hooked.id for t in found]
    assert not any(t.compile_s for t in plain)


def test_the_seconds_are_told_beside_the_level(model_run, capsys, monkeypatch):
    from dicode.cli import main

    monkeypatch.setenv("COLUMNS", "200")
    seconds = model_run.snapshot.trials[model_run.hooked.id][0].compile_s
    assert main(["levels", str(model_run.path)]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if model_run.hooked.id in line.split()[:1])
    assert f"bonus ({seconds:.1f} s)" in line
    entry = next(e for e in export(model_run.snapshot)["levels"] if e["id"] == model_run.hooked.id)
    assert entry["trials"][0]["compile_s"] == seconds


def test_the_report_tells_what_the_model_made_and_cost(model_run):
    text = (model_run.path / "report" / "dreaming.md").read_text()
    total = model_run.rows[-1]["fm"]["total"]
    assert f"{total['calls']} calls, {total['tokens_in']} + {total['tokens_out']} tokens" in text.splitlines()[2]
    assert "for each of 4 accepted levels" in text
    assert "Dreams lost: 2" in text
    for record in model_run.dreamed:
        assert isinstance(record.verdict, Rejected) or f"| {record.id} |" in text


def private() -> dict[str, bytes]:
    """What must not be in a run that is published, by what it is."""
    found = {
        "the key": KEY,
        "the home directory": str(Path.home()),
        "the working directory": os.getcwd(),
        "the interpreter's prefix": sys.prefix,
        "the base interpreter's prefix": sys.base_prefix + os.sep if len(sys.base_prefix) > 5 else "",
        "a path of the server": "/srv/models",
        "the host's name": socket.gethostname() if len(socket.gethostname()) > 5 else "",
        "the user's name in a path": f"/home/{getpass.getuser()}",
    }
    return {what: text.encode() for what, text in found.items() if len(text) > 1}


def test_a_run_directory_can_be_published_as_it_is(model_run, replayed):
    secrets = private() | {"the runs' folder": str(model_run.path.parent).encode()}
    rooted = re.compile(rb"/(?:home|Users|root|tmp|private|work|mnt|site-packages)/[\w.-]+")
    files = [path for run in (model_run, replayed[1]) for path in run.path.rglob("*") if path.is_file()]
    assert {"calls.jsonl", "archive.sqlite", "metrics.jsonl", "config.yaml"} <= {path.name for path in files}
    for path in files:
        data = path.read_bytes()
        for what, secret in secrets.items():
            assert secret not in data, f"{path.name} holds {what}"
        found = rooted.search(data)
        assert found is None, f"{path.name} holds the path {found and found.group()!r}"


def test_what_went_wrong_is_still_told(model_run):
    repaired = next(r for r in model_run.dreamed if "COLLECT_STONE" in r.source)
    assert "[key]" in repaired.source + repaired.description
    assert "<module 'numpy' from '[path]/" in repaired.repairs[0].reason


def test_a_rejected_draft_names_no_path_whoever_wrote_it(tmp_path, blank_pool, monkeypatch):
    from dicode.games import load_device
    from dicode.training.builder import LevelBuilder
    from dicode.types import Draft

    class Outside:
        def build(self, *_):
            return Rejected(
                "build", f"cannot read {tmp_path}/deep/thing.txt", f"look into {tmp_path}/deep", code=Code.ERROR
            )

    builder = LevelBuilder(load_device("craftax"), Outside(), None, 2)  # type: ignore[arg-type]
    monkeypatch.setattr(builder, "base_worlds", lambda *_: blank_pool)
    monkeypatch.setattr(builder, "_seed", lambda *_: 0)
    verdict = builder.check(Draft("x = 1\n", "", Origin.FILE))
    assert str(tmp_path) not in f"{verdict}"
    assert "thing.txt" in verdict.reason
