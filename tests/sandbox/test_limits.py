"""A level that costs too much ends with a verdict, and the next level does not notice."""

import pytest

from dicode.types import Origin, Rejected

LEVEL = '''"""Objective: cost too much."""
import numpy as np
from dicode.levels import Achievement, Goal

GOAL = Goal.all_of(Achievement.COLLECT_WOOD)
'''
GOOD = LEVEL + "\ndef build(world):\n    pass\n"
REACH = 'reach = getattr(getattr(Goal, "__in" + "it__"), "__glo" + "bals__")["__built" + "ins__"]["__imp" + "ort__"]\n'

COSTLY = {
    "loops forever": ("while True: pass", "limits", "CPU time"),
    "loops forever and ignores the warning": (
        "s = reach('signal'); s.signal(s.SIGXCPU, s.SIG_IGN)\n    while True: pass",
        "limits",
        "CPU time",
    ),
    "computes forever in NumPy": ("np.linalg.svd(np.ones((6000, 6000)))", "limits", ""),
    "allocates 100 GB": ("np.ones(100 * 10**9, np.uint8)", "limits", "memory"),
    "allocates little by little": (
        "kept = []\n    while True: kept.append(np.empty(10**8, np.uint8))",
        "limits",
        "memory",
    ),
    "waits for a lock forever": (
        "lock = reach('_thread').allocate_lock(); lock.acquire(); lock.acquire()",
        "limits",
        "no sign of work",
    ),
    "recurses forever": ("f = lambda: f()\n    f()", "build", "recursion"),
    "recurses in C": ("x = []\n    for _ in range(10**6): x = [x]\n    repr(x)", "build", "recursion"),
    "prints without end": ("while True: print('x' * 10**6)", "limits", "CPU time"),
    "answers without end": (
        "os = reach('os'); [os.write(fd, bytes(10**6)) for fd in range(3, 20) for _ in range(1000)]",
        "build",
        "",
    ),
    "describes without end": ("pass\nglobals()['__doc__'] = 'x' * 10**9", "", ""),
    "writes to address 0": ("reach('ctypes').string_at(0)", "build", "signal 11"),
    "ends its process": ("reach('os')._exit(0)", "build", "exit code 0"),
    "aborts": ("reach('os').abort()", "build", "signal"),
    "asks the interpreter to exit": ("raise SystemExit(0)", "build", "SystemExit"),
    "pretends that a person interrupts": ("raise KeyboardInterrupt", "build", "KeyboardInterrupt"),
    "raises what can't be printed": (
        "class Odd(Exception):\n        def _p(self): raise Odd\n    setattr(Odd, '__st' + 'r__', Odd._p)\n    raise Odd",
        "build",
        "",
    ),
}


@pytest.mark.parametrize("what", COSTLY)
def test_a_level_is_stopped_with_a_verdict_that(what, sandbox, worlds):
    code, stage, said = COSTLY[what]
    found = sandbox.build(f"{LEVEL}{REACH}\ndef build(world):\n    {code}\n", worlds, 1, Origin.GRAMMAR)
    if stage:
        assert isinstance(found, Rejected)
        assert found.stage == stage, found
        assert said in found.reason, found
        assert len(found.reason) <= 2000
        assert found.hint or stage == "build"
    else:
        assert isinstance(found, Rejected) or len(found.description) <= 2000
    assert not isinstance(sandbox.build(GOOD, worlds, 1, Origin.GRAMMAR), Rejected)
    assert sandbox._builder.starts == 1


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (GOOD + "#" * 70_000, "65536"),
        (GOOD + "x = '\x00'", "null"),
        (GOOD + "x = " + "(" * 100 + ")" * 100, "nest"),
        (GOOD + "x = '" + "y" * 5000 + "'", "4000 characters"),
    ],
)
def test_text_that_is_dangerous_to_parse_is_not_parsed(source, said, sandbox, worlds):
    found = sandbox.build(source, worlds, 1, Origin.GRAMMAR)
    assert isinstance(found, Rejected)
    assert found.stage == "screen"
    assert said in found.reason


def test_a_killed_worker_is_replaced(sandbox, worlds):
    first = sandbox.build(GOOD, worlds, 1, Origin.GRAMMAR)
    process = sandbox._builder._process
    process.kill()
    process.wait()
    again = sandbox.build(GOOD, worlds, 1, Origin.GRAMMAR)
    assert again.pool_hash == first.pool_hash
    sandbox._builder.starts = 1
