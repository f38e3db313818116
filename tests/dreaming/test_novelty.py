"""Near duplicates are named, different levels are not; examples are those that are most alike."""

import ast
from dataclasses import replace

import numpy as np
import pytest

from dicode.dreaming import novelty
from dicode.dreaming import similarity as similarity_module
from dicode.dreaming.similarity import most_similar, similarity, syntax
from dicode.games.craftax.host import HOST
from dicode.games.craftax.looks import LOOKS
from dicode.games.level_build import build_pool
from dicode.levels import Block
from dicode.types import Accepted, Code, Draft, LevelRecord, Origin, Rejected

pytestmark = pytest.mark.fast

WOOD = '''"""Objective: collect wood.
Why: it comes first.
"""
from dicode.levels import Achievement, Block, Goal, Rules, World

GOAL = Goal.all_of(Achievement.COLLECT_WOOD, Goal.collect("wood", 3))
RULES = Rules(melee_spawn=0.2)


def build(world: World) -> None:
    world.clear(3)
    world.scatter(Block.TREE, count=4, distance=(2, 5))
'''


def accepted(source: str, worlds) -> Accepted:
    namespace: dict[str, object] = {}
    exec(compile(source, "level", "exec"), namespace)
    built = build_pool(HOST, namespace, worlds, 0)
    return Accepted(
        built.goal.to_json(), built.rules.to_json(), "-", built.hooks, statistics=LOOKS.statistics(built.pool)
    )


def record(source: str, verdict) -> LevelRecord:
    draft = Draft(source, "wood first", Origin.GRAMMAR)
    return LevelRecord(draft.id, source, draft.description, draft.origin, (), "", 0, verdict)


@pytest.fixture(scope="module")
def wood(blank_pool):
    return record(WOOD, accepted(WOOD, blank_pool))


def judge(source, wood, worlds):
    return novelty.judge(LOOKS, source, accepted(source, worlds), [wood])


@pytest.mark.parametrize(
    "change",
    [
        ("it comes first", "other words"),
        ("    world.clear(3)", "    # a comment\n    world.clear( 3 )"),
        ("count=4", "count=5"),
        ("melee_spawn=0.2", "melee_spawn=0.21"),
        ("    world.clear(3)", "    radius = 3\n    world.clear(radius)"),
    ],
)
def test_a_near_duplicate_is_rejected_with_its_twins_name(change, wood, blank_pool):
    verdict = judge(WOOD.replace(*change), wood, blank_pool)
    assert isinstance(verdict, Rejected)
    assert verdict.stage == "novelty"
    assert verdict.code is Code.TWIN
    assert wood.id in verdict.reason
    assert wood.id in verdict.hint


@pytest.mark.parametrize(
    "change",
    [
        ('"wood", 3', '"wood", 6'),
        ("COLLECT_WOOD, ", "PLACE_TABLE, "),
        ("melee_spawn=0.2", "melee_spawn=0.8"),
        ("melee_spawn=0.2", "hunger=0.2"),
        ("    world.clear(3)", "    world.clear(3)\n    world.player.inventory.wood = 2"),
        ("    world.clear(3)", "    world.clear(8)\n    world.fill(Block.WATER, (18, 21), (18, 30))"),
        ("distance=(2, 5)", "distance=(9, 14)"),
    ],
)
def test_what_differs_in_what_counts_is_new(change, wood, blank_pool):
    source = WOOD.replace(*change).replace("clear(3)", "clear(3)")
    assert source != WOOD
    if "(9, 14)" in source:
        source = source.replace("clear(3)", "clear(8)")
    assert judge(source, wood, blank_pool) is None


ZOMBIES = """from dicode.levels import Goal, Mob, World

GOAL = Goal.survive(100)


def build(world: World) -> None:
    world.clear(6)
    world.player.inventory.sword = 2
    world.player.strength = 1
    world.player.fireball = False
    world.spawn(Mob.ZOMBIE, count=2, distance=(2, 4))
"""


@pytest.mark.parametrize(
    ("change", "new"),
    [
        (("ZOMBIE", "KNIGHT"), True),
        (("ZOMBIE", "FROST_TROLL"), True),
        (("count=2", "count=2, health=60"), True),
        (("strength = 1", "strength = 5"), True),
        (("fireball = False", "iceball = True"), True),
        (("fireball = False", "sword_enchantment = 'ice'"), True),
        (("(2, 4)", "(2, 5)"), False),
        (("count=2", "count=2, health=6"), False),
    ],
)
def test_creatures_and_skills_count_as_what_a_level_is(change, new, blank_pool):
    known = record(ZOMBIES, accepted(ZOMBIES, blank_pool))
    changed = ZOMBIES.replace(*change)
    assert changed != ZOMBIES
    assert (judge(changed, known, blank_pool) is None) is new
    old = {name: value for name, value in known.verdict.statistics.items() if name.split(".")[0] not in LOOKS.always}
    old_record = replace(known, verdict=replace(known.verdict, statistics=old))
    assert isinstance(judge(changed, old_record, blank_pool), Rejected), "an older archive knows nothing of them"


def test_a_copy_of_a_known_level_is_rejected_with_its_id_before_it_runs(wood):
    copy = novelty.known(Draft(WOOD, "", Origin.FOUNDATION).id, [wood])
    assert copy is not None
    assert copy.code is Code.KNOWN
    assert copy.stage == "novelty"
    assert wood.id in copy.reason
    assert wood.id in copy.hint
    assert novelty.known(Draft(WOOD + "\n", "", Origin.FOUNDATION).id, [wood]) is None
    failed = record(WOOD, Rejected("build", "no", code=Code.ERROR))
    assert novelty.known(failed.id, [failed]) is None, "what was rejected once is told again why"


def test_rejected_levels_have_no_twins(wood, blank_pool):
    failed = record(WOOD + "\n", Rejected("build", "no", code=Code.ERROR))
    assert novelty.judge(LOOKS, WOOD, accepted(WOOD, blank_pool), [failed]) is None


def test_without_statistics_only_the_code_is_compared(wood, blank_pool):
    bare = Accepted(wood.verdict.goal, wood.verdict.rules, "-")
    assert novelty.judge(LOOKS, WOOD.replace("count=4", "count=5"), bare, [wood]) is None
    assert novelty.judge(LOOKS, WOOD + "\n# end\n", bare, [wood]) is not None


def test_statistics_say_what_is_near_the_player(blank_pool):
    pool = {name: array.copy() for name, array in blank_pool.items()}
    pool["blocks"][:, 0] = Block.GRASS
    row, column = pool["player_position"][0]
    pool["blocks"][:, 0, row, column + 3] = Block.DIAMOND
    pool["inventory.iron"][:] = 2
    numbers = LOOKS.statistics(pool)
    assert numbers["near.DIAMOND"] == 2.0
    assert numbers["around.DIAMOND"] == pytest.approx(1 / 81, abs=1e-4)
    assert numbers["kit.iron"] == 2.0
    assert "near.IRON" not in numbers
    assert "kit.coal" not in numbers


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"a": 1.0}, {"a": 1.2}, True),
        ({"a": 1.0}, {"a": 1.3}, False),
        ({"a": 0.0}, {"a": 0.1}, False),
        ({"a": {"b": 2}}, {"a": {"b": 2}}, True),
        ({"a": 1}, {"b": 1}, False),
        (["X"], ["Y"], False),
        (-1.0, -1.0, True),
        (-1.0, 1.0, False),
    ],
)
def test_amounts_within_a_quarter_are_the_same(one, other, same):
    assert novelty.same_amounts(one, other) is same is novelty.same_amounts(other, one)


def test_syntax_ignores_names_of_variables_but_not_constants():
    one = "def build(world):\n    a = 3\n    world.clear(a)"
    assert syntax(one).exact == syntax(one.replace("a)", "b)").replace("a =", "b =")).exact
    assert syntax(one).exact != syntax(one.replace("3", "4")).exact
    assert syntax(one).features == syntax(one.replace("3", "4")).features


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("RULES = Rules(hunger=2)", "RULE = Rules(hunger=2)"),
        ("GOAL = wood\nLATER = diamond", "LATER = wood\nGOAL = diamond"),
        ("success = lambda state: True", "done = lambda state: True"),
        ("START = Frontier('0')", "FROM = Frontier('0')"),
    ],
)
def test_names_by_which_a_level_is_read_are_none_of_its_own(one, other):
    assert syntax(one).exact != syntax(other).exact
    assert syntax("a = 1").exact == syntax("b = 1").exact


def test_the_most_similar_levels_come_first_and_ties_go_by_id(wood, blank_pool):
    stone = WOOD.replace("COLLECT_WOOD", "COLLECT_STONE").replace('"wood", 3', '"stone", 3')
    zombie = WOOD.replace('COLLECT_WOOD, Goal.collect("wood", 3)', "DEFEAT_ZOMBIE").replace(
        "world.scatter(Block.TREE, count=4, distance=(2, 5))", "world.time_of_day = 0.7"
    )
    records = [record(source, accepted(source, blank_pool)) for source in (zombie, stone)]
    more_wood = record(WOOD.replace("count=4", "count=9"), wood.verdict)
    failed = record("def build(:", Rejected("parse", "no", code=Code.SYNTAX))
    found = most_similar(wood, [failed, wood, *records, more_wood], count=3)
    assert [level.id for level in found] == [more_wood.id, records[1].id, records[0].id]
    assert similarity(wood, wood) == pytest.approx(1.0)
    assert 0 <= similarity(wood, failed) < 0.1
    twins = [record(f"{WOOD}{'#' * n}\n", wood.verdict) for n in range(1, 5)]
    assert [r.id for r in most_similar(wood, twins)] == sorted(r.id for r in twins)


def test_statistics_do_not_depend_on_the_order_of_worlds(blank_pool):
    backwards = {name: array[::-1] for name, array in blank_pool.items()}
    assert novelty.look_alike(LOOKS, LOOKS.statistics(blank_pool), LOOKS.statistics(backwards))
    assert np.isfinite(list(LOOKS.statistics(blank_pool).values())).all()


@pytest.fixture
def many(wood):
    """More levels than any cache of fixed size used to hold, of a few goals."""
    goals = ["COLLECT_WOOD", "PLACE_TABLE", "EAT_COW", "COLLECT_STONE"]

    def one(number: int) -> LevelRecord:
        source = f"GOAL = {number}\ndef build(world):\n    world.clear({number % 7})\n"
        verdict = Accepted({"achievements": [goals[number % 4]], "minimum": {}}, {}, "-", statistics={"floor": 0.0})
        return record(source, verdict)

    return [one(number) for number in range(4200)]


@pytest.mark.slow
def test_a_large_archive_is_parsed_once_however_often_it_is_compared_with(wood, many, monkeypatch):
    parsed = []
    genuine = ast.parse
    monkeypatch.setattr(similarity_module.ast, "parse", lambda source: parsed.append(source) or genuine(source))
    counts = []
    for number in range(3):
        source = f"{WOOD}\nNEW = {number}\n"
        assert novelty.judge(LOOKS, source, wood.verdict, many) is None
        counts.append(len(parsed))
    assert counts[0] == 4201
    assert counts[1:] == [4202, 4203]


def test_examples_are_the_same_as_by_comparing_with_every_level(wood, many):
    some = [*many[:300], wood]
    for level in (wood, many[3], many[10]):
        others = [r for r in some if r.id != level.id]
        slow = sorted(others, key=lambda other: (-similarity(level, other), other.id))[:6]
        assert most_similar(level, some) == tuple(slow)
