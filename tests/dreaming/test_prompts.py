import re
from dataclasses import replace

import numpy as np
import pytest

from dicode.dreaming import prompts
from dicode.dreaming.calls import estimate_tokens
from dicode.dreaming.parse import Parsed, parse_answer
from dicode.dreaming.settings import DreamerConfig
from dicode.games.craftax import facts
from dicode.games.craftax.asking import PROMPTS
from dicode.games.craftax.host import HOST
from dicode.games.craftax.levels import field_meanings
from dicode.games.craftax.levels.rule_spec import RULES
from dicode.games.craftax.levels.schema import STATE_FIELDS
from dicode.games.craftax.library import load
from dicode.games.templates import template
from dicode.levels import Achievement, Mob, Rules, World
from dicode.streams import Streams
from dicode.types import Accepted, Brief, Draft, LevelRecord, Origin, OwnTarget, ParentReport, RunFacts, Trial

pytestmark = pytest.mark.fast

HALF = {a.name: 0.5 for a in Achievement}


def record(name="a" * 12, source=None, description="Defeat a zombie at night with a stone sword."):
    source = PROMPTS.example if source is None else source
    return LevelRecord(name, source, description, Origin.GRAMMAR, (), "", 1, Accepted({}, {}, "h"))


def brief(**changes):
    trials = tuple(Trial("a" * 12, c, 100, 40, 3.0, 200.0, HALF) for c in range(9))
    values = {
        "cycle": 4,
        "index": 1,
        "parent": ParentReport(record(), trials, ("b" * 12,)),
        "target_success": HALF,
        "target_return": 12.5,
        "examples": tuple(record(f"{i:012d}") for i in range(6)),
        "allow_hooks": False,
    }
    return Brief(**(values | changes))


def worst():
    """A brief with everything as long as it can be."""
    long = PROMPTS.example + "# a comment that goes on\n" * 1500
    huge = record("c" * 12, long, "words and words " * 500)
    trials = brief().parent.trials
    kin = tuple(replace(huge, id=f"{i:012d}", parents=(huge.id,) if i % 2 else ()) for i in range(16))
    endings = {f"a monster with a long name {i}": 0.1 for i in range(20)}
    told = {level.id: tuple(replace(t, level=level.id, endings=endings) for t in trials) for level in (*kin, huge)}
    parent = ParentReport(huge, trials, ("x",) * 9)
    return brief(parent=parent, examples=(huge,) * 6, allow_hooks=True, relatives=kin, trials=told)


NUDGE = prompts.Focus("DEFEAT_NECROMANCER", PROMPTS.twists[2])
ASK = {
    "design": lambda b: prompts.design(HOST, b, NUDGE),
    "code": lambda b: prompts.code(HOST, b, "Words of a description. " * 80),
    "level": lambda b: prompts.level(HOST, b, NUDGE),
    "compact": lambda b: prompts.compact(HOST, b, NUDGE),
    "sketch": lambda b: prompts.sketch(HOST, b, drawn(b), np.random.default_rng(0)),
}


def drawn(b):
    """What the grammar would write for a brief."""
    return HOST.dreams().grammar(Streams(0), DreamerConfig(), 256).sketch(b)


def size(messages):
    return estimate_tokens("".join(m.content for m in messages))


@pytest.mark.parametrize("kind", ASK)
@pytest.mark.parametrize(
    "make", [brief, worst, lambda: brief(parent=None, target_success={}), lambda: brief(goal_only=True)]
)
def test_no_prompt_exceeds_its_limit(kind, make):
    messages = ASK[kind](make())
    assert size(messages) <= prompts.LIMITS[kind]
    assert [m.role for m in messages] == ["system", "user"]
    assert "{{" not in "".join(m.content for m in messages)


def test_the_prompts_sizes_are_those_that_the_documentation_states():
    usual = {kind: size(ask(brief())) for kind, ask in ASK.items()}
    stated = {"design": 5_100, "code": 6_700, "level": 8_500, "compact": 1_650, "sketch": 1_450}
    for kind, tokens in usual.items():
        assert 0.85 * stated[kind] <= tokens <= 1.1 * stated[kind], usual


@pytest.mark.parametrize("kind", ASK)
def test_the_fixed_text_comes_first_and_the_parents_last(kind):
    one, other = ASK[kind](brief()), ASK[kind](brief(parent=ParentReport(record("d" * 12, "GOAL = 1\n", "Other."), ())))
    assert one[0] == other[0]
    assert one[1] != other[1]
    if kind in ("design", "level"):
        shared = one[1].content.index("# The parent") if kind == "level" else one[1].content.index("# Similar")
        assert one[1].content[: shared - 2] == other[1].content[: shared - 2]


@pytest.mark.parametrize("kind", ASK)
def test_the_open_loop_is_told_neither_of_parent_nor_of_success(kind):
    text = ASK[kind](brief(parent=None, target_success={}, target_return=None, examples=()))[1].content
    assert "parent" not in text
    assert "%" not in text
    assert "unmodified game" not in text.replace("closer to the unmodified game", "")


def test_the_closed_loop_is_told_of_both():
    for kind in ("design", "level"):
        text = ASK[kind](brief())[1].content
        assert "Mean return 12.5" in text
        assert "40 % of 100 episodes" in text
        assert "DEFEAT_ZOMBIE 50 %" in text
    assert "world.spawn(Mob.ZOMBIE" in ASK["code"](brief())[1].content


def test_goal_only_levels_are_asked_for_a_goal_only():
    for kind, ask in ASK.items():
        if kind == "sketch":
            continue  # its changes are to what such a level leaves out, so none is shown
        assert "no RULES, no build" in ask(brief(goal_only=True))[0].content, kind
    example = re.search(r"```python\n(.*?)```", ASK["code"](brief(goal_only=True))[0].content, re.DOTALL).group(1)
    assert isinstance(parse_answer(example, HOST.levels(), goal_only=True), Parsed)


def test_a_goal_only_level_is_nudged_to_what_a_goal_can_do_and_a_small_model_is_asked_for_no_more():
    asked = [prompts.focus(HOST, brief(goal_only=True), np.random.default_rng(i)).twist for i in range(40)]
    assert set(asked) == set(PROMPTS.alone) < set(PROMPTS.twists)
    nudge = prompts.Focus("COLLECT_IRON", PROMPTS.alone[0])
    system, task = (m.content for m in prompts.compact(HOST, brief(goal_only=True), nudge))
    assert "docstring with `Objective:` and `Why:`, imports, GOAL.\n" in system
    assert "RULES = Rules(name=number)" not in system
    assert "In build(world)" not in system
    assert "It should train COLLECT_IRON" in task
    assert "build(world)" not in task
    assert "needs at least this in build(world)" in prompts.compact(HOST, brief(), nudge)[1].content


FACTS = RunFacts(256, 16, 3.0, 0, "cells", "lstm")


@pytest.mark.parametrize("facts", [None, FACTS])
def test_a_run_s_rewards_and_ends_are_told_as_they_are(facts):
    usual = ASK["design"](brief(facts=facts))[0].content
    assert "All achievements pay their worth on every level, and reaching the goal pays extra and ends the epi" in usual
    changed = brief(facts=replace(FACTS, reward="goal", after_goal="go_on"))
    said = ASK["design"](changed)[0].content
    assert "- Achievements pay nothing on a level; reaching the goal pays and does not end the episode." in said
    assert "pay their worth" not in said
    for kind in ("design", "level"):
        assert "A level pays nothing but its goal. An episode goes on after" in ASK[kind](changed)[1].content


def test_a_target_that_is_a_level_is_what_the_agent_is_measured_on():
    own = OwnTarget("GOAL = 1\n", "A cow.", 0.5)
    for kind in ("design", "level"):
        system, task = (m.content for m in ASK[kind](brief(target=own)))
        assert "is then measured on one level, the target of this run" in system
        assert "measured on the unmodified game" not in system
        assert "measured on this level alone" in task
        assert "measured on the unmodified game" in ASK[kind](brief())[0].content


@pytest.mark.parametrize(("length", "rules"), [("own", ["episode_length"]), ("run", [])])
def test_rules_that_the_run_would_not_heed_are_not_offered(length, rules):
    asked = brief(facts=replace(FACTS, level_rules="game", level_length=length), target_success=HALF)
    for kind in ("design", "code", "level", "compact"):
        said = ASK[kind](asked)[0].content
        known = [name for name in RULES if re.search(rf"^(?:- )?`?{name}`?[ :]", said, re.M)]
        assert known == rules, kind
        assert "In this run levels play by the rules of the unmodified game" in said
        assert not re.search(r"^RULES = Rules\(", said, re.M), kind
    twists = {prompts.focus(HOST, asked, np.random.default_rng(i)).twist for i in range(60)}
    assert twists == set(PROMPTS.twists) - set(PROMPTS.ruled)


def test_hooks_are_told_of_only_where_they_are_allowed():
    assert "transition(before" in ASK["code"](brief(allow_hooks=True))[0].content
    assert "transition(before" not in ASK["code"](brief())[0].content


@pytest.mark.parametrize(("successes", "says"), [(90, "one step beyond"), (40, "is learning"), (5, "easier step")])
def test_the_agents_success_on_the_parent_decides_the_direction(successes, says):
    report = ParentReport(record(), (Trial("a" * 12, 3, 100, successes, 1.0, 100.0),))
    for kind in ("design", "level", "compact"):
        assert says in ASK[kind](brief(parent=report))[1].content


def test_a_parent_whose_children_all_failed_is_not_stepped_beyond():
    report = ParentReport(record(), (Trial("a" * 12, 3, 100, 90, 1.0, 100.0),))
    child = replace(record("f" * 12), parents=("a" * 12,))
    failed = Trial(child.id, 3, 40, 0, 1.0, 100.0, {"PLACE_TABLE": 0.95}, endings={"zombie": 0.4})
    facts = RunFacts(256, 16, 3.0, 0, "cells", "lstm")
    asked = brief(parent=report, relatives=(child,), trials={child.id: (failed,)}, facts=facts)
    for kind in ("design", "level", "compact"):
        text = ASK[kind](asked)[1].content
        assert "clearly easier than its children, which are all too hard" in text
        assert "one step beyond" not in text
    for kind in ("design", "level"):
        text = ASK[kind](asked)[1].content
        assert "agents reached PLACE_TABLE 95 %; failed by zombie 40 %" in text
        assert "An episode lasts 256 steps at most" in text


def test_the_other_dreams_of_a_round_are_told():
    nudges = [
        prompts.Focus("EAT_COW", "."),
        prompts.Focus("WAKE_UP", "."),
        prompts.Focus(None, "."),
    ]
    others = prompts.leanings(nudges, own=0)
    assert "The 2 other dreams of this round lean to WAKE_UP" in others
    assert "EAT_COW" not in others
    assert others in prompts.design(HOST, brief(), NUDGE, others)[1].content
    assert prompts.leanings(nudges[:1], own=0) == ""


def test_a_parent_without_an_episode_is_no_zero_percent():
    report = ParentReport(record(), (Trial("a" * 12, 3, 0, 0, 0.0, 0.0),))
    text = ASK["design"](brief(parent=report))[1].content
    assert "not finished an episode" in text
    assert "grows out of the parent" in text


def test_within_reach_is_what_is_not_mastered_and_whose_needs_are_begun():
    rates = {"COLLECT_WOOD": 0.9, "PLACE_TABLE": 0.8, "MAKE_WOOD_PICKAXE": 0.3}
    near = prompts.within_reach(HOST, rates)
    assert "MAKE_WOOD_PICKAXE" in near
    assert "COLLECT_STONE" in near
    assert "COLLECT_WOOD" not in near
    assert "COLLECT_IRON" not in near
    assert prompts.within_reach(HOST, {}) == ()


def test_dreams_of_one_parent_are_nudged_differently_and_reproducibly():
    nudges = [prompts.focus(HOST, brief(), np.random.default_rng(i)) for i in range(30)]
    assert len(set(nudges)) > 10
    assert prompts.focus(HOST, brief(), np.random.default_rng(3)) == nudges[3]
    assert prompts.focus(HOST, brief(target_success={}), np.random.default_rng(1)).achievement is None


def test_a_placeholder_without_a_value_and_a_value_without_a_placeholder_are_errors():
    with pytest.raises(KeyError):
        prompts.fill("code_task", examples="", parent="")
    with pytest.raises(ValueError, match="no placeholder for color"):
        prompts.fill("code_task", examples="", parent="", description="", color="red")


def test_text_that_looks_like_a_placeholder_is_left_alone():
    filled = prompts.fill("code_task", examples="", parent="", description="use {{rules}} and \\1")
    assert "use {{rules}} and \\1" in filled


def test_facts_name_every_achievement_rule_and_call():
    assert all(f"- {a.name} (" in facts.achievements() for a in Achievement)
    assert all(f"`{name}`" in facts.rules() for name in RULES)
    calls = [name for name in vars(World) if not name.startswith("_") and callable(getattr(World, name))]
    assert calls
    assert all(f"`world.{name}(" in facts.api() for name in calls)
    assert "67 achievements" in facts.game()
    assert "226 in all" in facts.game()


def test_rules_that_no_level_uses_are_left_out_of_the_prompts_and_nothing_else():
    told = set(re.findall(r"- `(\w+)`", facts.rules(fine=False)))
    assert told == set(RULES) - facts.FINE
    assert len(told) > 60
    used = {name for _, source in load() for name in re.findall(r"(\w+)=", "".join(re.findall(r"Rules\(.*", source)))}
    assert used
    assert used <= told
    assert set(facts.COMPACT_RULES) <= told
    for kind in ("design", "code", "level"):
        assert facts.rules(fine=False) in ASK[kind](brief())[0].content


def test_the_design_is_told_ranges_defaults_damage_and_health():
    text = ASK["design"](brief())[0].content
    assert "`ladder_kills`[floor] int 0..1000, 8:" in text
    assert "`plant_ripening` int 1..100000, 600:" in text
    assert "zombie 5/2" in text
    assert "troll 20/8" in text
    assert "sword: none 1, wood 2, stone 3, iron 5, diamond 8" in text


def test_the_damage_in_the_prompts_is_that_of_the_rules():
    blow = Rules().value("melee_damage")[Mob.FROST_TROLL.type_id].sum()
    assert f"frost_troll 24/{blow:g}" in facts.game()
    assert all(f"{mob.name.lower()} {Rules().value('mob_health')[mob]:g}" in facts.game() for mob in Mob)


def test_the_code_stage_is_told_formats_classes_and_directions():
    text = ASK["code"](brief())[0].content
    assert "`armour` is a list of four pieces, each 0 none, 1 iron, 2 diamond" in text
    assert "`potions` is a list of six counts by colour: red, green, blue, pink, cyan, yellow" in text
    assert "ranged (at most 2 a floor): SKELETON" in text
    assert "`Facing.`: LEFT RIGHT UP DOWN" in text
    assert "PLACE_STONE" in ASK["code"](brief(allow_hooks=True))[0].content


def test_hooks_are_told_every_field_with_type_shape_and_meaning():
    told = facts.fields()
    for name, field in STATE_FIELDS.items():
        record, _, part = name.partition(".")
        if name == "state_rng":
            continue
        shown = record if part and record != "inventory" else name
        lines = [line for line in told.split("\n") if re.search(rf"(?<![\w.]){re.escape(shown)}\b", line)]
        assert len(lines) == 1, name
        assert str(field.dtype) in lines[0], name
        assert part in lines[0], name
        assert field_meanings.meaning(name)
    assert (
        not set(field_meanings.MEANINGS) - set(STATE_FIELDS) - {f".{name.partition('.')[2]}" for name in STATE_FIELDS}
    )
    assert facts.fields() in ASK["code"](brief(allow_hooks=True))[0].content


@pytest.mark.parametrize("kind", ["code", "level"])
def test_no_part_contradicts_another_about_imports(kind):
    plain, hooks = (ASK[kind](brief(allow_hooks=allow))[0].content for allow in (False, True))
    assert "Import from `dicode.levels` and `numpy` only." in plain
    assert "jax" not in plain
    assert "`numpy` only, with `jax` and `jax.numpy` for hooks." in hooks
    assert "import jax.numpy as jnp" in hooks


def test_no_entry_of_the_reference_lacks_its_sentence():
    for line in facts.api().split("\n"):
        assert not line.rstrip().endswith(("`:", "`")), line


def test_the_compact_selection_exists():
    assert all(f"world.{name}(" in facts.compact_api() for name in facts.COMPACT_WORLD)
    assert all(name in RULES for name in facts.COMPACT_RULES)


def test_every_name_in_the_templates_code_is_of_the_api():
    system = (
        ASK["compact"](brief())[0].content
        + ASK["sketch"](brief())[0].content
        + template("dicode.games.craftax", "hooks")
        + template("dicode.games.craftax", "code_system")
    )
    for name in re.findall(r"world\.(\w+)", system):
        assert name == "rng" or hasattr(World, name) or name in ("player",), name
    for name in re.findall(r"Achievement\.([A-Z_]{5,})", system):
        assert name in Achievement.__members__, name


def test_a_sketch_is_what_the_grammar_would_write_without_its_reason():
    text = ASK["sketch"](brief())[1].content
    source = drawn(brief()).source
    goal, build = source[source.index("GOAL =") :].split("\n")[0], source[source.index("def build") :].strip()
    assert goal in text
    assert build in text
    assert "Why:" in source
    assert "Why:" not in text
    assert any(change in text for change in PROMPTS.changes)
    asked = {prompts.sketch(HOST, brief(), drawn(brief()), np.random.default_rng(i)) for i in range(40)}
    assert len(asked) == len(PROMPTS.changes)


def test_a_sketch_without_a_build_asks_for_one():
    text = prompts.sketch(HOST, brief(), Draft("GOAL = 1\n", "", Origin.GRAMMAR), np.random.default_rng(0))[1].content
    assert "no build(world) yet" in text
    assert "no build(world) yet" not in ASK["sketch"](brief())[1].content


@pytest.mark.parametrize("change", PROMPTS.changes)
def test_what_a_change_shows_is_level_code_that_runs(change, blank):
    from dicode import levels
    from dicode.games.level_build import build_pool

    code = re.findall(r"world\.[\w.]+(?:\((?:[^()]|\([^()]*\))*\)| = [\d.]+)|Rules\([^)]*\)", change)
    assert code, change
    body = "\n    ".join(code)
    namespace = {name: getattr(levels, name) for name in levels.__all__}
    exec(f"GOAL = Goal.all_of(Achievement.EAT_COW)\ndef build(world):\n    {body}\n", namespace)
    assert build_pool(HOST, namespace, blank, seed=1).pool


@pytest.mark.parametrize("source", [PROMPTS.example, *PROMPTS.varied])
def test_the_examples_in_the_prompts_are_levels_that_pass_the_checks(source):
    from dicode.games.craftax.levels.blank import blank_worlds
    from dicode.games.craftax.levels.checks import check
    from dicode.games.level_build import build_pool

    namespace = {}
    exec(source, namespace)  # our own file, not a model's
    built = build_pool(HOST, namespace, blank_worlds(2, seed=3), seed=1)
    assert {*built.goal.achievements} & {Achievement.DEFEAT_ZOMBIE, Achievement.COLLECT_SAPPHIRE}
    assert built.rules.to_json()
    assert check(built.pool, built.goal, built.rules) == ()
    parsed = parse_answer(f"```python\n{source}```", HOST.levels())
    assert isinstance(parsed, Parsed)
    assert parsed.notes == ()
    assert parsed.source == source


def test_a_hook_in_the_prompts_reads_as_a_level():
    hook = re.search(r"```python\n(.*?)```", template("dicode.games.craftax", "hooks"), re.DOTALL).group(1)
    assert isinstance(parse_answer(f"```python\n{PROMPTS.example}\n{hook}```", HOST.levels()), Parsed)


@pytest.mark.parametrize("achievement", list(Achievement), ids=lambda a: a.name)
def test_the_recipe_for_an_achievement_makes_a_level_that_passes_the_checks(achievement, blank):
    from dicode import levels
    from dicode.games.craftax.levels.checks import check
    from dicode.games.level_build import build_pool

    body = "\n    ".join((facts.recipe(achievement) or "pass").split("\n"))
    namespace = {name: getattr(levels, name) for name in levels.__all__}
    exec(f"GOAL = Goal.all_of(Achievement.{achievement.name})\ndef build(world):\n    {body}\n", namespace)
    built = build_pool(HOST, namespace, blank, seed=1)
    assert isinstance(check(built.pool, built.goal, built.rules), tuple)


@pytest.fixture(scope="module")
def blank():
    from dicode.games.craftax.levels.blank import blank_worlds

    return blank_worlds(1, seed=3)
