"""Hooks from text to function: exported, checked and tried in the sandbox, called in the trainer."""

import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dicode.games.craftax.host import HOST
from dicode.games.craftax.levels.schema import STATE_FIELDS
from dicode.sandbox import Limits, Sandbox, jail, wire
from dicode.sandbox.hooks import load_hook
from dicode.types import Origin, Rejected

GROUP = 3
LEVEL = '''"""Objective: collect wood under odd rules."""
import jax
import jax.numpy as jnp
from dicode.levels import Achievement, Block, Goal

GOAL = Goal.all_of(Achievement.COLLECT_DIAMOND)
TABLE = jnp.arange(4.0) * 2

'''


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(HOST, wall="weak", limits=Limits(hook_cpu_s=8, idle_s=10.0), hook_group=GROUP) as found:
        yield found


def build(sandbox, worlds, hooks: str):
    return sandbox.build(LEVEL + hooks, worlds, 1, Origin.GRAMMAR)


def states(worlds):
    chosen = np.arange(GROUP) % 2
    return {name: jnp.asarray(worlds[name][chosen]) for name in STATE_FIELDS}


GOOD = '''
def transition(before, action, after, key):
    """Ice: the player slides on, and it costs health now and then."""
    moved = after.player_position - before.player_position
    hurt = jax.random.bernoulli(key, 0.5) * TABLE[1]
    melted = after.blocks.at[0, 0, 0].set(Block.WATER)
    bag = after.inventory.replace(wood=after.inventory.wood + action)
    return after.replace(
        player_position=after.player_position + moved, player_health=after.player_health - hurt, blocks=melted, inventory=bag
    )

def success(state):
    return state.inventory.wood >= 3

def bonus(before, action, after):
    return 0.5 * (after.inventory.wood - before.inventory.wood)
'''


def test_hooks_become_functions_that_do_what_the_text_says(sandbox, worlds):
    built = build(sandbox, worlds, GOOD)
    assert not isinstance(built, Rejected), built
    assert set(built.hooks) == {"transition", "success", "bonus"}
    functions = {name: load_hook(data, HOST.fields) for name, data in built.hooks.items()}
    before = states(worlds)
    after = {**before, "player_position": before["player_position"] + 1}
    action, key = jnp.arange(GROUP, dtype=jnp.int32), jax.random.split(jax.random.PRNGKey(0), GROUP)
    slid = jax.jit(functions["transition"])(before, action, after, key)
    assert set(slid) == set(STATE_FIELDS)
    np.testing.assert_array_equal(slid["player_position"], before["player_position"] + 2)
    np.testing.assert_array_equal(slid["inventory.wood"], before["inventory.wood"] + action)
    hurt = jax.vmap(lambda k: jax.random.bernoulli(k, 0.5))(key) * 2.0
    np.testing.assert_allclose(slid["player_health"], before["player_health"] - hurt)
    assert (slid["blocks"][:, 0, 0, 0] == 3).all()
    assert slid["blocks"].dtype == jnp.uint8
    np.testing.assert_array_equal(functions["success"](slid), slid["inventory.wood"] >= 3)
    np.testing.assert_allclose(functions["bonus"](before, action, slid), 0.5 * action)


def test_a_checked_hook_means_the_same_on_an_accelerator(sandbox, worlds):
    """Exported on a CPU, it lowers for another platform, and still to plain operations."""
    transition = load_hook(build(sandbox, worlds, GOOD).hooks["transition"], HOST.fields)
    state = {name: jax.ShapeDtypeStruct((GROUP, *field.shape), field.dtype) for name, field in STATE_FIELDS.items()}
    action, key = jax.ShapeDtypeStruct((GROUP,), jnp.int32), jax.ShapeDtypeStruct((GROUP, 2), jnp.uint32)
    traced = jax.jit(transition).trace(state, action, state, key)
    assert "custom_call" not in traced.lower(lowering_platforms=("cuda",)).as_text()


def test_a_level_keeps_its_hooks_for_another_pool(sandbox, worlds):
    first = build(sandbox, worlds, GOOD)
    again = sandbox.build(LEVEL + GOOD, worlds, 2, Origin.GRAMMAR)
    assert dict(again.hooks) == dict(first.hooks)
    assert again.cpu_seconds < 0.5


def test_the_same_text_exports_to_the_same_bytes_in_another_process(sandbox, worlds):
    first = build(sandbox, worlds, GOOD)
    sandbox.close()
    sandbox._known_hooks.clear()
    assert dict(build(sandbox, worlds, GOOD).hooks) == dict(first.hooks)
    sandbox._hooks.starts = 1


TRANSITION = "def transition(before, action, after, key):\n    {code}\n"
BAD = {
    "loops forever": (TRANSITION.format(code="while True: pass"), "limits", "CPU time"),
    "loops on data": (
        TRANSITION.format(
            code="return after.replace(player_health=jax.lax.while_loop(lambda h: h > 0, lambda h: h - 1, after.player_health))"
        ),
        "hooks",
        "depends on data",
    ),
    "never stops on the device": (
        TRANSITION.format(code="return after.replace(player_health=jax.lax.while_loop(lambda h: True, lambda h: h + 1, after.player_health))"),
        "hooks",
        "depends on data",
    ),
    "calls the host": (TRANSITION.format(code="jax.debug.print('{}', after.player_health)\n    return after"), "hooks", "callback"),
    "reads a file": (TRANSITION.format(code="import os\n    return after"), "screen", "os"),
    "uses if on an array": (
        TRANSITION.format(code="if after.player_health > 3:\n        return before\n    return after"),
        "hooks",
        "Attempted boolean conversion",
    ),
    "edits the state in place": (TRANSITION.format(code="after.player_health = 3.0\n    return after"), "hooks", "replace(player_health=...)"),
    "misspells a field": (TRANSITION.format(code="return after.replace(player_heath=3.0)"), "hooks", "did you mean 'player_health'"),
    "changes a shape": (TRANSITION.format(code="return after.replace(blocks=after.blocks[0])"), "hooks", "(48, 48)"),
    "halves a whole number": (TRANSITION.format(code="return after.replace(player_food=after.player_food - 0.5)"), "hooks", "player_food as float32; the field is int32"),
    "halves what is carried": (
        TRANSITION.format(code="return after.replace(inventory=after.inventory.replace(wood=after.inventory.wood / 2))"),
        "hooks",
        "inventory.wood as float32; the field is int32",
    ),
    "writes shares into a map": (TRANSITION.format(code="return after.replace(light=after.light * 0.5)"), "hooks", "light as float32; the field is uint8"),
    "writes shares into a switch": (TRANSITION.format(code="return after.replace(is_sleeping=after.player_health / 9)"), "hooks", "is_sleeping as float32; the field is bool"),
    "writes an imaginary number": (TRANSITION.format(code="return after.replace(player_health=1j)"), "hooks", "gives player_health as complex64"),
    "writes a number that is too large": (TRANSITION.format(code="return after.replace(player_food=2**40)"), "hooks", "gives player_food as a number that no int32 holds"),
    "writes a text": (TRANSITION.format(code="return after.replace(player_food='3')"), "hooks", "gives player_food as str; it must be a number"),
    "writes nothing": (TRANSITION.format(code="return after.replace(player_food=None)"), "hooks", "gives player_food as NoneType; it must be a number"),
    "returns an imaginary bonus": ("def bonus(before, action, after):\n    return 1j\n", "hooks", "complex64"),
    "returns nothing": (TRANSITION.format(code="pass"), "hooks", "NoneType"),
    "solves a linear system": (
        TRANSITION.format(code="return after.replace(player_health=jnp.linalg.inv(jnp.eye(4) * after.player_health)[0, 0])"),
        "hooks",
        "custom_call",
    ),
    "needs too much": (
        TRANSITION.format(
            code="return after.replace(player_health=after.player_health + jax.lax.fori_loop(0, 1500, lambda i, s: s + (after.blocks * i).sum(), 0))"
        ),
        "hooks",
        "operations a step",
    ),
    "has wrong parameters": ("def bonus(state):\n    return 1.0\n", "screen", "it needs 3"),
    "returns a number as success": ("def success(state):\n    return state.inventory.wood\n", "hooks", "bool"),
    "returns an array as bonus": ("def bonus(before, action, after):\n    return jnp.ones(3)\n", "hooks", "(3,)"),
    "is successful at reset": ("def success(state):\n    return state.player_health > 0\n", "hooks", "already true at reset"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_hook_is_refused_that(what, sandbox, worlds):
    code, stage, said = BAD[what]
    found = build(sandbox, worlds, code)
    assert isinstance(found, Rejected), "accepted"
    assert found.stage == stage, found
    assert said in found.reason, found


def test_whole_numbers_that_a_hook_rounds_itself_are_taken_and_none_wraps_around(sandbox, worlds):
    code = (
        "food = jnp.round(after.player_food * 0.5).astype(jnp.int32)\n"
        "    brighter = after.light.astype(jnp.int32) + 300\n"
        "    return after.replace(player_food=food, light=brighter, is_resting=after.player_food > 3)"
    )
    built = build(sandbox, worlds, TRANSITION.format(code=code))
    assert not isinstance(built, Rejected), built
    before = states(built.pool)
    action, key = jnp.zeros(GROUP, jnp.int32), jnp.zeros((GROUP, 2), jnp.uint32)
    after = load_hook(built.hooks["transition"], HOST.fields)(before, action, before, key)
    assert (np.asarray(after["light"]) == 255).all(), "300 more than black is white, not 44"
    np.testing.assert_array_equal(after["player_food"], np.round(np.asarray(before["player_food"]) * 0.5))


def test_a_hook_that_writes_nan_is_accepted_with_a_warning(sandbox, worlds):
    found = build(
        sandbox, worlds, TRANSITION.format(code="return after.replace(player_health=jnp.log(-after.player_health))")
    )
    assert not isinstance(found, Rejected), found
    assert any("NaN" in warning for warning in found.warnings)


def reaching(code: str) -> str:
    reach = 'reach = getattr(getattr(Goal, "__in" + "it__"), "__glo" + "bals__")["__built" + "ins__"]["__imp" + "ort__"]\nos = reach("os")\n'
    return f"{reach}def success(state):\n    if isinstance(state.player_level, jax.core.Tracer):\n        {code}\n    return state.inventory.wood > 3\n"


ESCAPES = {
    "opens a file": "os.read(os.open('/etc/hostname', 0), 1)",
    "writes a file": "os.open('/tmp/dicode-hook', os.O_CREAT | os.O_WRONLY)",
    "opens a socket": "reach('socket').socket()",
    "forks": "os.fork()",
    "starts a shell": "assert os.system('true') == 0",
    "signals its parent": "os.kill(os.getppid(), 9)",
    "reads a key from the environment": "os.environ['DICODE_TEST_KEY']",
    "enters another namespace": "assert reach('ctypes').CDLL(None).unshare(0x10000000) == 0",
}


@pytest.mark.parametrize("what", ESCAPES)
def test_a_hooks_text_does_not_reach_outside_when_it(what, sandbox, worlds, monkeypatch):
    if not sandbox.wall_is_full():
        pytest.skip("this machine offers no full wall")
    monkeypatch.setenv("DICODE_TEST_KEY", "secret")
    found = build(sandbox, worlds, reaching(ESCAPES[what]))
    assert isinstance(found, Rejected), found
    assert found.stage == "hooks", found
    assert sandbox._hooks.starts == 1


EXISTS = (
    "def exists(path):\n    try: os.close(os.open(path, 0))\n    except FileNotFoundError: return False\n"
    "    except PermissionError: pass\n    return True\n"
)
PATHS = {
    "stat": "os.stat('/etc/passwd')",
    "lstat": "os.lstat('/etc')",
    "access": "assert os.access('/etc/passwd', 0) and not os.access('/etc/none', 0)",
    "readlink": "os.readlink('/proc/self/exe')",
    "a refused open": "assert exists('/etc/passwd') and not exists('/etc/none')",
    "stat by a folder's handle": "os.stat('passwd', dir_fd=os.open('/etc', os.O_PATH))",
    "stat of its own library": "os.stat(getattr(reach('jax'), '__fi' + 'le__'))",
    "the working directory": "assert os.getcwd()",
    "listing a package": "os.listdir(list(getattr(reach('jax'), '__pa' + 'th__'))[0])",
    "a loaded library": "reach('ctypes').CDLL('libutil.so.1')",
}


@pytest.fixture(scope="module")
def no_mounts():
    """The full wall of a machine without namespaces."""
    limits = Limits(hook_cpu_s=8, idle_s=10.0)
    with Sandbox(HOST, "weak", limits, GROUP, frozenset({"rlimits", "landlock", "seccomp"})) as found:
        yield found


@pytest.fixture(scope="module")
def no_wall():
    with Sandbox(HOST, "weak", Limits(hook_cpu_s=8, idle_s=10.0), GROUP, frozenset()) as found:
        yield found


@pytest.mark.parametrize("what", PATHS)
def test_hooks_text_cannot_ask_what_exists_by(what, no_mounts, worlds):
    no_mounts._hooks.start()
    if not {"seccomp", "landlock"} <= set(no_mounts._hooks.seen):
        pytest.skip("this machine offers no full wall")
    found = build(no_mounts, worlds, EXISTS + reaching(PATHS[what]))
    assert isinstance(found, Rejected), "reached"
    assert found.stage == "hooks", "reached"


@pytest.mark.parametrize("what", PATHS)
def test_without_a_wall_hooks_text_does_by(what, no_wall, worlds):
    found = build(no_wall, worlds, EXISTS + reaching(PATHS[what]))
    assert not isinstance(found, Rejected), found


PREPARED = """
import sys
import test_module_check as cases
from dicode.games import load_host
from dicode.sandbox import hook_worker, wire
hook_worker.prepare(load_host("craftax"))
hook_worker.settle(wire.Message({"job": "export"}))
before = set(sys.modules)
for name, function in cases.ACCEPTED.items():
    cases.checked(function)
new = sorted(set(sys.modules) - before)
sys.stdout.write(" ".join(new))
"""


def test_what_hooks_use_of_jax_is_loaded_before_files_are_closed():
    there = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    found = subprocess.run(
        [sys.executable, "-c", PREPARED], capture_output=True, text=True, check=True, timeout=500, env=there
    )
    assert found.stdout == ""


def test_a_forged_export_is_not_believed(sandbox, worlds):
    """The level's own process sends a module of its own making; the check reads it in another one."""
    code = reaching(
        "w = reach('dicode.sandbox.wire', fromlist=['x'])\n"
        "        body = w.encode(w.Message({'ok': True}, {'success': b'forged' * 100}))\n"
        "        [write(fd, body) for fd in range(3, 200)]\n"
        "        os._exit(0)"
    )
    write = "def write(fd, body):\n    try: return os.write(fd, body)\n    except OSError: return 0\n"
    found = build(sandbox, worlds, write + code)
    assert isinstance(found, Rejected), found
    assert found.stage == "hooks", found
    assert "cannot be read" in found.reason, found
    assert set(sandbox._hooks.seen) == set(sandbox.mechanisms())


def test_damaged_exports_end_in_a_verdict_and_harm_no_worker(sandbox, worlds):
    good = bytes(build(sandbox, worlds, GOOD).hooks["bonus"])
    rng, limits = np.random.default_rng(0), sandbox.limits
    bounds = {"module": 2**20, "operations": 20_000, "flops": 2e7, "tensor": 2**22}
    order = {"job": "check", "hooks": ["bonus"], "group": GROUP, "bounds": bounds}
    for _ in range(15):
        damaged = bytearray(good)
        for position in rng.integers(len(good), size=3):
            damaged[position] = rng.integers(256)
        answer = wire.encode(wire.Message({"ok": True}, {"bonus": bytes(damaged)}))[12:]
        found = sandbox._hooks.run(
            wire.Message(order, {"answer": answer}), jail.JobLimits(8, limits.hook_memory), limits, 2**22
        )
        assert found.body is None or isinstance(wire.decode(found.body).header["ok"], bool)
    assert sandbox._hooks.starts == 1
