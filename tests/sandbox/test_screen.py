"""Hints on level text before it runs; the screen is not a defence, but must read hostile text safely."""

import pytest

from dicode.dreaming.parse import Parsed, parse_answer
from dicode.dreaming.repair import corrected
from dicode.errors import LevelError
from dicode.games.craftax.host import HOST
from dicode.games.craftax.levels.goal import Goal
from dicode.games.level_build import read_parts
from dicode.games.level_text import parse_level
from dicode.sandbox import worker
from dicode.sandbox.screen import cheap, screen
from dicode.types import Code

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


@pytest.mark.parametrize(
    "lines",
    [
        "    open = world.free_cells()\n    world.put(open[0], open.sum())\n",
        "    for input in range(3):\n        world.place(input)\n",
        "    def compile(cells):\n        return cells\n    compile([])\n",
    ],
)
def test_a_name_that_the_file_binds_itself_is_its_own(lines):
    assert screen(LEVEL.replace("    pass\n", lines), LEVELS) is None
    found = screen(LEVEL + "open('x')\n", LEVELS)
    assert found is not None
    assert "open is not available" in found.reason


def test_a_name_of_the_files_own_reaches_no_built_in_function():
    """Where it is not bound yet, there is none of that name."""
    source = LEVEL + "try:\n    found = open\nexcept NameError:\n    found = None\nopen = 1\n"
    assert screen(source, LEVELS) is None
    assert worker.execute(source, worker.absent_jax, LEVELS)["found"] is None


@pytest.mark.parametrize(
    "goal",
    [
        "GOAL, RULES = Goal.survive(20), Rules(hunger=2)",
        "if True:\n    GOAL = Goal.survive(20)",
        "try:\n    GOAL = Goal.survive(20)\nfinally:\n    pass",
    ],
)
def test_a_goal_counts_wherever_the_file_assigns_it_as_it_runs(goal):
    source = f'"""Objective: survive."""\nfrom dicode.levels import Goal, Rules\n{goal}\n'
    assert screen(source, LEVELS) is None
    assert parse_level(source).goal == "Goal.survive(20)"
    assert isinstance(parse_answer(source, LEVELS), Parsed)
    assert isinstance(read_parts(HOST, worker.execute(source, worker.absent_jax, LEVELS))[0], Goal)


def test_a_goal_that_is_declared_and_not_assigned_is_missing():
    source = '"""Objective: survive."""\nfrom dicode.levels import Goal\nGOAL: Goal\n'
    assert screen(source, LEVELS).code is parse_level(source).code is parse_answer(source, LEVELS).code is Code.NO_GOAL


@pytest.mark.parametrize(
    "line",
    [
        "2 ** jnp.arange(3)",
        "5 % jnp.arange(3)",
        "5 // jnp.arange(3)",
        "abs(jnp.arange(3))",
        "+jnp.arange(3)",
        "divmod(jnp.arange(3), 2)",
        "divmod(2, jnp.arange(3))",
        "1 << jnp.arange(3)",
        "1 ^ jnp.arange(3) ^ 1",
        "1 & jnp.arange(3)",
        "1 | jnp.arange(3) >> 1",
        "round(jnp.pi, 2)",
        "np.eye(3) @ jnp.eye(3)",
        "np.arange(3) * jnp.arange(3)",
        "np.float32(2) ** jnp.arange(3)",
    ],
)
def test_a_table_for_hooks_may_be_computed_at_the_top_of_a_level(line):
    source = f"import jax.numpy as jnp\nimport numpy as np\nTABLE = {line}\n"
    found = worker.execute(source, worker.absent_jax, LEVELS)["TABLE"]
    assert all(isinstance(part, worker._Absent) for part in (found if isinstance(found, tuple) else [found]))


@pytest.mark.parametrize("line", ["float(jnp.pi)", "np.sqrt(jnp.arange(3))", "np.array(jnp.arange(3))", "list(jnp.pi)"])
def test_a_value_of_jax_that_numpy_code_needs_is_explained(line):
    source = f"import jax.numpy as jnp\nimport numpy as np\nTABLE = {line}\n"
    with pytest.raises(LevelError, match="JAX works in hooks only"):
        worker.execute(source, worker.absent_jax, LEVELS)


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


def test_brackets_count_inside_strings_and_it_is_said():
    assert "inside strings" in cheap(f"MAP = {'[' * 120!r}\n", 65536).reason


@pytest.mark.parametrize("break_", ["\f", "\u2028", "\x1c", "\x85"])
def test_a_line_is_what_python_counts_as_one(break_):
    source = f"""from dicode.levels import Mob\nTOLD = "a{break_}b"\nMOB = Mob.COWS\nLAST = 1\n"""
    with pytest.raises(AttributeError) as raised:
        worker.execute(source, worker.absent_jax, LEVELS)
    found = worker.explain(raised.value, source, LEVELS)
    assert found.reason.startswith("line 3 (MOB = Mob.COWS)")
    assert found.line == (3, "MOB = Mob.COW")
    assert corrected(source, found) == source.replace("COWS", "COW")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("from dicode.levels import Weather", "dicode.levels has MAP_SIZE, Achievement"),
        ("from dicode.levels import Goals, World", "; did you mean 'Goal'?"),
        ("import dicode.levels as levels; levels.goal", "; did you mean 'Goal'?"),
        ("from numpy.random import dice", "numpy.random has no dice"),
    ],
)
def test_a_name_that_a_module_does_not_have_is_told_apart_from_a_module(line, said):
    with pytest.raises((ImportError, AttributeError)) as raised:
        worker.execute(line, worker.absent_jax, LEVELS)
    found = worker.explain(raised.value, line, LEVELS)
    assert said in found.hint
    assert "/" not in found.reason
    assert "allowed imports" not in found.hint


@pytest.mark.parametrize(
    "line",
    [
        "success = lambda state: state.player_health > 3",
        "def success(*given): return given[0].player_health > 3",
        "def success(state, least=3): return state.player_health > least",
        "def transition(before, action, after, key=None): return after",
    ],
)
def test_whatever_can_be_called_as_a_hook_is_is_one(line):
    without = LEVEL.replace("GOAL =", "ASKED =") if "success" in line else LEVEL
    assert screen(without + line + "\n", LEVELS) is None


@pytest.mark.parametrize("line", ["success = lambda a, b: True", "def success(a, *, b): return True"])
def test_a_hook_that_cannot_be_called_as_one_is_refused(line):
    assert "it needs 1" in screen(LEVEL + line + "\n", LEVELS).reason


def test_long_comments_and_strings_are_no_reason_to_refuse():
    assert cheap(LEVEL + "# " + "-" * 300 + "\n# ((((\n", 65536) is None


@pytest.mark.parametrize("line", ["RULES = Rules(hunger=10**400)", "GOAL = Goal.survive(10**400)"])
def test_a_number_that_is_too_large_for_anything_is_told_what_to_write(line):
    source = f"from dicode.levels import Goal, Rules\n{line}\n"
    with pytest.raises(OverflowError) as raised:
        worker.execute(source, worker.absent_jax, LEVELS)
    assert "within the range" in worker.explain(raised.value, source, LEVELS).hint
