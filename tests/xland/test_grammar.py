"""The grammar: its levels pass the checks, follow the brief, and every move keeps a task that can be solved."""

from dataclasses import replace

import numpy as np
import pytest

from dicode import games
from dicode.games.xland.grammar import GrammarDreamer, moves
from dicode.games.xland.grammar.plan import DOORS, GRIDS, of_task, print_level, read
from dicode.games.xland.grammar.reader import plan_of
from dicode.games.xland.levels.api import API
from dicode.games.xland.levels.names import MAX_RULES
from dicode.games.xland.levels.rules import Rule
from dicode.games.xland.levels.tasks import random_task
from dicode.games.xland.looks import statistics
from dicode.streams import Streams
from dicode.types import Accepted, Brief, Code, Draft, LevelRecord, Origin, ParentReport, Rejected, Trial

pytestmark = pytest.mark.fast
HOST = games.load_host("xland")


@pytest.fixture
def validate(built):
    def judge(draft):
        found = built(draft.source)
        said = API.check(found.pool, found.goal, found.rules, (), 512)
        if isinstance(said, Rejected):
            return said
        looks = statistics(found.pool)
        goal, rules = found.goal.to_json(), found.rules.to_json()
        return Accepted(goal, rules, HOST.pool_hash(found.pool), warnings=said, statistics=looks)

    return judge


def record(draft, verdict):
    return LevelRecord(draft.id, draft.source, "", Origin.GRAMMAR, (), draft.move, 0, verdict)


def brief(index=0, success=(), parent=None, rate=0.5):
    report = ParentReport(parent, (Trial(parent.id, 0, 100, round(100 * rate), 0.0, 0.0),)) if parent else None
    told = {f"SOLVE_DEPTH_{depth}": share / 4 for depth, share in enumerate(success)}
    return Brief(0, index, report, told, None)


@pytest.mark.slow
def test_twenty_dreams_pass_and_the_same_brief_gives_the_same_level(validate):
    briefs = [brief(index, (0.8, 0.4, 0.1, 0.0)) for index in range(20)]
    first = GrammarDreamer(Streams(0)).dream(briefs, validate)
    assert [type(outcome.verdict) for outcome in first] == [Accepted] * 20
    assert len({outcome.draft.id for outcome in first}) == 20
    again = GrammarDreamer(Streams(0)).dream(briefs[:3], validate)
    assert [outcome.draft for outcome in again] == [outcome.draft for outcome in first[:3]]


@pytest.mark.slow
@pytest.mark.parametrize("move", [*moves.HARDER, *moves.EASIER, moves.another], ids=lambda move: move.__name__)
def test_every_move_keeps_a_task_that_can_be_solved(move, built):
    for seed in range(3):
        rng = np.random.default_rng(seed)
        plan = of_task(random_task(rng), int(rng.integers(len(GRIDS))), near=False)
        after = move(plan, rng)
        assert after != plan
        found = built(print_level(after, "a test."))
        assert isinstance(API.check(found.pool, found.goal, found.rules, (), None), tuple)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("grid", range(len(GRIDS)))
def test_a_move_that_is_chosen_changes_the_level_whatever_the_level_was(grid, door):
    for seed, near in enumerate((True, False)):
        rng = np.random.default_rng(seed)
        plan = of_task(random_task(rng, seed), grid, near=near).moved("", door=door)
        plain = moves.clear(plan, rng)
        for before in (plan, plain):
            for choice in (moves.EASIER, moves.HARDER):
                for _ in range(4):
                    after = moves.moved(before, choice, rng)
                    assert print_level(after, "") != print_level(before, ""), after.move
            for code in Code:
                assert print_level(moves.adapted(before, code, rng), "") != print_level(before, ""), code
    easiest = plain.moved("", grid=0, near=True, goal=plain.goal, rules=(), things=plain.goal.things, door="open")
    assert moves.moved(easiest, moves.EASIER, rng).move == "another"


def test_the_worlds_of_a_level_ask_for_one_task_by_other_names(built):
    plan = of_task(random_task(np.random.default_rng(0), 2), 3, near=False)
    goals = built(print_level(plan, "a test.")).pool["goal"]
    assert len({goal.tobytes() for goal in goals}) > 1


@pytest.mark.parametrize("door", ["open", "closed"])
def test_doors_that_stand_open_are_read_back(validate, door):
    plan = of_task(random_task(np.random.default_rng(1), 1), 3, near=False).moved("", door=door)
    draft = Draft(print_level(plan, "a test."), "", Origin.GRAMMAR)
    assert plan_of(draft.source).door == door
    assert read(record(draft, validate(draft))).door == door
    assert moves.unlock(plan, np.random.default_rng(0)).door == "open"
    assert moves.shut(plan.moved("", door="open"), np.random.default_rng(0)).door == "closed"


def test_a_door_is_hidden_only_where_a_production_more_has_room():
    rng = np.random.default_rng(0)
    plan = of_task(random_task(rng, 2), 2, near=False).moved("", door="locked")
    while len(plan.rules) < MAX_RULES:
        plan = plan.moved("", rules=(*plan.rules, Rule.hold(plan.fresh(rng), makes=plan.fresh(rng))))
    assert moves.shut(plan, rng).door == "locked"
    assert moves.shut(plan.moved("", rules=plan.rules[1:]), rng).door == "hidden"
    assert moves.shut(plan.moved("", door="hidden"), rng).door == "hidden"


@pytest.mark.slow
def test_a_plan_is_read_back_from_what_its_level_was_judged_to_be(validate):
    for seed in range(4):
        rng = np.random.default_rng(seed)
        plan = of_task(random_task(rng), int(rng.integers(1, len(GRIDS))), near=False)
        draft = Draft(print_level(plan, "a test."), "", Origin.GRAMMAR)
        found = read(record(draft, validate(draft)))
        assert found is not None
        assert (found.goal, found.rules, found.grid) == (plan.goal, plan.rules, plan.grid)
        spoken = {part for rule in plan.rules for part in rule.inputs} | set(plan.goal.things)
        assert set(found.things) == set(plan.things) & spoken


@pytest.mark.slow
def test_what_is_mastered_gets_harder_and_what_is_not_gets_easier(validate):
    draft = GrammarDreamer(Streams(1)).dream([brief()], validate)[0].draft
    parent = record(draft, validate(draft))
    names = {True: {move.__name__ for move in moves.HARDER}, False: {move.__name__ for move in moves.EASIER}}
    for hard in (True, False):
        briefs = [brief(index, (0.9, 0.5, 0, 0), parent, 0.95 if hard else 0.05) for index in range(16)]
        found = [outcome.draft.move for outcome in GrammarDreamer(Streams(2)).dream(briefs, validate)]
        assert names[hard] & set(found)
        assert set(found) <= names[hard] | {"expand"} | ({"distract"} if hard else {"clear"})


def test_depths_beyond_what_is_known_are_rare_and_the_open_loop_asks_for_all_alike():
    rng = np.random.default_rng(0)
    begun = moves.Situation((0.9, 0.2, 0.0, 0.0))
    counts = np.bincount([moves.wanted_depth(begun, rng) for _ in range(400)], minlength=4)
    assert counts[1] > counts[2] > counts[3]
    assert counts[1] > counts[0]
    even = np.bincount([moves.wanted_depth(moves.Situation(None), rng) for _ in range(400)], minlength=4)
    assert even.min() > 60


def test_a_goal_alone_makes_no_level(validate):
    outcome = GrammarDreamer(Streams(0)).dream([replace(brief(), goal_only=True)], validate)[0]
    assert outcome.draft is None
    assert not outcome.accepted


def returned(draft, code):
    """A brief that sends a level back."""
    verdict = Rejected("probe", "measured", code=code)
    return replace(brief(), revises=record(draft, verdict), known=frozenset({draft.id}))


def test_a_plan_is_read_back_from_its_text():
    for seed in range(12):
        rng = np.random.default_rng(seed)
        plan = of_task(random_task(rng), int(rng.integers(len(GRIDS))), near=seed % 2 == 0)
        plan = plan.moved("", door=("closed", "locked", "hidden")[seed % 3] if plan.grid > 1 else "closed")
        plan = plan.moved("", told=seed % 4 > 0, trials=1 + seed % 3)
        assert plan_of(print_level(plan, "a test.")) == plan
    assert [plan_of(text) for text in ("x = (", "GOAL = Goal.near(open('x'))", "GOAL = Goal.reach((1, 1))")] == [
        None
    ] * 3
    odd = "GOAL = Goal.near('yellow star')\ndef build(world):\n    world.scatter('red ball', distance=%s)\n"
    assert [plan_of(odd % text) for text in ("(5,)", "{}", "7")] == [None] * 3


PUT = """from dicode.games.xland.levels import Goal, Rule, Rules, World

GOAL = Goal.near("white star")
RULES = Rules(Rule.together("grey ball", "brown ball", makes="red key"){more})


def build(world: World) -> None:
    world.clear(9)
    world.scatter("grey ball", "brown ball")
    world.put("white star", at=(7, 7))
"""


@pytest.mark.parametrize(
    "more", ["", ', Rule.hold("blue hex", makes="white star"), Rule.hold("white star", makes="blue hex")']
)
def test_what_a_goal_needs_lies_there_however_the_level_put_it(more, validate):
    source = PUT.format(more=more)
    draft = Draft(source, "", Origin.FOUNDATION, (), "")
    for plan in (plan_of(source), read(record(draft, validate(draft)))):
        assert plan is not None
        assert "white star" in map(str, plan.things)
        written = Draft(print_level(plan, "a test."), "", Origin.GRAMMAR)
        assert isinstance(validate(written), Accepted)


@pytest.mark.slow
@pytest.mark.parametrize("code", [Code.TOO_HARD, Code.TOO_EASY, Code.NO_ROOM])
def test_a_level_that_is_sent_back_comes_back_changed_as_it_was_asked_with_its_history(code, validate):
    plan = of_task(random_task(np.random.default_rng(3), 2), 2, near=False)
    draft = Draft(print_level(plan, "a test."), "", Origin.GRAMMAR, (), "expand")
    wanted = {Code.TOO_HARD: moves.EASIER, Code.TOO_EASY: moves.HARDER, Code.NO_ROOM: (moves.widen, moves.clear)}[code]
    found = {}
    for index in range(8):
        asked = replace(returned(draft, code), index=index)
        outcome = GrammarDreamer(Streams(0)).dream([asked], validate)[0]
        assert outcome.accepted
        assert (outcome.draft.repairs[0].source, outcome.draft.repairs[0].code) == (draft.source, code)
        assert plan_of(outcome.draft.source).goal == plan.goal, "the same level, not another one"
        found[outcome.draft.move] = plan_of(outcome.draft.source)
    assert set(found) <= {move.__name__ for move in wanted}
    if code is Code.TOO_HARD:
        assert found.get("shorten", plan).depth <= plan.depth


def test_what_cannot_be_read_is_answered_by_a_new_level(validate):
    draft = Draft("GOAL = 1\n", "", Origin.FOUNDATION, (), "expand")
    outcome = GrammarDreamer(Streams(0)).dream([returned(draft, Code.TOO_HARD)], validate)[0]
    assert outcome.accepted
    assert outcome.draft.move == "expand"
