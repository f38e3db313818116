"""Levels with something before every line of them: they are read as if it were not there, and what is ordinary stays."""

import html

import pytest

from dicode.dreaming.frames import unframed
from dicode.dreaming.parse import Parsed, parse_answer
from dicode.games.craftax.host import HOST
from dicode.types import Code, Rejected

pytestmark = pytest.mark.fast

LEVEL = '''"""Objective: collect wood.
Why: first of all.
"""
from dicode.levels import Achievement, Goal, World

GOAL = Goal.all_of(Achievement.COLLECT_WOOD)


def build(world: World) -> None:
    if world.player.floor > 0:
        return
    world.clear(3)
'''
LINES = LEVEL.split("\n")[:-1]


def each(form):
    return "\n".join(form(number, line) for number, line in enumerate(LINES, 1)) + "\n"


FRAMED = {
    "session": each(lambda _, line: (("... " if line[:1] in (" ", "") else ">>> ") + line).rstrip()),
    "quotation": each(lambda _, line: f"> {line}".rstrip()),
    "numbers": each(lambda i, line: f"{i:3d} {line}".rstrip()),
    "numbers and bars": each(lambda i, line: f"{i:3d} | {line}".rstrip()),
    "numbers and colons": each(lambda i, line: f"{i}: {line}".rstrip()),
    "numbers and tabs": each(lambda i, line: f"{i:6d}\t{line}"),
    "new file": "--- /dev/null\n+++ b/level.py\n@@ -0,0 +1,12 @@\n" + each(lambda _, line: f"+{line}"),
    "change": each(lambda i, line: f" {line}" if i % 2 else f"-old\n+{line}"),
    "notebook": f"%%writefile level.py\n!pip install numpy\n\n{LEVEL}",
    "page": html.escape(LEVEL, quote=False),
}


@pytest.mark.parametrize("kind", FRAMED)
@pytest.mark.parametrize("fence", ["```python\n{}```", "Here it is:\n\n```\n{}```\nI hope it helps."])
def test_what_stands_before_every_line_is_taken_off(kind, fence):
    parsed = parse_answer(fence.format(FRAMED[kind]), HOST.levels())
    assert isinstance(parsed, Parsed), parsed
    assert parsed.source == LEVEL.replace('"""\nfrom', '"""\n\nfrom') or parsed.source == LEVEL


@pytest.mark.parametrize("language", ["diff", "pycon"])
def test_fences_may_say_so(language):
    kind = {"diff": "new file", "pycon": "session"}[language]
    assert isinstance(parse_answer(f"```{language}\n{FRAMED[kind]}```", HOST.levels()), Parsed)


def test_an_answer_that_is_one_quotation_is_read():
    text = "So:\n> ```python\n" + FRAMED["quotation"] + "> ```\nDone."
    assert isinstance(parse_answer(text, HOST.levels()), Parsed)


@pytest.mark.parametrize(
    "code",
    [
        "x = 1\n> y\n",
        ">>> x = 1\n1\n",
        "3 wood\n1 stone\n",
        "if a &lt b:\n    pass\n",
        " indented\n unexpectedly\n",
    ],
)
def test_what_only_some_lines_have_stays(code):
    assert unframed(code).split() == html.unescape(code).split()


def test_a_level_beside_a_fence_without_code_is_found():
    text = f"The map:\n```\n. T .\n. @ .\n```\nand the level:\n\n{LEVEL}"
    assert isinstance(parse_answer(text, HOST.levels()), Parsed)


def test_broken_code_in_a_frame_is_still_told_as_it_was_written():
    rejected = parse_answer("```python\n>>> def build(world:\n>>>     pass\n```", HOST.levels())
    assert isinstance(rejected, Rejected)
    assert rejected.code is Code.SYNTAX
    assert "line 1 is not Python" in rejected.reason
