"""Whoever asks a program to stop is heard, and it says how it ended."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from dicode import cli, interrupts

pytestmark = pytest.mark.fast

LOST = """
import gc, os, signal, sys, time
from dicode import cli
signal.signal(signal.SIGINT, signal.default_int_handler)   # a shell's background command begins deaf to it
ready = []
def callback(phase, info):
    if not ready:
        ready.append(True)
        os.kill(os.getpid(), signal.{name})   # arrives in the callback, where what it raises is forgotten
        for _ in range(1000): pass
def command(words):
    gc.callbacks.append(callback)
    gc.collect()
    time.sleep(20)
    return 0
cli._run = command
sys.exit(cli.main([]))
"""


@pytest.mark.parametrize(
    ("name", "code", "says"), [("SIGINT", 130, "interrupted"), ("SIGTERM", 143, "ended by SIGTERM")]
)
def test_an_interruption_that_a_callback_swallows_is_repeated(name, code, says):
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", LOST.format(name=name)], capture_output=True, text=True)
    assert (done.returncode, says in done.stderr) == (code, True), done.stderr
    assert time.monotonic() - started < 15


AGAIN = """
import atexit, os, signal, sys
from dicode import __main__, cli
signal.signal(signal.SIGINT, signal.default_int_handler)
def command(words):
    raise KeyboardInterrupt
cli._run = command
atexit.register(lambda: os.kill(os.getpid(), signal.SIGINT))
sys.argv[1:] = []
__main__.program()
"""


def test_a_second_ctrl_c_while_the_interpreter_ends_leaves_no_traceback():
    done = subprocess.run([sys.executable, "-c", AGAIN], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "dicode: interrupted\n")


def test_other_lost_errors_and_foreign_handlers_stay_as_they_are():
    told, mine = [], lambda number, frame: None
    hook, sys.unraisablehook = sys.unraisablehook, told.append
    before = signal.signal(signal.SIGHUP, mine)
    try:
        with interrupts.heard():
            assert signal.getsignal(signal.SIGHUP) is mine
            assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
            with pytest.raises(interrupts.Terminated, match="SIGTERM"):
                signal.raise_signal(signal.SIGTERM)

            class Odd:
                def __del__(self):
                    raise ValueError("odd")

            Odd()
        assert [lost.exc_type for lost in told] == [ValueError]
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        sys.unraisablehook = hook
        signal.signal(signal.SIGHUP, before)


def test_a_thread_changes_nothing():
    found = []

    def run():
        with interrupts.heard():
            found.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(signal.SIGTERM)]


def test_what_the_output_can_not_spell_is_a_question_mark():
    code = "import sys; from dicode import cli; cli._run = lambda w: print('5 \\u00b1 1 \\u2026') or 0; sys.exit(cli.main([]))"
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert (done.returncode, done.stdout) == (0, "5 ? 1 ?\n")


def test_a_command_that_only_prints_ends_quietly_when_nobody_reads(monkeypatch):
    def run(words):
        raise BrokenPipeError

    monkeypatch.setattr(cli, "_run", run)
    monkeypatch.setattr(sys, "stdout", open(os.devnull, "w"))  # noqa: SIM115
    assert cli.main([]) == 0
