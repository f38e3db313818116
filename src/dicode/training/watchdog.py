"""A watch over work that may hang where neither Python nor Ctrl-C is heard: inside a compiled program.

A thread of its own counts the seconds in which nobody gave a sign of life. It needs no answer from the
thread that hangs, because compiled programs run without holding the interpreter.
"""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

TICK_S = 1.0


class Watchdog:
    """Calls `expired` once, from its own thread, after `limit_s` seconds without `beat`; a context manager.

    Only time in which this process runs counts: one that was stopped, or a machine that slept, is not late.
    """

    def __init__(self, limit_s: float, expired: Callable[[], object], tick_s: float = TICK_S) -> None:
        self._limit_s, self._expired, self._tick_s = limit_s, expired, tick_s
        self._silent = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def beat(self) -> None:
        """A sign of life."""
        self._silent = 0.0

    def _watch(self) -> None:
        last = time.monotonic()
        while not self._done.wait(self._tick_s):
            now = time.monotonic()
            self._silent += min(now - last, 2 * self._tick_s)
            last = now
            if self._silent > self._limit_s:
                self._expired()
                return

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()
