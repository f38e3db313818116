"""Thirty answers of an author who knows the game, through a real server: each is recognised for what it is, twice. Long."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from scripted import Scripted, Step, said

from dicode.curriculum.archive import Archive
from dicode.games.templates import template
from dicode.types import Accepted, Code, Origin, Rejected

pytestmark = pytest.mark.long

FILE = '''"""Objective: {objective}.
Why: it is the next thing.
"""
from dicode.levels import Achievement, Block, Floor, Goal, Mob, Rules, World

GOAL = Goal.all_of({goal})
RULES = Rules(melee_spawn=0.0, ranged_spawn=0.0, episode_length={length})


def build(world: World) -> None:
    {build}
'''


def level(objective: str, goal: str, build: str = "world.player.drink = 8", length: int = 32) -> str:
    return FILE.format(objective=objective, goal=goal, build=build, length=length)


def holding(**items: int) -> str:
    return f"world.player.inventory.set({', '.join(f'{name}={count}' for name, count in items.items())})"


HARD = [
    level("two cows", "Goal.defeat(Mob.COW, 2)", "world.spawn(Mob.COW, count=2, distance=(4, 5))"),
    level("three skins", "Achievement.COLLECT_WOOD, Achievement.PLACE_TABLE, Achievement.MAKE_WOOD_SWORD",
          "world.scatter(Block.TREE, 8, distance=(3, 6))"),
    level("diamonds", "Achievement.COLLECT_DIAMOND", holding(pickaxe=3) + "\n    world.scatter(Block.DIAMOND, 1, distance=(7, 9))"),
    level("a zombie", "Achievement.DEFEAT_ZOMBIE", "world.spawn(Mob.ZOMBIE, count=1, distance=(6, 8))"),
    level("ruby", "Achievement.COLLECT_RUBY, Achievement.PLACE_TORCH",
          holding(pickaxe=4, torches=2) + "\n    world.scatter(Block.RUBY, 1, distance=(7, 9))"),
    level("iron sword", "Achievement.COLLECT_IRON, Achievement.MAKE_IRON_SWORD",
          holding(pickaxe=2, wood=5, stone=5, coal=5, iron=4) + "\n    world.scatter(Block.IRON, 1, distance=(7, 9))"),
    level("a skeleton", "Goal.defeat(Mob.SKELETON, 2)", "world.spawn(Mob.SKELETON, count=2, distance=(6, 8))"),
    level("sapphire", "Achievement.COLLECT_SAPPHIRE, Achievement.PLACE_STONE",
          holding(pickaxe=4, stone=3) + "\n    world.scatter(Block.SAPPHIRE, 1, distance=(7, 9))"),
    level("stones", "Goal.collect('stone', 5)", holding(pickaxe=1) + "\n    world.scatter(Block.STONE, 5, distance=(4, 6))"),
    level("coal and a drink", "Goal.collect('coal', 2), Achievement.COLLECT_DRINK",
          holding(pickaxe=1) + "\n    world.player.drink = 3\n    world.scatter(Block.COAL, 2, distance=(5, 7))\n    world.scatter(Block.WATER, 3, distance=(5, 7))"),
]  # fmt: skip
EASY = [
    level("two steps", "Goal.survive(2)"),
    level("four steps, hungry", "Goal.survive(4)", "world.player.food = 3"),
    level("eight steps with stones", "Goal.survive(8)", holding(stone=9)),
    level("twelve steps among cows", "Goal.survive(12)", "world.spawn(Mob.COW, count=3, distance=(2, 5))"),
    level("eighteen steps tired", "Goal.survive(18)", "world.player.energy = 6"),
]
GOOD = [
    level("put a stone", "Achievement.PLACE_STONE", holding(stone=9)),
    level("put a torch", "Achievement.PLACE_TORCH", holding(torches=9)),
    level("shoot", "Achievement.FIRE_BOW", holding(bow=1, arrows=9)),
    level("put a table", "Achievement.PLACE_TABLE", holding(wood=20)),
    level("make a wooden pick", "Achievement.MAKE_WOOD_PICKAXE",
          holding(wood=9) + "\n    world.scatter(Block.CRAFTING_TABLE, 1, distance=(1, 1))"),
]  # fmt: skip
BROKEN = {
    Code.SYNTAX: level("broken", "Achievement.EAT_COW", "world.spawn(Mob.COW, count=)"),
    Code.ERROR: level("nothing there", "Achievement.EAT_COW", "world.spawn(Mob.COW, count=1 // 0)"),
    Code.TOO_SHORT: level("no wood", "Achievement.EAT_PLANT", "world.player.food = 3", length=20),
    Code.SOLVED: level("had before", "Goal.at_least('inventory.wood', 1)", holding(wood=3)),
    Code.FORBIDDEN: level("a file", "Achievement.EAT_COW", "open('/etc/passwd')"),
}
COPIES = [
    GOOD[0],
    GOOD[1],
    GOOD[2].replace("shoot", "let fly") + "# mine\n",
    template("dicode.games.craftax", "example"),
    GOOD[3].replace("put a table", "set one down").replace("wood=20", "wood =  20"),
]
ANSWERS = [
    *[text for trio in zip(HARD[:5], GOOD, EASY, strict=True) for text in trio],
    *[text for trio in zip(HARD[5:], COPIES, BROKEN.values(), strict=True) for text in trio],
]


@dataclass
class AuthorRun:
    path: Path
    requests: list[dict]

    @property
    def rows(self) -> list[dict]:
        return [json.loads(line) for line in (self.path / "metrics.jsonl").read_text().splitlines()]

    def archive(self):
        with Archive(self.path / "archive.sqlite", read_only=True) as archive:
            return archive.digest(), archive.snapshot()


def sent_back(body: dict) -> bool:
    return 'rejected at the stage "probe"' in body["messages"][-1]["content"]


@pytest.fixture(scope="module")
def author_run(tmp_path_factory, tiny_run):
    from dicode import config
    from dicode.commands import launch

    folder, server = tmp_path_factory.mktemp("author"), Scripted()
    left, again = list(ANSWERS), iter(range(1000))

    def script(body: dict, number: int) -> Step:
        if "the single word" in str(body["messages"]):
            return said("ready")
        if sent_back(body):
            # Written again as something that can be learnt now; every time with another amount in hand.
            return said(
                f"```python\n{level('put another stone', 'Achievement.PLACE_STONE, Achievement.PLACE_TORCH', holding(stone=9, torches=2 + next(again)))}```"
            )
        return said(f"```python\n{left.pop(0)}```") if left else said("", finish="length")

    server.script = script
    unwanted = ("dreamer=", "dreamer.round", "total_steps=", "evaluation.every_steps")
    kept = [word for word in tiny_run(folder, "author") if not word.startswith(unwanted)]
    words = [
        *kept, "total_steps=28672", "dreamer=foundation", "dreamer.round=9", "dreamer.keep=2", "dreamer.stages=1",
        "dreamer.repairs=0", "dreamer.probe=8", "dreamer.probe_high=0.9", "fm=vllm", f"fm.base_url={server.url}",
        "fm.key_env=FM_TEST_KEY", "fm.concurrency=1", "evaluation.every_steps=0", "logging.video=false",
        "logging.report_every=0",
    ]  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FM_TEST_KEY", "Zx9-no-usual-shape-0123456789")
        assert launch.train(config.load(words), quiet=True) == 0
    server.close()
    assert left == []
    return AuthorRun(folder / "author", server.requests)


@pytest.fixture(scope="module")
def by_text(author_run):
    """Each answer's verdicts in the order of their outcomes; a copy has its own beside the original's."""
    _, snapshot = author_run.archive()
    asked = {(b.cycle, b.index): b for b in snapshot.briefs}
    fresh = [o for o in snapshot.outcomes if asked[o.asked, o.index].revises is None]
    ordered = sorted(fresh, key=lambda o: (o.asked, o.index))[: len(ANSWERS)]
    return list(zip(ANSWERS, ordered, strict=True))


def test_every_answer_is_recognised_for_what_it_is(by_text):
    said_of = {}
    for text, outcome in by_text:
        verdict = outcome.verdict
        said_of.setdefault(text, []).append("accepted" if isinstance(verdict, Accepted) else verdict.code)
    first = {text: codes[0] for text, codes in said_of.items()}
    assert [first[text] for text in HARD] == [Code.TOO_HARD] * 10
    assert [first[text] for text in EASY] == [Code.TOO_EASY] * 5
    assert [first[text] for text in GOOD] == ["accepted"] * 5
    assert [first[text] for text in BROKEN.values()] == list(BROKEN)
    assert [said_of[text][-1] for text in COPIES] == [Code.KNOWN, Code.KNOWN, Code.TWIN, Code.COPIED, Code.TWIN]


def test_what_was_measured_goes_back_to_its_author_with_rate_and_how_it_failed(author_run, by_text):
    _, snapshot = author_run.archive()
    returned = [brief.revises for brief in snapshot.briefs if brief.revises]
    assert len(returned) >= 8
    assert len(returned) == len({level.id for level in returned})
    assert all(level.verdict.stage == "probe" and level.origin is Origin.FOUNDATION for level in returned)
    told = [body["messages"][-1]["content"] for body in author_run.requests if sent_back(body)]
    assert all("episodes when it was measured, so the level is too" in text for text in told)
    hard = [text for text in told if "too hard" in text]
    assert any("failed by out of time" in text for text in hard)
    revised = [
        o for o in snapshot.outcomes if snapshot.levels.get(o.level) and len(snapshot.levels[o.level].repairs) == 1
    ]
    assert any(isinstance(o.verdict, Accepted) for o in revised)


def test_accepted_levels_were_in_the_band_and_their_steps_were_counted(author_run):
    _, snapshot = author_run.archive()
    dreamed = [r for r in snapshot.levels.values() if r.origin is Origin.FOUNDATION]
    accepted = [r for r in dreamed if isinstance(r.verdict, Accepted)]
    assert accepted
    assert all(0.1 <= r.probe.success_rate <= 0.9 for r in accepted)
    assert all(r.probe.episodes >= 8 for r in accepted)
    unmeasured = Counter(r.verdict.stage for r in dreamed if isinstance(r.verdict, Rejected) and r.probe is None)
    assert "probe" not in unmeasured
    rows = [row["probe"] for row in author_run.rows if "probe" in row]
    assert sum(row["levels"] for row in rows) == sum(r.probe is not None for r in dreamed)
    assert sum(row["steps"] for row in rows) == rows[-1]["steps_so_far"] > 0
    assert author_run.rows[-1]["env_steps"] + rows[-1]["steps_so_far"] <= 28672


def test_a_replay_ends_in_the_same_archive(author_run):
    from dicode.cli import main

    assert main(["replay", str(author_run.path), "run=again"]) == 0
    again = AuthorRun(author_run.path.with_name("again"), [])
    assert again.archive()[0] == author_run.archive()[0]
