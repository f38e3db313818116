import ast
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicode.dreaming.parse import Parsed, parse_answer, parse_design
from dicode.dreaming.unwrap import normalise, strip_reasoning
from dicode.games.craftax.host import HOST
from dicode.types import Code, Rejected

pytestmark = pytest.mark.fast

API = HOST.levels()
LEVEL = '''"""Objective: defeat a zombie.
Why: it gates the dungeon.
"""
from dicode.levels import Achievement, Goal, Mob, Rules, World

GOAL = Goal.all_of(Achievement.DEFEAT_ZOMBIE)
RULES = Rules(ranged_spawn=0.2)


def build(world: World) -> None:
    world.spawn(Mob.ZOMBIE, count=1, distance=(4, 8))
'''


def found(text, **options):
    parsed = parse_answer(text, API, **options)
    assert isinstance(parsed, Parsed), parsed
    return parsed


def refused(text, **options):
    rejected = parse_answer(text, API, **options)
    assert isinstance(rejected, Rejected), rejected
    assert rejected.stage == "parse", rejected
    assert rejected.hint
    assert rejected.reason
    return rejected


@pytest.mark.parametrize(
    "text",
    [
        LEVEL,
        f"```python\n{LEVEL}```",
        f"```\n{LEVEL}```",
        f"~~~py\n{LEVEL}~~~",
        f"Sure! Here is the level:\n\n```python\n{LEVEL}```\nI hope that it helps!",
        f"```python\n{LEVEL}",
        f"<think>First a plan:\n```python\nx = 1\n```\n</think>\n```python\n{LEVEL}```",
        f"I think so.</think>\n```python\n{LEVEL}```",
        f"<|channel|>final<|message|>```python\n{LEVEL}```<|end|>",
        f"Sure:\n\n{LEVEL}",
        f"{LEVEL}\nThis level trains melee combat, and it's easy.\nEnjoy it!",
        f"Here goes.\n{LEVEL}\nNote: `build` runs once.\nMore prose here, isn't it?\n",
        "- a list:\n  ```python\n" + "\n".join("  " + line if line else "" for line in LEVEL.split("\n")) + "\n  ```",
        f"```python\n{LEVEL}```\n```text\nGOAL = nothing\n```",
        f"```python\nGOAL = 1\n```\nor rather\n```python\n{LEVEL}```",
        f"```python\n{LEVEL}```\nExample of use:\n```python\nprint('hello')\n```",
        "\ufeff" + f"```python\n{LEVEL}```".replace("\n", "\r\n"),
        f"```python\n{LEVEL}```".replace("\n", "\r"),
        f"```python\n{LEVEL}```".replace("    world", "\u00a0\u00a0\u00a0\u00a0world"),
        f"````python\n{LEVEL}````",
        f"I leave out the `<think>` block.\n```python\n{LEVEL}```",
        "\x1b[?25l\x1b[1m```python\x1b[0m\n" + LEVEL.replace("GOAL", "\x1b[38;5;2mGOAL\x1b[0m") + "```\x1b[K",
    ],
)
def test_the_same_level_is_found_in_every_wrapping(text):
    assert found(text).source == LEVEL.replace("\n\n\n", "\n\n\n")
    assert found(text).docstring.startswith("Objective: defeat a zombie.")


def test_of_two_whole_levels_the_last_counts():
    second = LEVEL.replace("ranged_spawn=0.2", "ranged_spawn=0.3")
    assert found(f"```python\n{LEVEL}```\nBetter:\n```python\n{second}```").source == second


def test_a_level_in_two_blocks_is_joined():
    head, tail = LEVEL.split("\n\n\n")
    assert found(f"```python\n{head}\n```\nand\n```python\n{tail}```").source == f"{head}\n\n{tail}"


def test_a_level_in_two_blocks_in_the_wrong_order_is_joined_with_imports_first():
    head, tail = LEVEL.split("\n\n\n")
    parsed = found(f"```python\n{tail}```\n```python\n{head.partition(chr(10) * 1 + 'from')[1] and head}\n```")
    assert ast.parse(parsed.source)
    assert parsed.source.index("from dicode.levels import") < parsed.source.index("def build")


def test_forgotten_imports_are_added_and_noted():
    bare = LEVEL.replace("from dicode.levels import Achievement, Goal, Mob, Rules, World\n", "")
    parsed = found(bare.replace("count=1", "count=int(np.ceil(1))"))
    assert "from dicode.levels import Achievement, Goal, Mob, Rules, World\nimport numpy as np\n" in parsed.source
    assert parsed.notes == ("imports added: Achievement, Goal, Mob, Rules, World, np",)
    assert parsed.source.startswith('"""Objective')


def test_late_imports_are_moved_to_the_top():
    line = "from dicode.levels import Achievement, Goal, Mob, Rules, World\n"
    late = LEVEL.replace(line, "") + line
    assert found(late).source.index("import") < found(late).source.index("GOAL")
    assert found(late).notes == ("imports moved to the top",)


def test_names_of_ones_own_are_not_imported():
    parsed = found(LEVEL + "\ndef helper(Block):\n    return [Item for Item in Block]\n")
    assert parsed.notes == ()


def test_typographic_punctuation_in_code_is_straightened():
    odd = LEVEL.replace("count=1", "count=int(\u201c1\u201d)").replace("ranged_spawn=0.2", "ranged_spawn=1 \u2212 0.8")
    assert 'count=int("1")' in found(odd).source
    assert "1 - 0.8" in found(odd).source
    wide = LEVEL.replace("None:", "None\uff1a").replace("GOAL =", "GOAL \uff1d").replace("(4, 8)", "\uff3b4, 8\uff3d")
    assert "distance=[4, 8]" in found(wide).source


def test_non_ascii_in_the_docstring_stays():
    assert "caf\u00e9 \u2014" in found(LEVEL.replace("a zombie", "a zombie in a caf\u00e9 \u2014 quickly")).source


def test_non_ascii_that_cannot_be_mended_is_named():
    assert "U+0437" in refused(LEVEL.replace("count=1", "count=1 \u0437")).hint


def test_alike_dreams_become_equal():
    messy = LEVEL.replace("\n\n\n", "\n   \n\n\n\n\n").replace("0.2)", "0.2)  ")
    assert found(messy).source == LEVEL


@pytest.mark.parametrize("prose", ["food.\n", "food.\n\nGoal: eat a cow, then rest.\n\n"])
def test_a_docstring_that_was_not_closed_ends_before_the_code(prose):
    head, _, code = LEVEL.partition('"""\nfrom')
    parsed = found(f"{head}{prose}from{code}")
    assert parsed.docstring.endswith(prose.strip().split("\n")[-1])
    assert parsed.source.endswith(f'"""\nfrom{code}')


def test_an_open_string_elsewhere_is_not_guessed_at():
    verdict = parse_answer(f'```python\n{LEVEL}    world.player.name = """\n```')
    assert (verdict.stage, verdict.code) == ("parse", Code.SYNTAX)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Goal.survive(300)", "Goal.all_of(Goal.survive(300))"),
        ("Achievement.EAT_COW", "Goal.all_of(Achievement.EAT_COW)"),
        (
            "[\n    Achievement.EAT_COW,\n    Goal.defeat(Mob.COW, 2),\n]",
            "Goal.all_of(Achievement.EAT_COW, Goal.defeat(Mob.COW, 2))",
        ),
        ("Goal.all_of(Achievement.EAT_COW)", "Goal.all_of(Achievement.EAT_COW)"),
        ("Goal(Achievement.EAT_COW)", "Goal.all_of(Achievement.EAT_COW)"),
        ("Goal(Achievement.EAT_COW, Goal.survive(9))", "Goal.all_of(Achievement.EAT_COW, Goal.survive(9))"),
        ("Goal(Make_WOOD_SWORD)", "Goal.all_of(Make_WOOD_SWORD)"),
        ("Goal(3)", "Goal(3)"),
        ("Goal(World)", "Goal(World)"),
        ("Goal()", "Goal()"),
        ("make_goal()", "make_goal()"),
        ("[]", "[]"),
    ],
)
def test_a_goal_that_was_not_wrapped_is_wrapped(said, meant):
    parsed = found(LEVEL.replace("Goal.all_of(Achievement.DEFEAT_ZOMBIE)", said))
    assert f"\nGOAL = {meant}\n" in parsed.source
    assert ("GOAL wrapped in Goal.all_of" in parsed.notes) == (said != meant)


def test_a_docstring_without_an_objective_gets_one():
    parsed = found(LEVEL.replace("Objective: defeat a zombie.", "Defeat a zombie."))
    assert parsed.source.startswith('"""Objective: Defeat a zombie. Why: it gates the dungeon.\n"""\nfrom dicode')
    assert parsed.notes == ("objective added to the docstring",)
    bare = LEVEL[LEVEL.index("from") :]
    assert found(bare, objective='Say "hi" \\ and go').source.startswith('"""Objective: Say \'hi\' / and go\n"""\nfrom')
    assert found(bare).source.startswith('"""Objective: defeat zombie.\n"""\nfrom')


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no code"),
        ("I would rather talk about the weather.", "no code"),
        ("```json\n{}\n```", "no code"),
        ("```python\n\n```", "no code"),
        ("<think>so many thoughts", "ended inside its reasoning"),
        (LEVEL.replace("GOAL =", "TARGET ="), "no GOAL (it has RULES, build)"),
        (LEVEL.replace("count=1,", "count=1,,"), "line 11 is not Python"),
        (f"```python\n{LEVEL[:-30]}```", "is not Python"),
        ("```python\nGOAL = " + "(" * 5000 + "\n```", "not Python"),
        ("```python\nGOAL = " + "-" * 30000 + "1\n```", "not Python"),
        ("```python\n" + LEVEL + "x = 1\n" * 9000 + "```", "characters"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_hint(text, says):
    assert says in refused(text).reason


def test_hooks_are_refused_where_they_are_off():
    level = LEVEL + "\ndef bonus(before, action, after):\n    return 0.0\n"
    assert found(level)
    assert "defines bonus" in refused(level, allow_hooks=False).reason


def test_goal_only_levels_may_define_a_goal_only():
    assert "RULES, build" in refused(LEVEL, goal_only=True).reason
    inside = LEVEL.replace("RULES =", "if True:\n    RULES =").replace("def build", "if True:\n  def build")
    assert "RULES, build" in refused(inside, goal_only=True).reason
    assert found('"""Objective: eat."""\nGOAL = Goal.all_of("eat_cow")\n', goal_only=True)


def test_a_level_with_a_success_hook_needs_no_goal():
    assert found('"""Objective: hook."""\n\n\ndef success(state):\n    return state.player_health > 8\n')


def test_a_description_is_taken_from_its_tags_in_any_order():
    said = "The player starts at night beside three zombies with a stone sword and must defeat two."
    for text in (
        f"<reasoning>melee is weak</reasoning>\n<description>\n{said}\n</description>",
        f"<description>{said}</description><reasoning>melee is weak</reasoning>",
        f"<think>hm</think><description>{said}",
        f"<description>draft</description> rather <description>{said}</description>",
        said,
    ):
        assert parse_design(text) == said


@pytest.mark.parametrize("text", ["", "<description>short</description>", "<reasoning>only thoughts, at length"])
def test_a_design_without_a_description_is_refused_with_a_hint(text):
    rejected = parse_design(text)
    assert isinstance(rejected, Rejected)
    assert rejected.hint


def test_reasoning_in_a_string_of_the_level_does_no_harm():
    assert strip_reasoning("a <think>b</think> c") == "a \n c"
    assert strip_reasoning("<think>b") is None
    assert strip_reasoning("x = '<think>'") == "x = '<think>'"


def test_invisible_characters_are_removed():
    assert normalise("a\u202eb\u200bc\x00d\ud800e\r\nf") == "abcd?e\nf"


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(), max_size=200), st.integers(0, len(LEVEL)))
def test_no_text_makes_the_parser_raise(noise, at):
    for text in (noise, LEVEL[:at] + noise + LEVEL[at:], f"```python\n{LEVEL[:at]}{noise}\n```"):
        parsed = parse_answer(text, API)
        if isinstance(parsed, Parsed):
            ast.parse(parsed.source)
            parsed.source.encode()
        parse_design(text)


OTHER = LEVEL.replace("ZOMBIE", "SKELETON").replace("a zombie", "a skeleton")


@pytest.mark.parametrize(
    "wrap",
    [
        "<think>{plan}</think>\n{level}",
        "[THINK]{plan}[/THINK]\n{level}",
        "<thinking mode='long'>{plan}</thinking>{level}",
        "\u25c1think\u25b7{plan}\u25c1/think\u25b7{level}",
        "<seed:think>{plan}</seed:think>{level}",
        "<|channel|>analysis<|message|>{plan}<|end|><|start|>assistant<|channel|>final<|message|>{level}<|return|>",
        "<|START_THINKING|>{plan}<|END_THINKING|><|START_RESPONSE|>{level}<|END_RESPONSE|>",
        "<|begin_of_thought|>{plan}<|end_of_thought|>\n<|begin_of_solution|>{level}<|end_of_solution|>",
        "<|channel|>analysis<|message|>{plan}<|end|><|start|>assistant<|channel|>final <|constrain|>python<|message|>{level}",
        "<|channel>thought\n{plan}\n<channel|>{level}",
        "<|inner_prefix|>{plan}<|inner_suffix|>{level}",
        "<|think|>{plan}<|end|><|begin|>assistant<|content|>{level}<|end|>",
        "{plan}</think>{level}",
        "{plan}[/THINK]{level}",
        "<think>{plan}<think>{plan}</think>{plan}</think>{level}",
        "<THINK>\n{plan}\n</THINK >\n{level}".replace(" >", ">"),
        "<reasoning>{plan}</reasoning><think>{plan}</think>{level}",
    ],
)
def test_reasoning_in_any_maker_s_tags_is_no_level(wrap):
    plan = f"first\n```python\n{OTHER}```\nno"
    assert found(wrap.format(plan=plan, level=f"\n```python\n{LEVEL}```")).source == LEVEL


@pytest.mark.parametrize(
    "opening",
    ["<think>", "[THINK]", "<reasoning>", "\u25c1think\u25b7", "<|channel|>analysis<|message|>", "<|START_THINKING|>", "<thought>",
     "Sure! [THINK]", "Let me see. <think>", "Let's see. <think>", "<think>a</think>\n<think>", "<|begin_of_thought|>",
     "<longcat_think>", "<think:6124c7>", "<thinking_process>", "<chain_of_thought>", "<cot>", "<|think|>", "<unused94>thought\n",
     "<\uff5cbegin\u2581of\u2581thinking\uff5c>", "analysisWe need ", "<|channel>thought\n", "<|inner_prefix|>"],
)  # fmt: skip
def test_a_draft_in_reasoning_that_never_ends_is_no_level(opening):
    rejected = refused(f"{opening} maybe\n```python\n{LEVEL}```\nbut wait")
    assert "ended inside its reasoning" in rejected.reason


def test_a_level_before_reasoning_that_never_ends_is_read():
    assert found(f"```python\n{LEVEL}```\n<think>was that right?\n```python\n{OTHER}```").source == LEVEL


@pytest.mark.parametrize("tag", ["reasoning", "think"])
def test_a_complete_description_counts_though_the_reasoning_never_ended(tag):
    said = "The player starts at night beside three zombies with a stone sword and must defeat two."
    assert parse_design(f"<{tag}>melee is weak\n<description>{said}</description>") == said
    assert isinstance(parse_design(f"<{tag}>melee is weak\n<description>{said}"), Rejected)
    assert parse_design(f"<{tag}><description>no</description> or <description>{said}</description>") == said


@pytest.mark.parametrize(
    "wrap",
    [
        lambda level: json.dumps({"code": level}),
        lambda level: json.dumps({"thought": "it is good\nvery", "file": {"name": "a.py", "content": level}}),
        lambda level: "```json\n" + json.dumps({"code": level}, indent=2) + "\n```",
        lambda level: json.dumps({"code": level.split("\n")}),
        lambda level: json.dumps([{"code": level}]),
        lambda level: json.dumps({"code": f"```python\n{level}```"}),
        lambda level: '{"code": "' + level.replace('"', '\\"') + '"}',
        lambda level: json.dumps({"code": level}) + "\nI hope it helps!",
        lambda level: "<think>plan</think>" + json.dumps({"code": level}),
        lambda level: "Here is the level:\n" + json.dumps({"code": level}) + "\nEnjoy {it}!",
        lambda level: json.dumps({"thought": "short"}) + "\n" + json.dumps({"code": level}),
        lambda level: f"<tool_call>\n{json.dumps({'name': 'write', 'arguments': {'code': level}})}\n</tool_call>",
        lambda level: (
            f"```json\n{json.dumps({'plan': 'first this,' + chr(10) + 'then that'})}\n```\n```python\n{level}```"
        ),
        lambda level: json.dumps({"description": "A fight\nat night.", "code": level}),
    ],
)
def test_a_level_in_json_is_read(wrap):
    assert found(wrap(LEVEL)).source == LEVEL


def test_a_description_in_json_is_read():
    said = "The player starts at night beside three zombies with a stone sword and must defeat two."
    for body in ({"description": said, "reasoning": said + said}, {"level": {"description": said}}, [said]):
        assert parse_design(json.dumps(body)) == said


@pytest.mark.parametrize(
    "answer",
    [
        "{own}{copy}",
        "{copy}{own}",
        "{own}As a reminder, the level that it builds on:\n{copy}Goodbye!",
        "{copy}{own}{copy}",
        "{own}{renamed}",
    ],
)
def test_of_several_levels_the_new_one_is_taken(answer):
    from dicode.dreaming.similarity import syntax

    renamed = OTHER.replace("Why:", "Why so:").replace("world.spawn", "# fight\n    world.spawn")
    blocks = {
        name: f"```python\n{text}```\n" for name, text in {"own": LEVEL, "copy": OTHER, "renamed": renamed}.items()
    }
    text, known = answer.format(**blocks), {syntax(OTHER).exact}
    assert found(text, known=known).source == LEVEL


def test_a_copy_is_taken_where_there_is_nothing_else():
    from dicode.dreaming.similarity import syntax

    assert found(f"```python\n{OTHER}```", known={syntax(OTHER).exact}).source == OTHER


@pytest.mark.parametrize(
    "text",
    [
        f"```python\n{LEVEL.rstrip()}```",
        f"```python title='a.py'\n{LEVEL}```",
        f"```{{.python}}\n{LEVEL}```",
        f"````markdown\n```python\n{LEVEL}```\n````",
        f"```python\n{LEVEL}``` and that is it",
        f"   ```python\n{LEVEL}   ```",
        f"```text\n{LEVEL}```",
        f"`inline` and ```x``` then\n```python\n{LEVEL}```",
    ],
)
def test_fences_of_all_kinds_are_read(text):
    assert found(text).source == LEVEL


@pytest.mark.parametrize(
    "line",
    [
        "RULES = Rules(ranged_spawn=0.2); GOAL = Goal.survive(50)",
        "GOAL = Goal.survive(50); RULES = Rules(ranged_spawn=0.2)",
        "GOAL = Goal.survive(50); RULES = Rules(ranged_spawn=0.2); import numpy as np",
        "caf\u00e9 = 'caf\u00e9'; GOAL = Goal.survive(50); RULES = Rules(ranged_spawn=0.2)  # caf\u00e9",
    ],
)
def test_what_shares_a_line_with_a_goal_or_an_import_is_not_lost(line):
    plain = "GOAL = Goal.all_of(Achievement.DEFEAT_ZOMBIE)\nRULES = Rules(ranged_spawn=0.2)"
    parsed = found(LEVEL.replace(plain, line))
    assert "GOAL = Goal.all_of(Goal.survive(50))" in parsed.source
    assert "RULES = Rules(ranged_spawn=0.2)" in parsed.source
    kept = [line for line in parsed.source.split("\n") if line.startswith("RULES")]
    assert len(kept) == 1


def test_imports_are_added_behind_those_from_the_future():
    source = found(
        LEVEL.replace("from dicode", "from __future__ import annotations\nfrom dicode").replace("Mob, ", "")
    ).source
    compile(source, "level", "exec")
    assert "import Mob" in source
    late = LEVEL.replace("GOAL =", "import numpy as np\nGOAL =") + "\n"
    compile(found(late.replace('"""\nfrom', '"""\nfrom __future__ import annotations\nfrom')).source, "level", "exec")


def test_goals_of_a_game_without_parts_are_left_alone():
    from dicode.games.xland.host import HOST as XLAND

    text = '"""Objective: a star."""\nfrom dicode.games.xland.levels import Goal\n\nGOAL = Goal.near("yellow star")\n'
    parsed = parse_answer(text, XLAND.levels())
    assert isinstance(parsed, Parsed), parsed
    assert 'GOAL = Goal.near("yellow star")' in parsed.source


@pytest.mark.parametrize("name", ["reflection", "analysis", "thought", "think"])
def test_an_index_is_no_tag(name):
    level = LEVEL + f"    {name} = 0\n    world.light[0][{name}] = 9\n    world.light[{name}][0] = 9\n"
    assert found(f"```python\n{level}```").source.count(f"[{name}]") == 2
    assert found(f"[{name.upper()}]so it goes[/{name.upper()}]```python\n{LEVEL}```").source == LEVEL


def test_a_stray_end_of_reasoning_behind_the_whole_code_takes_nothing_away():
    assert found(f"```python\n{LEVEL}```\n</think>").source == LEVEL
    assert refused("I wonder what to do.</think>").code is Code.NO_CODE


def test_a_snippet_that_shows_a_call_is_no_part_of_the_level():
    head, body = LEVEL.split("def build")
    text = f"```python\n{head}```\nthen\n```python\ndef build{body}```\nYou may add\n```python\nworld.clear(4)\n```"
    assert "clear" not in found(text).source


def test_words_behind_a_fence_that_never_ends_are_cut_off_and_broken_code_is_not():
    words = "This level is easy: the zombie's slow.\n"
    assert found(f"```python\n{LEVEL}\n\n{words}").source == LEVEL
    assert refused(f"```python\n{LEVEL}    world.clear(\n").code is Code.SYNTAX
    assert refused(f"```python\n{LEVEL}\n\ndef more(world:\n    pass\n").code is Code.SYNTAX


def test_marks_around_objective_and_why_go():
    level = LEVEL.replace("Objective:", "**Objective:**").replace("Why:", "**Why**:")
    assert found(level).docstring == "Objective: defeat a zombie.\nWhy: it gates the dungeon."


@pytest.mark.parametrize("at_front", [True, False])
@pytest.mark.parametrize(
    "beside",
    ["The map:\n```\n. . #\n# Z .\n```\n", "```python\nprint('a'\n```\n", "```python\nx = 1\n```\n", f"It was:\n```python\n{OTHER}```\n"],
)  # fmt: skip
def test_a_level_with_an_error_is_told_of_it_whatever_stands_beside(beside, at_front):
    from dicode.dreaming.similarity import syntax

    level = f"```python\n{LEVEL.replace('count=1,', 'count=1,,')}```\n"
    rejected = refused(level + beside if at_front else beside + level, known={syntax(OTHER).exact})
    assert "line 11 is not Python" in rejected.reason
    odd = LEVEL.replace("count=1", "count=int(\u201c1\u201d)")
    assert 'count=int("1")' in found(f"```python\n{odd}```\n{beside}", known={syntax(OTHER).exact}).source
