"""A level file is read without running it."""

import pytest

from dicode.games.craftax import library
from dicode.games.level_text import parse_level
from dicode.types import Rejected

pytestmark = pytest.mark.fast

LEVEL = '''"""Objective: defeat a zombie
at night.
Why: combat is weak.
"""
from dicode.levels import Achievement, Goal, Rules, World

GOAL: Goal = Goal.all_of(Achievement.DEFEAT_ZOMBIE)
RULES = Rules(melee_spawn=0.5)

def build(world: World) -> None:
    raise SystemExit("never run")

def bonus(before, action, after):
    return 0.0
'''


@pytest.mark.parametrize("text", [LEVEL, LEVEL.replace("\n", "\r\n"), "\n\n# note\n" + LEVEL])
def test_every_part_is_found(text):
    level = parse_level(text)
    assert level.objective == "defeat a zombie at night."
    assert level.why == "combat is weak."
    assert level.description == "defeat a zombie at night. combat is weak."
    assert level.goal == "Goal.all_of(Achievement.DEFEAT_ZOMBIE)"
    assert level.has_build
    assert level.has_rules
    assert level.hooks == ("bonus",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("```python\n" + LEVEL + "```", "valid Python"),
        (LEVEL.replace("Objective", "Aim"), "Objective"),
        (LEVEL.replace("GOAL: Goal", "TARGET: Goal"), "GOAL = "),
        (LEVEL.replace("def build", "def make_build():\n  def build").replace("    raise", "      raise")
         .replace("RULES = ", "OTHER = ").replace("def bonus", "def bonus_"), "top level|unindented"),
        ("x = 1", "Objective"),
        ("x = '\0'", "NUL"),
        ("a" * 70_000, "at most"),
        ("(" * 5000, "valid Python|ordinary"),
    ],
)  # fmt: skip
def test_what_is_no_level_is_rejected_with_a_hint(text, words):
    import re

    verdict = parse_level(text)
    assert isinstance(verdict, Rejected)
    assert verdict.stage == "parse"
    assert re.search(words, verdict.reason + verdict.hint)


@pytest.mark.parametrize("name", [name for name, _ in library.load() + library.load_heldout()])
def test_every_level_of_the_library_says_what_and_why(name):
    level = parse_level(library.source(name))
    assert level.objective
    assert level.why
    assert level.has_build
