"""Hints on level text before it runs; the screen is not a defence, but must read hostile text safely."""

import pytest

from dicode.games.craftax.host import HOST
from dicode.sandbox.screen import cheap, screen

pytestmark = pytest.mark.fast
LEVELS = HOST.levels()
LEVEL = """
from dicode.levels import Achievement, Goal
GOAL = Goal.all_of(Achievement.COLLECT_WOOD)
def build(world):
    pass
"""


@pytest.mark.parametrize(
    "line",
    [
        "import numpy as np",
        "import numpy",
        "from numpy.random import Generator",
        "from jax import numpy as jnp",
        "import jax.numpy as jnp",
        "from jax import lax, random",
        "from __future__ import annotations",
        "from dicode.levels import World as W",
    ],
)
def test_level_code_may(line):
    assert screen(line + LEVEL, LEVELS) is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("import os", "cannot import os"),
        ("import numpy.ctypeslib", "numpy.ctypeslib"),
        ("from . import x", "cannot import ."),
        ("from dicode.sandbox import jail", "dicode.sandbox"),
        ("import jax.experimental", "jax.experimental"),
        ("from random import random", "random"),
        ("eval('1')", "eval"),
        ("x = ().__class__", "__class__"),
        ("def transition(a, b): pass", "2 parameters; it needs 4"),
        ("x = (", "line"),
    ],
)
def test_level_code_is_told(line, said):
    found = screen(LEVEL + line + "\n", LEVELS)
    assert found is not None
    assert found.stage == "screen"
    assert said in found.reason
    assert found.hint


def test_a_misspelt_build_is_pointed_out():
    found = screen(LEVEL.replace("build", "biuld"), LEVELS)
    assert found is not None
    assert "did you mean 'biuld'" in found.reason


def test_a_level_may_be_a_goal_alone():
    assert screen(LEVEL.split("def build")[0], LEVELS) is None


@pytest.mark.parametrize(
    "source",
    [
        "-" * 3000 + "1",
        "x = " + "\n".join(["("] * 300),
        "lambda:" * 500 + "1",
        "x" + ".a" * 1900,
        "if 1:\n" * 99 + "x",
        "\\\n" * 5000,
        "\udcff",
    ],
)
def test_hostile_text_is_judged_without_a_crash(source):
    assert cheap(source, 65536) is not None or screen(source, LEVELS) is not None


def test_long_comments_and_strings_are_no_reason_to_refuse():
    assert cheap(LEVEL + "# " + "-" * 300 + "\n# ((((\n", 65536) is None
