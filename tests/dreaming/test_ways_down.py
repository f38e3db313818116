"""The grammar's ways down: graded by how far the ladder is, wanted for what lies below, and asked for together with it."""

import itertools

import briefs
import numpy as np
import pytest

from dicode.games.craftax.grammar import GrammarDreamer, Help, plan_of, print_level
from dicode.games.craftax.grammar.experience import tried
from dicode.games.craftax.grammar.frontier import after, before, opens, rates, weight
from dicode.games.craftax.grammar.lessons import stage
from dicode.games.craftax.grammar.plan import Site
from dicode.games.craftax.grammar.variation import eased, restage, stretched
from dicode.games.craftax.host import HOST
from dicode.games.craftax.levels.techtree import ENTER, requirements
from dicode.levels import Achievement, Floor
from dicode.streams import Streams
from dicode.types import Accepted, Brief, Draft, LevelRecord, Origin, Rejected, Trial

YES = Accepted({"achievements": [], "minimum": {}}, {}, "-")
BELOW = [a for a in Achievement if min(requirements(a).floors) > Floor.OVERWORLD]
FIRST_TOOLS = ("COLLECT_WOOD", "PLACE_TABLE", "MAKE_WOOD_PICKAXE", "MAKE_WOOD_SWORD")


def _gate(achievement: Achievement) -> Achievement:
    return ENTER[min(requirements(achievement).floors)]


def _target(**able: float) -> dict[str, float]:
    return {a.name: 0.0 for a in Achievement} | dict.fromkeys(FIRST_TOOLS, 0.9) | able


def _level(achievement: Achievement, help_: Help) -> LevelRecord:
    source = print_level(stage(achievement, help_, np.random.default_rng(5)), "Because.")
    return briefs.record(Draft(source, achievement.name, Origin.GRAMMAR), YES)


def _children(
    achievement: Achievement, solved: int, target: dict[str, float], count: int = 40, pursue: str = "target"
) -> list[Draft]:
    """Drafts for a parent that was solved in so many of 50 episodes."""
    report = briefs.report(_level(achievement, Help.HANDED), 50, solved)
    asked = [Brief(1, index, report, target, 1.0) for index in range(count)]
    outcomes = [GrammarDreamer(Streams(0), pursue=pursue).dream([brief], lambda draft: YES)[0] for brief in asked]
    return [outcome.draft for outcome in outcomes]


@pytest.mark.fast
def test_the_less_help_the_farther_is_the_way_down_and_without_any_it_is_the_games():
    ladders = [stage(Achievement.ENTER_DUNGEON, help_, np.random.default_rng(0)).ladder for help_ in Help]
    assert ladders[0] is None
    farthest_first = [ladder for ladder in ladders[1:] if ladder is not None]
    assert len(farthest_first) == 4
    for farther, nearer in itertools.pairwise(farthest_first):
        assert farther[0] > nearer[1]


@pytest.mark.fast
def test_a_way_down_is_eased_and_stretched_like_everything_else():
    rng = np.random.default_rng(0)
    plan = stage(Achievement.ENTER_DUNGEON, Help.TOOLS, rng)
    far = stretched(plan, rng)
    assert far.ladder[0] > plan.ladder[0]
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


@pytest.mark.fast
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


@pytest.mark.fast
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
