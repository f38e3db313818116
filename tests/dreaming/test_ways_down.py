"""The grammar's ways down: graded by how far the ladder is, wanted for what lies below, and asked for together with it."""

import itertools

import briefs
import numpy as np
import pytest

from dicode.games.craftax.grammar import GrammarDreamer, Help, plan_of, print_level
from dicode.games.craftax.grammar.dreamer import adapted, opened
from dicode.games.craftax.grammar.encounters import WIDEST_YARD
from dicode.games.craftax.grammar.experience import tried
from dicode.games.craftax.grammar.frontier import after, before, opens, rates, weight
from dicode.games.craftax.grammar.lessons import stage
from dicode.games.craftax.grammar.plan import Plan, Site
from dicode.games.craftax.grammar.variation import eased, restage, stretched
from dicode.games.craftax.host import HOST
from dicode.games.craftax.levels.techtree import ENTER, requirements
from dicode.games.level_build import build_pool
from dicode.levels import Achievement, Floor, World
from dicode.streams import Streams
from dicode.types import Accepted, Brief, Code, Draft, LevelRecord, Origin, Rejected, Trial

YES = Accepted({"achievements": [], "minimum": {}}, {}, "-")
BELOW = [a for a in Achievement if min(requirements(a).floors) > Floor.OVERWORLD]
FIRST_TOOLS = ("COLLECT_WOOD", "PLACE_TABLE", "MAKE_WOOD_PICKAXE", "MAKE_WOOD_SWORD")


def _gate(achievement: Achievement) -> Achievement:
    return ENTER[min(requirements(achievement).floors)]


def _target(**able: float) -> dict[str, float]:
    return {a.name: 0.0 for a in Achievement} | dict.fromkeys(FIRST_TOOLS, 0.9) | able


def _level(achievement: Achievement, help_: Help, floor: Floor | None = None) -> LevelRecord:
    source = print_level(stage(achievement, help_, np.random.default_rng(5), floor), "Because.")
    return briefs.record(Draft(source, achievement.name, Origin.GRAMMAR), YES)


def _children(
    achievement: Achievement,
    solved: int,
    target: dict[str, float],
    count: int = 40,
    pursue: str = "target",
    floor: Floor | None = None,
) -> list[Draft]:
    """Drafts for a parent that was solved in so many of 50 episodes."""
    report = briefs.report(_level(achievement, Help.HANDED, floor), 50, solved)
    asked = [Brief(1, index, report, target, 1.0) for index in range(count)]
    outcomes = [GrammarDreamer(Streams(0), pursue=pursue).dream([brief], lambda draft: YES)[0] for brief in asked]
    return [outcome.draft for outcome in outcomes]


@pytest.mark.fast
def test_the_less_help_the_farther_is_the_way_down_and_without_any_it_is_the_games():
    plans = [stage(Achievement.ENTER_DUNGEON, help_, np.random.default_rng(0)) for help_ in Help]
    assert plans[Help.GAME].ladder is None
    farthest_first = [plan.ladder for plan in plans[1:]]
    assert len(farthest_first) == 4
    for farther, nearer in itertools.pairwise(farthest_first):
        assert farther[1] >= 2 * nearer[1]
        assert farther[0] == nearer[0] == 1, "each has the starts of the one before it"
    assert [plan.yard > 0 for plan in plans] == [help_ == Help.NEAR for help_ in Help]


def _starts(plan: Plan, blank_pool, count: int = 80) -> list[tuple[int, int]]:
    """(steps from the ladder, cells that can be walked to) of the start of each world of a plan's level."""
    worlds = {name: np.repeat(array[:1], count, axis=0) for name, array in blank_pool.items()}
    namespace: dict[str, object] = {}
    exec(print_level(plan, "Because."), namespace)
    pool = build_pool(HOST, namespace, worlds, 0).pool
    found = []
    for number in range(count):
        world = World({name: array[number] for name, array in pool.items()}, np.random.default_rng(0))
        (row, column), (down, right) = world.player.position, world.ladder_down()
        found.append((abs(row - down) + abs(column - right), int((world.distance_map() >= 0).sum())))
    return found


@pytest.mark.slow
def test_the_first_way_in_the_open_is_a_yard_half_of_the_time_and_near_starts_are_in_every_level(blank_pool):
    rng = np.random.default_rng(0)
    first = _starts(stage(Achievement.ENTER_DUNGEON, Help.NEAR, rng), blank_pool)
    # One more than the yard's own cells: the ladder stood at the map's edge, where the wall runs now, and leaves ground there.
    widest = (2 * WIDEST_YARD - 1) ** 2 + 1
    closed = [steps for steps, room in first if room <= widest]
    assert 0.3 * len(first) < len(closed) < 0.7 * len(first)
    smallest = sum(room == 10 for _, room in first)
    assert smallest > 0.3 * len(closed), "what the first lesson taught, in nearly every pool of 16 worlds"
    assert max(steps for steps, room in first if room > widest) <= 5
    sizes = {room for _, room in first if room <= widest}
    assert sizes == {(2 * radius - 1) ** 2 + 1 for radius in range(2, WIDEST_YARD + 1)}
    for help_, farthest in ((Help.TOOLS, 14), (Help.BARE, 30)):
        steps = [steps for steps, _ in _starts(stage(Achievement.ENTER_DUNGEON, help_, rng), blank_pool)]
        assert all(1 <= each <= farthest for each in steps)
        assert sum(each <= 5 for each in steps) > 0.15 * len(steps)
        assert sum(each > farthest / 2 for each in steps) > 0.2 * len(steps)


@pytest.mark.fast
@pytest.mark.parametrize(
    "change",
    [
        opened,
        lambda plan: adapted(plan, Rejected("build", "no room", code=Code.NO_ROOM), np.random.default_rng(0)),
        lambda plan: restage((*plan.achievements, Achievement.COLLECT_WOOD), Help.NEAR, np.random.default_rng(0)),
    ],
)
def test_a_yard_is_left_out_where_it_would_be_cleared_or_is_not_allowed(change):
    plan = stage(Achievement.ENTER_DUNGEON, Help.NEAR, np.random.default_rng(0))
    assert plan.yard
    assert not change(plan).yard
    assert "world.room" not in print_level(change(plan), "Because.")


@pytest.mark.fast
def test_a_way_down_is_eased_and_stretched_like_everything_else():
    rng = np.random.default_rng(0)
    plan = stage(Achievement.ENTER_DUNGEON, Help.TOOLS, rng)
    far = stretched(plan, rng)
    assert far.ladder[0] == plan.ladder[0] == 1
    assert far.ladder[1] > plan.ladder[1]
    for _ in range(8):
        far, plan = stretched(far, rng), eased(plan, rng)
        for one in (far, plan):
            assert 1 <= one.ladder[0] < one.ladder[1] <= 36
            assert plan_of(print_level(one, "Because.")).ladder == one.ladder
    assert plan.ladder == (1, 2)


@pytest.mark.fast
def test_a_yard_gets_wider_before_the_way_down_is_in_the_open(blank_pool):
    plan, rng = stage(Achievement.ENTER_DUNGEON, Help.HANDED, np.random.default_rng(0)), np.random.default_rng(1)
    validate = briefs.in_process({name: array[:1] for name, array in blank_pool.items()})
    yards = []
    while plan.site == Site.ARENA:
        yards.append(plan)
        assert plan_of(print_level(plan, "Because.")) == plan
        assert isinstance(validate(Draft(print_level(plan, "Because."), "", Origin.GRAMMAR)), Accepted)
        plan = stretched(plan, rng)
    assert [yard.radius for yard in yards] == [2, 3, 4, 5]
    assert plan.ladder[0] >= 1
    narrower = [yards[-1]]
    while len(narrower) < 5:
        narrower.append(eased(narrower[-1], rng))
    assert [yard.radius for yard in narrower] == [5, 4, 3, 2, 2]
    assert all(yard.ladder[1] <= 2 * (yard.radius - 1) for yard in narrower), "a start that far is in the yard"


@pytest.mark.fast
def test_what_stands_before_much_is_wanted_for_that_too():
    able = rates(_target())
    at_once = [a for a in Achievement if before(a) - {Achievement.ENTER_DUNGEON} <= {a for a in able if able[a] >= 0.3}]
    behind = [a for a in at_once if Achievement.ENTER_DUNGEON in before(a)]
    assert set(behind) <= after(Achievement.ENTER_DUNGEON)
    assert {Achievement.OPEN_CHEST, Achievement.EAT_SNAIL, Achievement.ENTER_GNOMISH_MINES} <= set(behind)
    assert opens(Achievement.ENTER_DUNGEON, able) == sum(requirements(a).worth for a in behind)
    same_worth = [a for a in behind if requirements(a).worth == requirements(Achievement.ENTER_DUNGEON).worth]
    assert weight(Achievement.ENTER_DUNGEON, able, leading=True) > 2 * max(weight(a, able, True) for a in same_worth)
    assert weight(Achievement.ENTER_DUNGEON, able, leading=True) > 2 * weight(Achievement.ENTER_DUNGEON, able)
    known = rates(_target(ENTER_DUNGEON=0.5))
    assert opens(Achievement.ENTER_DUNGEON, known) == 0


@pytest.mark.fast
def test_what_was_learned_below_is_begun_above_where_the_target_hardly_gets_there():
    drafts = [draft for draft in _children(Achievement.OPEN_CHEST, 48, _target()) if draft.move == "approach"]
    assert 8 <= len(drafts) <= 24, "two of five, by chance"
    for draft in drafts:
        plan = plan_of(draft.source)
        assert set(plan.achievements) == {Achievement.OPEN_CHEST, Achievement.ENTER_DUNGEON}
        assert plan.floor == Floor.OVERWORLD
        assert plan.ladder is not None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("achievement", "solved", "able"),
    [
        (Achievement.OPEN_CHEST, 48, {"ENTER_DUNGEON": 0.2}),
        (Achievement.OPEN_CHEST, 10, {}),
        (Achievement.COLLECT_STONE, 48, {}),
    ],
)
def test_nothing_is_begun_above_that_is_not_learned_or_not_cut_off(achievement, solved, able):
    assert "approach" not in {draft.move for draft in _children(achievement, solved, _target(**able))}


@pytest.mark.fast
def test_what_can_be_done_above_is_not_begun_above_the_floor_on_which_it_was_learned():
    drafts = _children(Achievement.COLLECT_STONE, 48, _target(), floor=Floor.GNOMISH_MINES)
    assert {plan_of(_level(Achievement.COLLECT_STONE, Help.HANDED, Floor.GNOMISH_MINES).source).floor} == {2}
    assert "approach" not in {draft.move for draft in drafts}


@pytest.mark.slow
def test_what_lies_behind_a_goal_comes_when_the_target_has_it():
    def next_goals(**able: float) -> list[Achievement]:
        drafts = _children(Achievement.ENTER_DUNGEON, 48, _target(**able), count=60)
        plans = [plan_of(draft.source) for draft in drafts if draft.move == "expand"]
        assert len(plans) > 5
        return [plan.focus for plan in plans]

    behind = after(Achievement.ENTER_DUNGEON)
    early, late = next_goals(), next_goals(ENTER_DUNGEON=0.5)
    assert sum(goal in behind for goal in early) < 0.5 * len(early)
    assert all(goal in behind for goal in late)


@pytest.mark.slow
def test_who_follows_the_tree_goes_on_below_and_never_back():
    drafts = _children(Achievement.OPEN_CHEST, 48, _target(), count=60, pursue="tree")
    assert "approach" not in {draft.move for draft in drafts}
    behind = [
        plan_of(d.source).focus
        for d in _children(Achievement.ENTER_DUNGEON, 48, _target(), 60, "tree")
        if d.move == "expand"
    ]
    assert set(behind) <= after(Achievement.ENTER_DUNGEON)


@pytest.mark.fast
def test_help_that_is_a_guess_rules_nothing_out():
    (descent,) = [level for level in briefs.library_records() if level.description == "first_descent"]
    assert plan_of(descent.source).guessed
    ours = _level(Achievement.ENTER_DUNGEON, Help.HANDED)
    told = {level.id: (Trial(level.id, 1, 40, 39, 1.0, 50.0),) for level in (descent, ours)}
    brief = Brief(2, 0, None, _target(), 1.0, relatives=(descent, ours), trials=told)
    assert [(one.achievements, one.help) for one in tried(brief)] == [({Achievement.ENTER_DUNGEON}, Help.HANDED)]


@pytest.mark.fast
def test_a_goal_below_is_read_back_with_its_way_down():
    rng = np.random.default_rng(1)
    for achievement in BELOW:
        for help_ in Help:
            plan = restage((achievement, _gate(achievement)), help_, rng)
            assert plan_of(print_level(plan, "why")) == plan, (achievement, help_)
            assert set(plan.achievements) == {achievement, _gate(achievement)}


def test_every_goal_below_passes_the_checks_from_above_its_floor(blank_pool):
    validate = briefs.in_process({name: array[:1] for name, array in blank_pool.items()})
    rng = np.random.default_rng(0)
    refused = []
    for achievement in BELOW:
        for help_ in (Help.HANDED, Help.NEAR, Help.TOOLS, Help.BARE):
            plan = restage((achievement, _gate(achievement)), help_, rng)
            verdict = validate(Draft(print_level(plan, "A test."), "", Origin.GRAMMAR))
            if isinstance(verdict, Rejected) and verdict.stage != "novelty":
                refused.append((achievement.name, help_.name, verdict))
    assert not refused
    assert len(BELOW) > 20


@pytest.mark.fast
def test_what_a_level_asks_for_is_wanted_as_its_goal_is_and_nothing_that_cannot_be_read():
    wanted, able = HOST.dreams().wanted, _target()
    down, chest = (_level(a, Help.HANDED).source for a in (Achievement.ENTER_DUNGEON, Achievement.OPEN_CHEST))
    assert wanted(down, able) > wanted(chest, able) > 0.0
    assert wanted(down, _target(ENTER_DUNGEON=0.9)) < 0.1 * wanted(down, able)
    assert wanted('"""Objective: -"""\n', able) == 0.0
