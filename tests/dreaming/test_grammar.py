"""The grammar dreamer keeps what it promises: readable levels that pass the checks, one step ahead, all new."""

import itertools
from dataclasses import replace

import briefs
import numpy as np
import pytest
from grammar_dreams import REFUSALS, YES, dream_one

from dicode.dreaming.dreamer import Dreamer
from dicode.games.craftax.grammar import GrammarDreamer, Help, plan_of, print_level, random_level
from dicode.games.craftax.grammar.equipment import USUAL_KIT
from dicode.games.craftax.grammar.frontier import before, missing, rates
from dicode.games.craftax.grammar.lessons import stage
from dicode.games.craftax.grammar.reader import asked_of
from dicode.games.craftax.grammar.variation import eased, restage
from dicode.games.craftax.host import HOST
from dicode.games.craftax.levels.techtree import implied, requirements
from dicode.games.level_text import parse_level
from dicode.levels import Achievement, Floor, Rules
from dicode.streams import Streams
from dicode.types import Accepted, Brief, Draft, LevelRecord, Origin, Rejected

ALL = [(achievement, help_) for achievement in Achievement for help_ in Help]


@pytest.fixture(scope="module")
def library() -> list[LevelRecord]:
    return briefs.library_records()


def test_every_achievement_can_be_staged_at_every_amount_of_help_and_passes_the_checks(blank_pool):
    worlds = {name: array[:1] for name, array in blank_pool.items()}
    validate = briefs.in_process(worlds)
    rng = np.random.default_rng(0)
    refused = []
    for achievement, help_ in ALL:
        source = print_level(stage(achievement, help_, rng), f"A test of {achievement.name} at {help_.name}.")
        verdict = validate(Draft(source, "", Origin.GRAMMAR))
        if isinstance(verdict, Rejected) and verdict.stage != "novelty":
            refused.append((achievement.name, help_.name, verdict))
    assert not refused
    assert len(ALL) == 67 * 5


@pytest.mark.slow
def test_a_printed_plan_is_read_back_exactly():
    rng = np.random.default_rng(1)
    for achievement, help_ in ALL:
        plan = stage(achievement, help_, rng)
        assert plan_of(print_level(plan, "why")) == plan, (achievement, help_)


@pytest.mark.fast
def test_a_level_that_is_eased_again_and_again_keeps_rules_that_the_game_allows():
    rng = np.random.default_rng(0)
    plan = stage(Achievement.DEFEAT_ZOMBIE, Help.HANDED, rng)
    for _ in range(12):
        plan = eased(plan, rng)
        Rules(**plan.rules)
    assert plan.rules["health_recovery"] == 10.0


@pytest.mark.fast
def test_what_a_level_says_of_itself_can_be_parsed():
    rng = np.random.default_rng(2)
    for achievement, help_ in ALL:
        text = parse_level(print_level(stage(achievement, help_, rng), "Because."))
        assert not isinstance(text, Rejected)
        assert text.objective
        assert text.why == "Because."
        assert achievement.name in text.goal


@pytest.mark.fast
def test_the_same_brief_gives_the_same_level_and_another_index_another_one(library):
    brief = briefs.random_brief(3, library, np.random.default_rng(3))
    again = dream_one(brief)
    assert dream_one(brief).draft == again.draft
    assert dream_one(replace(brief, index=brief.index + 1)).draft.id != again.draft.id
    assert dream_one(brief, seed=1).draft.id != again.draft.id


@pytest.mark.fast
def test_levels_of_a_round_differ_from_each_other_and_from_the_archive(library):
    brief = replace(briefs.random_brief(3, library, np.random.default_rng(4)), parent=None, target_success={})
    round_ = [replace(brief, index=index) for index in range(12)]
    first = [outcome.draft.id for outcome in GrammarDreamer(Streams(0)).dream(round_, lambda draft: YES)]
    later = [replace(b, known=frozenset(first)) for b in round_]
    second = [outcome.draft.id for outcome in GrammarDreamer(Streams(0)).dream(later, lambda draft: YES)]
    assert len(set(first)) == 12
    assert len(set(second)) == 12
    assert not set(first) & set(second)


@pytest.mark.fast
@pytest.mark.parametrize("seed", range(8))
def test_an_untrained_agent_is_asked_for_what_is_few_steps_away(seed):
    brief = Brief(0, seed, None, dict.fromkeys((a.name for a in Achievement), 0.0), 0.0)
    plan = plan_of(dream_one(brief).draft.source)
    assert max(len(before(achievement)) for achievement in plan.achievements) <= 4
    assert plan.help >= Help.TOOLS


@pytest.mark.fast
def test_most_dreams_lie_at_most_one_unknown_step_beyond_the_agent():
    beyond = []
    for index in range(60):
        rng = np.random.default_rng(index)
        table = briefs.able(index % 25, rng)
        plan = plan_of(dream_one(Brief(0, index, None, table, 1.0)).draft.source)
        beyond.append(missing(plan.focus, rates(table)))
    assert np.mean(np.array(beyond) <= 1) > 0.75


@pytest.mark.slow
def test_every_floor_and_every_achievement_comes_up_as_the_agent_grows():
    asked, floors = set(), set()
    for index in range(1500):
        rng = np.random.default_rng(index)
        brief = Brief(index // 12, index % 12, None, briefs.able(int(rng.integers(0, 45)), rng), 1.0)
        plan = plan_of(dream_one(brief).draft.source)
        asked |= set(plan.achievements)
        floors.add(plan.floor)
        if len(asked) == 67 and len(floors) == 9:
            break
    assert floors == set(Floor)
    assert set(Achievement) - asked == set()


@pytest.mark.slow
def test_what_is_in_hand_never_implies_what_is_asked(blank_pool):
    world = {name: np.array(array[0]) for name, array in blank_pool.items()}
    rng = np.random.default_rng(6)
    for achievement, help_ in ALL:
        for floor in requirements(achievement).floors:
            kit = stage(achievement, help_, rng, floor).kit
            start = world | {f"inventory.{name}": np.asarray(count) for name, count in kit.items()}
            assert not implied(start)[achievement], (achievement.name, help_.name, floor.name, kit)


def _moves(library, rate: float, count: int = 40, **success: float) -> list[str]:
    parent = next(level for level in library if level.description == "place_table")
    report = briefs.report(parent, 100, int(100 * rate))
    table = {a.name: 0.0 for a in Achievement} | success
    return [dream_one(Brief(1, index, report, table, 1.0)).draft.move for index in range(count)]


@pytest.mark.slow
def test_a_solved_parent_is_moved_on_from_and_an_unsolved_one_made_easier(library):
    solved, failed = _moves(library, 0.9), _moves(library, 0.0)
    assert not {"scaffold", "ease"} & set(solved)
    assert {"harden", "expand", "combine", "relocate"} == set(solved)
    assert {"scaffold", "ease"} <= set(failed)
    assert not {"harden", "combine"} & set(failed)


@pytest.mark.fast
def test_a_lineage_that_is_always_solved_ends_in_the_game_itself():
    success = {a.name: 0.3 for a in Achievement} | {"COLLECT_WOOD": 0.9}
    source = print_level(stage(Achievement.PLACE_TABLE, Help.HANDED, np.random.default_rng(0)), "start")
    helps = []
    for cycle in range(60):
        level = briefs.record(Draft(source, "", Origin.GRAMMAR), YES)
        outcome = dream_one(Brief(cycle, 0, briefs.report(level, 50, 45), success, 1.0))
        if outcome.draft.move == "harden":
            source = outcome.draft.source
            helps.append(plan_of(source).help)
        if helps and helps[-1] == Help.GAME:
            break
    assert helps[-1] == Help.GAME
    assert helps == sorted(helps, reverse=True)


@pytest.mark.fast
@pytest.mark.parametrize("code", [None, *REFUSALS])
def test_goal_only_levels_change_nothing_but_the_goal_whatever_was_wrong_with_the_last(code):
    verdict = Rejected("verify", "no", code=code) if code else YES
    for index in range(10):
        sources: list[str] = []
        dream_one(
            Brief(0, index, None, {}, None, goal_only=True),
            lambda draft, said=sources: said.append(draft.source) or verdict,
        )
        goals = [source[source.index("GOAL") :] for source in sources]
        assert len(goals) == (3 if code else 1)
        assert all(one != other for one, other in itertools.pairwise(goals)), "what was turned down is not asked again"
        assert not any("def build" in source or "RULES" in source for source in sources)


@pytest.mark.slow
def test_mechanics_appear_only_where_both_the_brief_and_the_configuration_allow_them():
    def with_hooks(allow: bool, hooks: bool) -> int:
        drafts = [dream_one(Brief(0, i, None, {}, None, allow_hooks=allow), hooks=hooks).draft for i in range(40)]
        return sum("def transition" in d.source or "def bonus" in d.source or "def success" in d.source for d in drafts)

    assert with_hooks(True, False) == 0
    assert with_hooks(False, True) == 0
    assert with_hooks(True, True) > 3


@pytest.mark.fast
def test_a_foreign_level_is_read_for_its_goal_floor_and_equipment():
    source = '''"""Objective: loops and all."""
import numpy as np
from dicode.levels import Achievement, Floor, Goal, Mob, Rules, World

GOAL = Goal.all_of(Achievement.DEFEAT_ORC_MAGE, Goal.defeat(Mob.ORC_MAGE, 2))
RULES = Rules(ranged_spawn=0.2)


def build(world: World) -> None:
    player = world.player
    player.floor = Floor.DUNGEON
    player.inventory.sword = 3
    for row in range(3):
        world.blocks[1][row] = np.arange(48) % 2
    world.spawn(Mob.ORC_MAGE, count=2, distance=(3, 5))
'''
    plan = plan_of(source)
    assert plan.achievements == (Achievement.DEFEAT_ORC_MAGE,)
    assert plan.minimum == {"kills.orc_mage": 2.0}
    assert plan.floor == Floor.DUNGEON
    assert plan.kit == {"sword": 3}
    assert plan.rules == {"ranged_spawn": 0.2}
    assert plan.help == Help.NEAR
    assert plan.mobs[0].count == 2


@pytest.mark.fast
@pytest.mark.parametrize("source", ["", "def build(:", "GOAL = 3", "x" * 10, "GOAL = Goal.all_of()"])
def test_a_parent_that_cannot_be_read_still_gets_a_child(source):
    level = briefs.record(Draft(source, "", Origin.FOUNDATION), YES)
    outcome = dream_one(Brief(0, 0, briefs.report(level, 30, 20), {}, None))
    assert outcome.accepted
    assert plan_of(outcome.draft.source).achievements


@pytest.mark.fast
@pytest.mark.parametrize(
    "line",
    [
        'world.set("boss_progress", value=3)',
        "world.player.floor = 9",
        "world.player.floor = -1",
        f"world.time_of_day = {10**400}",
        "world.scatter(Block.TREE, count=3, distance=())",
        "world.room(*[1, 2, 3])",
        "for _ in range(): world.ripe_plant(world.random_cell(()))",
    ],
)
def test_what_no_plan_can_say_of_a_level_is_passed_over(line):
    """A child of a level that a person or a model wrote ended the run, and again at every resumption."""
    source = (
        f'"""Objective: eat."""\nGOAL = Goal.all_of(Achievement.EAT_COW)\nRULES = Rules(hunger={10**400})\n\n\n'
        f"def build(world):\n    world.spawn(Mob.COW, count=2)\n    {line}\n    world.player.inventory.sword = 2\n"
    )
    plan = plan_of(source)
    assert (plan.achievements, plan.kit, len(plan.mobs)) == ((Achievement.EAT_COW,), {"sword": 2}, 1)
    level = briefs.record(Draft(source, "", Origin.FOUNDATION), YES)
    assert dream_one(Brief(0, 0, briefs.report(level, 30, 20), {}, None)).accepted
    assert plan_of(f"GOAL = Goal.survive({10**400})").minimum == {}


@pytest.mark.fast
def test_it_is_a_dreamer():
    assert isinstance(GrammarDreamer(Streams(0)), Dreamer)


@pytest.mark.fast
def test_random_levels_pass_the_checks_and_vary(blank_pool):
    worlds = {name: array[:1] for name, array in blank_pool.items()}
    validate, rng = briefs.in_process(worlds), np.random.default_rng(5)
    drafts = [random_level(rng) for _ in range(25)]
    refused = [v for v in map(validate, drafts) if isinstance(v, Rejected) and v.stage != "novelty"]
    assert not refused
    assert len({draft.id for draft in drafts}) >= 24
    assert {draft.origin for draft in drafts} == {Origin.GENERATOR}


def _hundred(levels, validate):
    """Dreams for 100 random briefs, each child a possible parent of the next."""
    rng, levels = np.random.default_rng(100), list(levels)
    for number in range(100):
        brief = briefs.random_brief(number, levels, rng)
        outcome = dream_one(brief, validate)
        yield brief, outcome
        if outcome.accepted:
            levels.append(briefs.record(outcome.draft, outcome.verdict, number))


def _promises(brief: Brief, outcome) -> None:
    assert outcome.accepted, (outcome.verdict, outcome.draft.source)
    assert outcome.draft.id not in brief.known
    if brief.parent is not None:
        assert outcome.draft.parents == (brief.parent.level.id,)
        assert outcome.draft.source != brief.parent.level.source


@pytest.mark.fast
def test_a_dozen_random_briefs_in_process(library, blank_pool):
    worlds = {name: array[:1] for name, array in blank_pool.items()}
    answers = _hundred(library, briefs.in_process(worlds))
    for _ in range(12):
        _promises(*next(answers))


def test_a_hundred_random_briefs_through_the_sandbox(library, blank_pool):
    from dicode.sandbox import Sandbox

    with Sandbox(HOST) as sandbox:

        def validate(draft):
            built = sandbox.build(draft.source, blank_pool, 0, Origin.GRAMMAR)
            if isinstance(built, Rejected):
                return built
            return Accepted(built.goal.to_json(), built.rules.to_json(), built.pool_hash)

        answered = list(_hundred(library, validate))
    for brief, outcome in answered:
        _promises(brief, outcome)
    assert len(answered) == 100


def test_what_a_quantity_of_wood_is_about_is_wood():
    plan = plan_of('GOAL = Goal.hold("wood", 3)\n')
    assert asked_of(plan) == (Achievement.COLLECT_WOOD,)


@pytest.mark.fast
def test_several_goals_on_a_floor_begin_with_what_a_player_usually_brings_there_once():
    rng = np.random.default_rng(0)
    goals = (Achievement.COLLECT_DIAMOND, Achievement.COLLECT_SAPPHIRE, Achievement.COLLECT_COAL)
    bare = restage(goals, Help.BARE, rng, Floor.GNOMISH_MINES)
    usual = USUAL_KIT[Floor.GNOMISH_MINES]
    assert set(bare.achievements) == set(goals)
    assert {name: count for name, count in bare.kit.items() if name in ("wood", "stone", "arrows", "torches")} == {
        name: usual[name] for name in ("wood", "stone", "arrows", "torches")
    }
    two = (Achievement.PLACE_FURNACE, Achievement.MAKE_STONE_PICKAXE)
    alone = [stage(goal, Help.HANDED, rng, Floor.GNOMISH_MINES).kit.get("stone", 0) for goal in two]
    assert restage(two, Help.HANDED, rng, Floor.GNOMISH_MINES).kit["stone"] == sum(alone), "each in hand for its own"
