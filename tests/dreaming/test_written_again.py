"""A level that was tried, measured or turned down is written again with what that told."""

from dataclasses import replace

import briefs
import numpy as np
import pytest
from grammar_dreams import REFUSALS, YES, dream_one

from dicode.games.craftax.grammar import Help, plan_of, print_level
from dicode.games.craftax.grammar.dreamer import adapted
from dicode.games.craftax.grammar.experience import STALE, Tried, tried, wanted_help
from dicode.games.craftax.grammar.frontier import before
from dicode.games.craftax.grammar.lessons import stage
from dicode.games.craftax.grammar.mechanics import MECHANICS
from dicode.games.craftax.grammar.plan import Plan
from dicode.levels import Achievement
from dicode.types import Accepted, Brief, Code, Draft, LevelRecord, Origin, Rejected, Trial


@pytest.mark.fast
def test_a_rejected_draft_is_adapted_and_its_history_kept():
    seen = []

    def validate(draft):
        seen.append(draft)
        if len(seen) < 3:
            return Rejected("build", "4 TREE blocks do not fit", "distance=(2, 9) has room", code=Code.NO_ROOM)
        return YES

    outcome = dream_one(Brief(0, 0, None, {}, None), validate)
    assert outcome.accepted
    assert len({draft.id for draft in seen}) == 3
    assert [repair.source for repair in outcome.draft.repairs] == [draft.source for draft in seen[:2]]


@pytest.mark.fast
@pytest.mark.parametrize("reason", ["the goal (inventory.sapling >= 1) is met at the start", "ist schon erreicht"])
def test_a_level_that_is_solved_at_the_start_starts_with_less_and_asks_for_more(reason):
    plan = Plan((Achievement.PLACE_PLANT,), {"inventory.sapling": 1.0}, kit={"sapling": 2, "wood": 3})
    verdict = Rejected("verify", reason, code=Code.SOLVED)
    mended = adapted(plan, verdict, np.random.default_rng(0))
    assert not mended.kit
    assert mended.minimum == {"inventory.sapling": 2.0}
    assert mended.achievements == plan.achievements


@pytest.mark.fast
def test_what_a_rejection_changes_follows_from_its_code_alone():
    plan = stage(Achievement.COLLECT_WOOD, Help.NEAR, np.random.default_rng(0)).changed(radius=3)
    strange = plan.changed(mechanic=next(iter(MECHANICS)), numbers={})

    def answered(code, plan):
        return adapted(plan, Rejected("build", "no", code=code), np.random.default_rng(0))

    assert answered(Code.NO_ROOM, plan).radius > plan.radius
    assert answered(Code.NO_ROOM, plan).blocks
    assert answered(Code.HOOK, strange) == plan.changed(mechanic="", numbers={})
    assert answered(Code.OUT_OF_REACH, plan).achievements == plan.achievements


@pytest.mark.fast
def test_three_rejections_are_an_outcome_not_an_error():
    outcome = dream_one(Brief(0, 0, None, {}, None), lambda draft: Rejected("verify", "no", code=Code.MOBS))
    assert outcome.verdict == Rejected("verify", "no", code=Code.MOBS)
    assert len(outcome.draft.repairs) == 2


def _level(achievement: Achievement, help_: Help, name: str, parents=()) -> LevelRecord:
    source = print_level(stage(achievement, help_, np.random.default_rng(5)), "Because.")
    draft = Draft(source, name, Origin.GRAMMAR, parents)
    return briefs.record(draft, Accepted({"achievements": [achievement.name], "minimum": {}}, {}, "-"))


def _family(parent_rate: float, children: list[tuple[Achievement, Help, float]]) -> Brief:
    parent = _level(Achievement.COLLECT_WOOD, Help.NEAR, "parent")
    kids = [(_level(a, help_, "kid", (parent.id,)), rate) for a, help_, rate in children]
    told = {kid.id: (Trial(kid.id, 1, 40, round(40 * rate), 1.0, 50.0),) for kid, rate in kids}
    report = briefs.report(parent, 40, round(40 * parent_rate))
    table = briefs.able(1, np.random.default_rng(0))
    return Brief(1, 0, report, table, 1.0, relatives=tuple(kid for kid, _ in kids), trials=told)


@pytest.mark.slow
def test_no_step_that_failed_is_taken_again_and_none_that_was_too_easy():
    failed = [(a, Help.NEAR, 0.0) for a in Achievement if len(before(a)) <= 4 and a != Achievement.COLLECT_WOOD]
    easy = [(Achievement.COLLECT_WOOD, Help.TOOLS, 0.95)]
    brief = _family(0.9, [*failed, *easy])
    for index in range(30):
        plan = plan_of(dream_one(replace(brief, index=index)).draft.source)
        for achievement, help_, _ in failed:
            assert achievement not in plan.achievements or plan.help > help_, (index, plan)
        assert plan.achievements != (Achievement.COLLECT_WOOD,) or plan.help < Help.TOOLS, index


@pytest.mark.fast
@pytest.mark.parametrize(
    ("help_", "known", "wanted"),
    [
        (Help.NEAR, [], Help.NEAR),
        (Help.NEAR, [(Help.NEAR, 0.0)], Help.HANDED),
        (Help.NEAR, [(Help.HANDED, 0.0)], None),
        (Help.NEAR, [(Help.NEAR, 0.9)], Help.TOOLS),
        (Help.HANDED, [(Help.BARE, 0.0), (Help.NEAR, 0.9)], Help.TOOLS),
        (Help.GAME, [(Help.GAME, 0.9)], None),
        (Help.NEAR, [(Help.NEAR, 0.5)], Help.NEAR),
        (Help.NEAR, [(Help.TOOLS, 0.0), (Help.NEAR, 0.9)], Help.NEAR),
    ],
)
def test_help_is_looked_for_between_what_failed_and_what_was_too_easy(help_, known, wanted):
    plan = Plan((Achievement.COLLECT_WOOD,), help=help_)
    tried = tuple(Tried(frozenset(plan.achievements), tried_help, rate) for tried_help, rate in known)
    assert wanted_help(tried, plan, np.random.default_rng(0)) == wanted


@pytest.mark.fast
def test_a_failure_is_forgotten_when_the_agent_has_learned_since_and_an_easy_level_is_not():
    brief = _family(0.9, [(Achievement.COLLECT_STONE, Help.TOOLS, 0.0), (Achievement.COLLECT_WOOD, Help.NEAR, 0.95)])
    now = {next(iter(one.achievements)): one.rate for one in tried(replace(brief, cycle=1 + STALE))}
    later = {next(iter(one.achievements)): one.rate for one in tried(replace(brief, cycle=2 + STALE))}
    assert now[Achievement.COLLECT_STONE] == 0.0
    assert Achievement.COLLECT_STONE not in later
    assert now[Achievement.COLLECT_WOOD] == later[Achievement.COLLECT_WOOD]


@pytest.mark.fast
def test_a_failure_at_part_of_a_goal_counts_for_the_whole_and_an_easy_whole_for_its_parts():
    one, two = Achievement.COLLECT_WOOD, Achievement.PLACE_TABLE
    failed = (Tried(frozenset({one}), Help.NEAR, 0.0),)
    easy = (Tried(frozenset({one, two}), Help.NEAR, 0.9),)
    rng = np.random.default_rng(0)
    assert wanted_help(failed, Plan((one, two), help=Help.NEAR), rng) is Help.HANDED
    assert wanted_help(failed, Plan((two,), help=Help.NEAR), rng) is Help.NEAR
    assert wanted_help(easy, Plan((one,), help=Help.NEAR), rng) is Help.TOOLS
    assert wanted_help(easy, Plan((one, two, Achievement.EAT_COW), help=Help.NEAR), rng) is Help.NEAR


@pytest.mark.fast
def test_between_the_last_help_and_none_there_are_longer_ways_and_less_of_all():
    level = _level(Achievement.COLLECT_STONE, Help.TOOLS, "measured")
    easy = Rejected("probe", "10 of 10", "harder", code=Code.TOO_EASY)
    back = replace(level, verdict=easy)
    before_, found = plan_of(level.source), []
    for index in range(5):
        brief = Brief(3, index, None, {}, None, revises=back, known=frozenset({level.id}))
        found.append(plan_of(dream_one(brief).draft.source))
    for plan in found:
        assert plan.help == Help.TOOLS
        assert max(spot.high for spot in plan.blocks) > max(spot.high for spot in before_.blocks)
        assert sum(spot.count for spot in plan.blocks) <= sum(spot.count for spot in before_.blocks)
    assert len({plan.blocks for plan in found}) > 1, "by how much is drawn"


@pytest.mark.fast
@pytest.mark.parametrize("code", [Code.NO_ROOM, Code.IMPOSSIBLE, Code.SOLVED])
@pytest.mark.parametrize("allowed", [True, False])
def test_a_mechanic_of_a_level_that_is_written_again_is_kept_where_it_is_allowed_and_only_there(code, allowed):
    plan = stage(Achievement.EAT_COW, Help.NEAR, np.random.default_rng(0))
    ice = plan.changed(mechanic="ice", numbers=MECHANICS["ice"].draw(np.random.default_rng(0)))
    level = replace(_level(Achievement.EAT_COW, Help.NEAR, "m"), source=print_level(ice, "why"))
    back = replace(level, verdict=Rejected("verify", "no", code=code))
    for index in range(8):
        again = dream_one(Brief(3, index, None, {}, None, allow_hooks=allowed, revises=back), hooks=True).draft.source
        assert ("def transition" in again) == allowed


@pytest.mark.slow
@pytest.mark.parametrize("code", REFUSALS)
def test_a_level_whose_mechanic_says_what_is_asked_is_written_again_with_something_to_ask(code):
    """A shelter that was turned down came back with a mechanic that asks for nothing, and the run ended."""

    def judge(draft):
        return Rejected("verify", "no", code=code) if "def success(" in draft.source else YES

    turned_down = 0
    for seed in range(120):
        outcome = dream_one(Brief(0, seed, None, {}, None, allow_hooks=True), judge, seed, hooks=True)
        turned_down += "def success(" in (outcome.draft.repairs[0].source if outcome.draft.repairs else "")
        assert "GOAL" in outcome.draft.source or "def success(" in outcome.draft.source
    assert turned_down > 0


@pytest.mark.fast
def test_where_everything_is_at_hand_and_still_too_hard_there_is_more_time():
    level = _level(Achievement.MAKE_WOOD_PICKAXE, Help.HANDED, "measured")
    hard = Rejected("probe", "0 of 10", "easier", code=Code.TOO_HARD)
    back = replace(level, verdict=hard)
    plan = plan_of(dream_one(Brief(3, 0, None, {}, None, revises=back, known=frozenset({level.id}))).draft.source)
    assert plan.help == Help.HANDED
    assert "episode_length" not in plan.rules


@pytest.mark.fast
@pytest.mark.parametrize(("code", "more"), [(Code.TOO_HARD, 1), (Code.TOO_EASY, -1)])
def test_a_level_that_was_measured_comes_back_with_more_help_or_less(code, more):
    level = _level(Achievement.COLLECT_STONE, Help.NEAR, "measured")
    back = replace(level, verdict=Rejected("probe", "0 of 10", "easier", code=code))
    outcome = dream_one(Brief(3, 0, None, {}, None, revises=back, known=frozenset({level.id})))
    plan = plan_of(outcome.draft.source)
    assert plan.achievements == (Achievement.COLLECT_STONE,)
    assert plan.help == Help.NEAR + more
    assert [(r.stage, r.code, r.source) for r in outcome.draft.repairs] == [("probe", code, level.source)]
