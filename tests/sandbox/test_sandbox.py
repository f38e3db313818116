"""What the sandbox promises to its callers: the same data for the same text, verdicts that help, policy by origin."""

import logging
import time

import numpy as np
import pytest

from dicode.dreaming.repair import corrected
from dicode.games.craftax.host import HOST
from dicode.games.craftax.levels.blank import blank_worlds
from dicode.games.craftax.levels.schema import STATE_FIELDS
from dicode.levels import Achievement
from dicode.sandbox import Limits, Sandbox, SandboxError, workers
from dicode.types import Code, Origin, Rejected

LEVEL = '''"""Objective: defeat a zombie.
Why: melee combat gates the dungeon.
"""
from dicode.levels import Achievement, Goal, Mob, Rules, World

GOAL = Goal.all_of(Achievement.DEFEAT_ZOMBIE)
RULES = Rules()

def build(world: World) -> None:
    world.spawn(Mob.ZOMBIE, count=1, distance=(3, 8))
    row = int(world.rng.integers(2, 46))
    world.inventory_wood = 0
'''
LEVEL = LEVEL.replace("    world.inventory_wood = 0\n", "    world.player.inventory.wood = row % 9\n")


@pytest.mark.slow
def test_a_level_becomes_data(sandbox, worlds):
    built = sandbox.build(LEVEL, worlds, 7, Origin.GRAMMAR)
    assert not isinstance(built, Rejected), built
    assert built.goal.achievements == {Achievement.DEFEAT_ZOMBIE}
    assert built.rules.to_json() == {}
    assert "melee combat" in built.description
    assert not built.hooks
    assert built.cpu_seconds > 0
    for name, field in STATE_FIELDS.items():
        assert built.pool[name].shape == (2, *field.shape)
        assert built.pool[name].dtype == field.dtype
        assert not built.pool[name].flags.writeable
    assert built.pool["melee_mobs.mask"][:, 0].any()


def test_the_same_text_worlds_and_seed_give_the_same_pool_in_another_process(sandbox, worlds):
    first = sandbox.build(LEVEL, worlds, 7, Origin.GRAMMAR)
    sandbox.close()
    again = sandbox.build(LEVEL, worlds, 7, Origin.GRAMMAR)
    sandbox._builder.starts = 1
    assert first.pool_hash == again.pool_hash
    assert sandbox.build(LEVEL, worlds, 8, Origin.GRAMMAR).pool_hash != first.pool_hash


def test_the_global_generator_and_hashes_are_the_same_every_time(sandbox, worlds):
    text = LEVEL.replace(
        "row = int(world.rng.integers(2, 46))", "import numpy as np; row = np.random.randint(9) + hash('a') % 5"
    )
    first = sandbox.build(text, worlds, 7, Origin.GRAMMAR)
    sandbox.close()
    assert sandbox.build(text, worlds, 7, Origin.GRAMMAR).pool_hash == first.pool_hash
    sandbox._builder.starts = 1


def test_a_warm_level_costs_well_under_a_second(sandbox, worlds):
    sandbox.build(LEVEL, worlds, 1, Origin.GRAMMAR)
    spent = [sandbox.build(LEVEL, worlds, seed, Origin.GRAMMAR).cpu_seconds for seed in range(5)]
    assert sorted(spent)[2] < 0.5


VERDICTS = {
    "names a module that it cannot have": ("import os\n" + LEVEL, "screen", "line 1: level code cannot import os", "no files"),
    "imports math": ("import math\n" + LEVEL, "screen", "cannot import math", "np.pi"),
    "opens a file": (LEVEL + "    open('x')\n", "screen", "open is not available", "no files"),
    "is in a Markdown fence": ("```python\n" + LEVEL + "```\n", "screen", "line 1", "fences"),
    "has typographic quotes": (LEVEL + "    x = \u201chello\u201d\n", "screen", "line", "plain quotes"),
    "misspells an achievement": (LEVEL.replace("DEFEAT_ZOMBIE", "DEFEAT_ZOMBY"), "build", "DEFEAT_ZOMBY", ""),
    "misspells a name": (LEVEL + "    wrld.blocks\n", "build", "line 13 (wrld.blocks)", "from dicode.levels import"),
    "leaves the map": (LEVEL + "    world.blocks[0][48, 0] = 1\n", "build", "IndexError", "0 to 47"),
    "has no goal": (LEVEL.replace("GOAL =", "AIM ="), "screen", "GOAL", "Goal.all_of"),
    "has a goal of another type": (LEVEL + "\nGOAL = 3\n", "build", "GOAL is int", ""),
    "takes no world": (LEVEL.replace("build(world: World)", "build()"), "screen", "0 parameters", "build(world)"),
    "gives a wrong dtype": (LEVEL + "    world.arrays['blocks'] = world.arrays['blocks'] * 0.5 + 0.3\n", "build", "blocks", ""),
    "gives a wrong shape": (LEVEL + "    world.arrays['light'] = world.arrays['light'][:3]\n", "build", "light", ""),
    "is solved at reset": (LEVEL.replace("Achievement.DEFEAT_ZOMBIE", "Goal.hold('sapling', 1)") + "    world.player.inventory.sapling = 3\n", "verify", "", ""),
    "asks for what cannot be": (LEVEL + "    world.player.inventory.wood = 1000\n", "build", "99", ""),
    "puts the player in stone": (LEVEL + "    world.blocks[0][:] = 4\n", "verify", "player", ""),
}  # fmt: skip


CODES = {
    "names a module that it cannot have": Code.IMPORT,
    "imports math": Code.IMPORT,
    "opens a file": Code.FORBIDDEN,
    "is in a Markdown fence": Code.SYNTAX,
    "has typographic quotes": Code.SYNTAX,
    "has no goal": Code.NO_GOAL,
    "has a goal of another type": Code.IMPOSSIBLE,
    "takes no world": Code.SIGNATURE,
    "gives a wrong dtype": Code.IMPOSSIBLE,
    "gives a wrong shape": Code.IMPOSSIBLE,
    "is solved at reset": Code.SOLVED,
    "asks for what cannot be": Code.IMPOSSIBLE,
    "puts the player in stone": Code.START,
}
"""Codes as they arrive from the two processes; those left out are errors of Python."""


@pytest.mark.parametrize("what", VERDICTS)
def test_a_verdict_says_what_is_wrong_with_a_level_that(what, sandbox, worlds):
    source, stage, reason, hint = VERDICTS[what]
    found = sandbox.build(source, worlds, 1, Origin.GRAMMAR)
    assert isinstance(found, Rejected), "accepted"
    assert found.stage == stage, found
    assert reason in found.reason, found
    assert hint in found.hint, found
    assert found.code is CODES.get(what, Code.ERROR), found


def test_a_misspelt_member_comes_back_with_its_line_as_it_should_read(sandbox, worlds):
    found = sandbox.build(LEVEL.replace("Mob.ZOMBIE, count", "Mob.ZOMBY, count"), worlds, 1, Origin.GRAMMAR)
    number, line = found.line
    assert line == "world.spawn(Mob.ZOMBIE, count=1, distance=(3, 8))"
    assert f"line {number} should read: {line}" in found.hint
    assert corrected(LEVEL.replace("Mob.ZOMBIE, count", "Mob.ZOMBY, count"), found) == LEVEL


def test_the_verifier_knows_how_many_steps_an_episode_has(sandbox, worlds):
    text = LEVEL.replace("Achievement.DEFEAT_ZOMBIE", "Goal.survive(200)")
    found = sandbox.build(text, worlds, 1, Origin.GRAMMAR, 199)
    assert isinstance(found, Rejected)
    assert found.code is Code.TOO_SHORT
    assert "an episode has 199" in found.reason
    assert not isinstance(sandbox.build(text, worlds, 1, Origin.GRAMMAR, 200), Rejected)


def test_a_byte_order_mark_and_other_line_ends_are_no_syntax_errors(sandbox, worlds):
    found = sandbox.build("\ufeff" + LEVEL.replace("\n", "\r\n"), worlds, 1, Origin.FILE)
    assert not isinstance(found, Rejected), found


def test_jax_in_build_is_explained(sandbox, worlds):
    text = "import jax.numpy as jnp\n" + LEVEL + "    world.blocks[0][:] = jnp.ones((48, 48))\n"
    found = sandbox.build(text, worlds, 1, Origin.GRAMMAR)
    assert isinstance(found, Rejected)
    assert "hooks only" in found.reason


def test_hooks_are_refused_by_name_where_the_run_has_none(sandbox, worlds):
    found = sandbox.build(
        LEVEL + "\ndef success(state):\n    return state.player_level > 0\n", worlds, 1, Origin.GRAMMAR
    )
    assert isinstance(found, Rejected)
    assert found.stage == "hooks"
    assert "success" in found.reason


def test_text_from_a_model_needs_the_full_wall(worlds):
    with Sandbox(HOST, use=frozenset({"rlimits"})) as bare:
        assert not isinstance(bare.build(LEVEL, worlds, 1, Origin.GRAMMAR), Rejected)
        with pytest.raises(SandboxError, match="sandbox=weak"):
            bare.build(LEVEL, worlds, 1, Origin.FOUNDATION)
    with pytest.raises(SandboxError, match="full wall"):
        Sandbox(HOST, wall="full", use=frozenset({"rlimits"}))


def test_a_weak_wall_warns_at_each_start(worlds, caplog):
    for _ in range(2):
        caplog.clear()
        with caplog.at_level(logging.WARNING), Sandbox(HOST, wall="weak", use=frozenset({"rlimits"})) as weak:
            assert "sandbox=weak" in caplog.text
            assert "gaps" in caplog.text
            assert not isinstance(weak.build(LEVEL, worlds, 1, Origin.FOUNDATION), Rejected)


def test_the_full_wall_runs_text_from_a_model(sandbox, worlds):
    if not sandbox.wall_is_full():
        pytest.skip("this machine offers no full wall")
    assert not isinstance(sandbox.build(LEVEL, worlds, 1, Origin.FOUNDATION), Rejected)


def test_a_wall_of_another_name_is_refused():
    with pytest.raises(SandboxError, match="strong"):
        Sandbox(HOST, wall="strong")


def test_base_worlds_are_not_changed(sandbox, worlds):
    before = {name: array.copy() for name, array in worlds.items()}
    sandbox.build(LEVEL + "    world.blocks[0][:] = 2\n", worlds, 1, Origin.GRAMMAR)
    assert all(np.array_equal(before[name], worlds[name]) for name in before)


def test_a_large_pool_passes(sandbox):
    began = time.monotonic()
    built = sandbox.build(LEVEL, blank_worlds(16), 1, Origin.GRAMMAR)
    assert not isinstance(built, Rejected)
    assert time.monotonic() - began < 20


def test_limits_grow_with_the_pool():
    limits = Limits()
    assert limits.build_cpu(64) > limits.build_cpu(4) >= 7


def test_workers_get_an_environment_of_their_own(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy")
    kept = {name for name in workers.environment() if "KEY" in name or "PROXY" in name or "HOME" in name}
    assert kept == set()


@pytest.mark.slow
@pytest.mark.parametrize(
    "call",
    [
        "max()",
        "min()",
        "all()",
        "any()",
        "sum()",
        "mean()",
        "std()",
        "var()",
        "prod()",
        "clip(0, 1)",
        "argsort()",
    ],
)
def test_what_numpy_imports_late_is_no_import_of_the_author(worlds, call):
    """A worker's first call of such a method was refused; each gets one of its own here."""
    text = "from __future__ import annotations\n" + LEVEL[LEVEL.index("from") :] + f"    world.distance_map().{call}\n"
    text = text.replace(
        "def build(world: World) -> None:\n", f"def build(world: World) -> None:\n    world.rng.random(3).{call}\n"
    )
    with Sandbox(HOST, wall="weak") as fresh:
        assert not isinstance(fresh.build(text, worlds, 7, Origin.GRAMMAR), Rejected)


@pytest.mark.fast
def test_half_of_a_pair_is_no_text(sandbox, worlds):
    rejected = sandbox.build(LEVEL + "# \ud800\n", worlds, 7, Origin.GRAMMAR)
    assert isinstance(rejected, Rejected)
    assert rejected.code is Code.NOT_TEXT
