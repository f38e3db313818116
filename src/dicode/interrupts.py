"""Whatever it interrupts, a program that is asked to stop stops, and says so."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

AGAIN_S = 0.1
"""Seconds after which an interruption that was lost is repeated."""
_ENDING = (signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))


class Terminated(KeyboardInterrupt):
    """The system or a scheduler asked the program to end."""

    def __init__(self, number: int) -> None:
        self.number = signal.Signals(number)
        super().__init__(self.number.name)


@contextmanager
def heard() -> Iterator[None]:
    """Inside, SIGTERM and SIGHUP end the program as Ctrl-C does, and an interruption that a callback swallows is repeated.

    JAX has a function called at every garbage collection; what is raised in it is printed and forgotten, whoever
    raised it. Signals that somebody else handles, or has told to be ignored (`nohup`), stay as they are.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = sys.unraisablehook
    sys.unraisablehook = lambda lost: _repeated(lost) or before(lost)
    taken = [number for number in _ENDING if signal.getsignal(number) is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, _end)
    try:
        yield
    finally:
        sys.unraisablehook = before
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


def _end(number: int, frame: FrameType | None) -> None:
    raise Terminated(number)


def _repeated(lost: Any) -> bool:
    """Interrupt the main thread again where an interruption was lost, once its callback is over."""
    if not (isinstance(lost.exc_type, type) and issubclass(lost.exc_type, KeyboardInterrupt)):
        return False
    number = lost.exc_value.number if isinstance(lost.exc_value, Terminated) else signal.SIGINT
    again = threading.Timer(AGAIN_S, signal.pthread_kill, [threading.main_thread().ident, number])
    again.daemon = True
    again.start()
    return True
