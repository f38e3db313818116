"""Reading answers in a process of its own, so that whatever a text does costs that text only.

An answer is hostile text of any length. It is cut to `unwrap.MAX_ANSWER` and handed to a worker that
parses it and executes none of it, with limits on memory and time. A worker that crashes, runs out of
either or raises is ended, the answer becomes `Rejected("limits", ...)`, and the next answer gets a new
worker. Requests and answers are JSON, one a line.
"""

import atexit
import contextlib
import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Collection
from functools import cache
from typing import Any

from dicode import games
from dicode.dreaming.parse import FORM, Parsed, parse_answer, parse_design
from dicode.dreaming.similarity import syntax
from dicode.dreaming.unwrap import MAX_ANSWER
from dicode.errors import RunError
from dicode.games.level_text import parse_level
from dicode.types import Code, Rejected

SECONDS = 20.0
"""Processor time that reading one answer may take; twice as much on the clock."""
MEMORY = 2 << 30
"""Bytes of address space of the worker, NumPy's included."""
START_S = 120.0
"""Seconds after which a worker that does not start is an error of this machine."""
_BOOT = "import sys; sys.path[:] = {path!r}; from dicode.dreaming.reader import serve; serve()"
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}


class _Broken(Exception):
    """The worker did not answer; says why."""


class Reader:
    """Reads answers in a worker process that starts when it is first needed; safe to share by threads."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self.starts = 0
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def level(self, text: str, known: Collection[str] = (), game: str = "", **options: Any) -> Parsed | Rejected:
        """`parse_answer` of an answer for the game of this name; `known` are sources that its author has been shown."""
        shown = sorted({syntax(source).exact for source in known})
        read = self._ask({"kind": "level", "text": text[: MAX_ANSWER + 1], "known": shown, "game": game, **options})
        if isinstance(read, Rejected):
            return read
        return Parsed(read["source"], read["docstring"], tuple(read["notes"]))

    def design(self, text: str) -> str | Rejected:
        """`parse_design` of an answer."""
        read = self._ask({"kind": "design", "text": text[: MAX_ANSWER + 1]})
        return read if isinstance(read, Rejected) else read["text"]

    def close(self) -> None:
        """End the worker; the next answer starts another one."""
        with self._lock:
            self._stop()

    def _ask(self, question: dict[str, Any]) -> Any:
        with self._lock:
            try:
                reply = self._exchange(question)
            except _Broken as broken:
                self._stop()
                return Rejected("limits", f"the answer could not be read: {broken}", FORM, code=Code.CRASHED)
        return Rejected.from_json(reply["rejected"]) if "rejected" in reply else reply

    def _exchange(self, question: dict[str, Any]) -> dict[str, Any]:
        process = self._process if self._process and self._process.poll() is None else self._start()
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps({**question, "seconds": self.seconds}).encode() + b"\n")
            process.stdin.flush()
        except OSError as error:
            raise _Broken("its reader ended") from error
        return self._line(process, 2 * self.seconds)

    def _start(self) -> subprocess.Popen[bytes]:
        self._stop()
        self.starts += 1
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-s", "-P", "-B", "-c", _BOOT.format(path=[os.path.abspath(p) for p in sys.path])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_ENVIRONMENT,
            cwd="/",
            start_new_session=True,
        )
        try:
            self._line(self._process, START_S)
        except _Broken as error:
            self._stop()
            raise RunError(f"the process that reads the model's answers does not start ({error})") from error
        return self._process

    def _line(self, process: subprocess.Popen[bytes], seconds: float) -> dict[str, Any]:
        assert process.stdout is not None
        descriptor, until = process.stdout.fileno(), time.monotonic() + seconds
        parts: list[bytes] = []
        while not (parts and parts[-1].endswith(b"\n")):
            ready, _, _ = select.select([descriptor], [], [], max(until - time.monotonic(), 0.0))
            if not ready:
                raise _Broken(f"it takes longer than {seconds:g} s")
            part = os.read(descriptor, 1 << 20)
            if not part:
                raise _Broken("it takes too much time or memory")
            parts.append(part)
        try:
            answer: dict[str, Any] = json.loads(b"".join(parts))
            return answer
        except (ValueError, RecursionError) as error:
            raise _Broken("its reader answers nonsense") from error

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
        process.wait()


@cache
def shared() -> Reader:
    """The reader of this program."""
    reader = Reader()
    atexit.register(reader.close)
    return reader


def serve() -> None:
    """What the worker runs: one JSON answer for each JSON question, until its input ends."""
    _limit("RLIMIT_AS", MEMORY)
    _limit("RLIMIT_CORE", 0)
    _limit("RLIMIT_FSIZE", 0)
    _say({})
    for line in sys.stdin.buffer:
        question = json.loads(line)
        # A limit on processor time is counted from the start of the process.
        _limit("RLIMIT_CPU", int(time.process_time() + question.pop("seconds")) + 1)
        try:
            reply = _read(question)
        except Exception as error:  # noqa: BLE001 - whatever a text makes a parser raise is that text's verdict
            reason = f"the answer could not be read ({type(error).__name__})"
            reply = {"rejected": Rejected("limits", reason, FORM, code=Code.CRASHED).to_json()}
        _say(reply)


def _say(reply: dict[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(reply).encode() + b"\n")
    sys.stdout.buffer.flush()


def _read(question: dict[str, Any]) -> dict[str, Any]:
    kind, text = question.pop("kind"), question.pop("text")
    name = question.pop("game", "")
    levels = games.load_host(name).levels() if name else None
    read = parse_design(text) if kind == "design" else parse_answer(text, levels, **question)
    if isinstance(read, Rejected):
        return {"rejected": read.to_json()}
    if isinstance(read, str):
        return {"text": read}
    # What walks over an accepted level in the trainer does so here first.
    parse_level(read.source)
    syntax(read.source)
    return {"source": read.source, "docstring": read.docstring, "notes": read.notes}


def _limit(name: str, value: int) -> None:
    """Set a resource limit, of which only the soft half is lowered; systems without it go on."""
    try:
        import resource

        which = getattr(resource, name)
        hard = resource.getrlimit(which)[1]
        resource.setrlimit(which, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))
    except (ImportError, AttributeError, ValueError, OSError):
        return
