"""The filters decide by whole arguments: run here by an interpreter of their instructions, and once by the kernel."""

import struct
import subprocess
import sys

import numpy as np
import pytest

from dicode.sandbox import syscalls

pytestmark = pytest.mark.skipif(not syscalls.supported(), reason="no filter can be written for this machine")


def rules():
    """Every argument with a rule, of every call that counts in every profile."""
    for name, profile in syscalls.PROFILES.items():
        counted = {call.name: call for call in reversed(profile)}
        for call in counted.values():
            if syscalls.number(call.name) is not None:
                for n, argument in enumerate(call.arguments):
                    yield pytest.param(profile, call, argument, id=f"{name}: {call.name} {argument.index} ({n})")


RULES = list(rules())


def verdict(program: bytes, nr: int, arguments: list[int]) -> int:
    """What a filter returns for a call, instruction by instruction."""
    arch = syscalls._ARCHES[syscalls.platform.machine()][1]
    data = struct.pack("<iIQ6Q", nr, arch, 0, *arguments)
    code = list(struct.iter_unpack("<HBBI", program))
    held, at = 0, 0
    while True:
        kind, yes, no, value = code[at]
        at += 1
        if kind == 0x06:
            return value
        if kind == 0x20:
            (held,) = struct.unpack_from("<I", data, value)
            continue
        true = {0x15: held == value, 0x35: held >= value, 0x45: bool(held & value)}[kind]
        at += yes if true else no


def good(call: syscalls.Call) -> list[int]:
    """Arguments that every rule of the call lets through."""
    arguments = [0] * 6
    for argument in call.arguments:
        arguments[argument.index] |= argument.required | (argument.equal or 0)
    return arguments


@pytest.mark.fast
@pytest.mark.parametrize(("profile", "call", "argument"), RULES)
def test_an_argument_that_differs_in_the_high_word_alone_is_refused(profile, call, argument):
    program, nr = syscalls.program(profile), syscalls.number(call.name)
    assert verdict(program, nr, good(call)) == call.result
    rng = np.random.default_rng(0)
    for high in [1, 7, 0x80000000, 0xFFFFFFFF, *map(int, rng.integers(1, 2**32, 20))]:
        arguments = good(call)
        arguments[argument.index] |= high << 32
        assert verdict(program, nr, arguments) == syscalls.REFUSE, hex(high)


@pytest.mark.fast
@pytest.mark.parametrize(("profile", "call", "argument"), RULES)
def test_an_argument_that_breaks_its_rule_in_the_low_word_is_refused(profile, call, argument):
    program, nr = syscalls.program(profile), syscalls.number(call.name)
    for bit in range(32):
        arguments = good(call)
        arguments[argument.index] ^= 1 << bit
        word = arguments[argument.index]
        rules = [rule for rule in call.arguments if rule.index == argument.index]
        broken = any(
            word & rule.forbidden
            or (rule.required and not word & rule.required)
            or (rule.equal is not None and word != rule.equal)
            for rule in rules
        )
        assert (verdict(program, nr, arguments) == syscalls.REFUSE) == bool(broken), bit


@pytest.mark.fast
def test_what_is_on_no_list_is_refused_and_a_foreign_convention_kills():
    for profile in syscalls.PROFILES.values():
        known = {syscalls.number(call.name) for call in profile}
        program = syscalls.program(profile)
        assert {verdict(program, nr, [0] * 6) for nr in set(range(500)) - known} == {syscalls.REFUSE}
        assert verdict(program, 0x40000001, [0] * 6) == syscalls.KILL


@pytest.mark.fast
def test_each_list_is_a_subset_of_the_next():
    level, hook, jax, zygote = ({call.name for call in p} for p in (syscalls.PROFILES[n] for n in ("level", "hook", "jax", "zygote")))  # fmt: skip
    assert level < hook < jax < zygote
    assert not {"openat", "stat", "newfstatat", "readlinkat", "faccessat", "statx", "getcwd"} & hook


THREAD = """
import ctypes, os, threading
from dicode.sandbox import syscalls
ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
go, said = threading.Event(), []
def look():
    go.wait()
    try: os.stat("/")
    except PermissionError: said.append("refused")
thread = threading.Thread(target=look); thread.start()
syscalls.install(syscalls.HOOK, every_thread=EVERY)
go.set(); thread.join()
os.write(1, repr(said).encode())
"""


@pytest.mark.fast
@pytest.mark.parametrize(("every", "said"), [("True", b"['refused']"), ("False", b"[]")])
def test_a_thread_that_ran_before_comes_under_the_filter_too(every, said):
    code = THREAD.replace("EVERY", every)
    found = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=False, timeout=60)
    assert found.stdout == said
