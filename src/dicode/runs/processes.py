"""Several processes that train one run: process 0 leads, the others do on their devices what it does on its own.

The leader runs the loop. Before every operation on the devices its trainer announces the operation by name, with its
arguments as host values; a follower has a trainer and nothing else, and calls the same method on the same values. So
the followers know no run directory, no archive and no dreamer.

Orders travel over plain sockets beside JAX's own connections. A follower waits on its socket as long as it takes,
where a collective would give up; and whoever dies closes its socket, which the other side notices at once, even
while its main thread is held up by a collective that will never finish: then a thread ends the process.
"""

import logging
import os
import pickle
import queue
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

from dicode import settings
from dicode.config import Config, DistributedConfig
from dicode.errors import ConfigError, DicodeError, RunError

_log = logging.getLogger(__name__)

GRACE_S = 15.0
"""Seconds that a process has to end by itself after another one has failed; then it is ended."""

BUSY_S = 3.0
"""Seconds that a follower, likely within a collective, has to end after process 0 has failed or was interrupted."""

CONNECT_S = 300.0
"""Seconds that the processes wait for each other at the start."""

DONE, FAILED, INTERRUPTED = 0, 2, 130
"""How a run ends, as exit codes."""


class Alone:
    """The usual run: one process, which has nobody to agree with."""

    announce = None

    def agree(self, config: Config) -> None:
        """Nothing to compare."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to end."""


ALONE = Alone()


class Leader:
    """Process 0. `followers` are the connections to processes 1, 2, ...; `leave` ends this process without ado."""

    def __init__(
        self, followers: Sequence[Connection], leave: Callable[[int], object] = os._exit, grace_s: float = GRACE_S
    ) -> None:
        self._followers, self._leave, self._grace_s = followers, leave, grace_s
        self._lock, self._ending = threading.Lock(), False
        self._failure: str | None = None
        self._failed = threading.Event()

    def agree(self, config: Config) -> None:
        """Tell the configuration; from now on the followers are watched.

        Raises ConfigError where a follower was given another one.
        """
        self._send(("config", _facts(config), config))
        answers = [self._answer(number, follower) for number, follower in enumerate(self._followers, 1)]
        different = [answer for answer in answers if answer]
        if different:
            raise ConfigError(different[0])
        if config.dreamer.hooks and self._followers:
            raise ConfigError("dreamer.hooks=true runs in one process for now; start it without the others")
        for number, follower in enumerate(self._followers, 1):
            threading.Thread(target=self._watch, args=(number, follower), daemon=True).start()

    def announce(self, operation: str, *arguments: Any) -> None:
        """Send an operation and its arguments, device arrays as host arrays. Raises RunError if a follower is gone."""
        import jax
        import numpy as np

        if self._failure:
            raise RunError(self._failure)
        self._send((operation, jax.tree.map(lambda x: np.asarray(x) if isinstance(x, jax.Array) else x, arguments)))

    def _send(self, message: tuple[Any, ...]) -> None:
        data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        for number, follower in enumerate(self._followers, 1):
            try:
                follower.send_bytes(data)
            except OSError as error:
                self._failure = self._failure or f"process {number} is gone"
                raise RunError(self._failure) from error

    def _answer(self, number: int, follower: Connection) -> str:
        try:
            if not follower.poll(CONNECT_S):
                raise RunError(f"process {number} did not answer within {CONNECT_S:g} s")
            kind, text = follower.recv()
        except (EOFError, OSError) as error:
            raise RunError(f"process {number} is gone") from error
        return "" if kind == "agreed" else str(text)

    def _watch(self, number: int, follower: Connection) -> None:
        """A thread for each follower: whatever comes from it means that it has ended."""
        try:
            kind, text = follower.recv()
            failure = text if kind == "interrupted" else f"process {number} has failed: {text}"
        except (EOFError, OSError):
            failure = f"process {number} is gone"
        with self._lock:
            self._failure = self._failure or failure
            self._failed.set()
            if self._ending:
                return
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)  # wakes it even where it waits
        self._leave_later(FAILED, failure)

    def _leave_later(self, code: int, why: str) -> None:
        def leave() -> None:
            _log.error("process 0 did not come to an end within %g s and is ended (%s)", self._grace_s, why)
            self._leave(code)

        timer = threading.Timer(self._grace_s, leave)
        timer.daemon = True
        timer.start()

    def __enter__(self) -> Self:
        # A shell that starts a process in the background lets it ignore SIGINT, which is what a lost follower sends.
        self._sigint = signal.getsignal(signal.SIGINT)
        if self._sigint == signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Tell the followers how it ended; an error that a follower has caused is raised as such."""
        if self._sigint == signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        with self._lock:
            self._ending = True
        code = DONE if error is None else INTERRUPTED if isinstance(error, KeyboardInterrupt) else FAILED
        if error is not None and not isinstance(error, DicodeError | KeyboardInterrupt):
            self._failed.wait(1.0)  # a follower's end shows as an error of a collective first
        for follower in self._followers:
            try:
                follower.send(("end", self._failure or str(error or ""), code))
            except OSError:
                continue
        if error is not None:
            self._leave_later(code, "interrupted" if code == INTERRUPTED else self._failure or str(error))
        if self._failure and error is not None and self._failure != "interrupted":
            raise RunError(f"{self._failure}; the last finished cycle is kept, `dicode resume` goes on from it")


class Follower:
    """Any other process, with its connection to process 0."""

    def __init__(
        self,
        number: int,
        leader: Connection,
        leave: Callable[[int], object] = os._exit,
        grace_s: float = GRACE_S,
    ) -> None:
        self._number, self._leader, self._leave, self._grace_s = number, leader, leave, grace_s
        self._orders: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()
        self._ended = threading.Event()

    def agree(self, config: Config | None) -> Config:
        """The leader's configuration; from now on the leader is watched.

        Raises ConfigError, here and there, where another one was given to this process.
        """
        try:
            message = self._leader.recv()
        except (EOFError, OSError) as error:
            raise RunError("process 0 is gone") from error
        if message[0] == "end":
            self._end(message)
        theirs: Config
        _, facts, theirs = message
        different = [] if config is None else _differences(_facts(config), facts)
        if different:
            text = f"process {self._number} was started with other settings than process 0: {'; '.join(different)}"
            self._leader.send(("differs", text))
            self._ended.set()
            raise ConfigError(text)
        self._leader.send(("agreed", ""))
        threading.Thread(target=self._listen, daemon=True).start()
        return theirs

    def _listen(self) -> None:
        """A thread: takes orders in, and ends this process if it does not end with the leader."""
        while True:
            try:
                message = self._leader.recv()
            except (EOFError, OSError):
                if not self._ended.is_set():
                    _log.error("process 0 is gone, so process %d ends", self._number)
                    self._leave(FAILED)
                return
            self._orders.put(message)
            if message[0] == "end":
                _, text, code = message
                if not self._ended.wait(self._grace_s if code == DONE else min(self._grace_s, BUSY_S)):
                    text = "was interrupted" if code == INTERRUPTED else f"has ended the run: {text or 'done'}"
                    _log.error("process 0 %s; process %d ends", text, self._number)
                    self._leave(code or FAILED)
                return

    def orders(self) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """(operation, arguments) until the run is done. Raises how it ended otherwise."""
        while True:
            message = self._orders.get()
            if message[0] == "end":
                return self._end(message)
            yield message[0], message[1]

    def _end(self, message: tuple[Any, ...]) -> None:
        self._ended.set()
        _, text, code = message
        if code == INTERRUPTED:
            raise KeyboardInterrupt
        if code != DONE:
            raise RunError(f"process 0 has ended the run: {text}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Tell the leader if this process ends by itself; the leader then ends, too, and so does the connection."""
        if error is None or self._ended.is_set():
            return
        interrupted = isinstance(error, KeyboardInterrupt)
        try:
            self._leader.send(
                ("interrupted" if interrupted else "failed", "interrupted" if interrupted else str(error))
            )
        except OSError:
            _log.error("process 0 is gone, so process %d ends", self._number)


def _facts(config: Config) -> dict[str, object]:
    """Everything that must be equal in all processes, by name."""
    import jax
    import jaxlib

    import dicode

    versions = {"dicode": dicode, "jax": jax, "jaxlib": jaxlib}
    facts: dict[str, object] = {f"the version of {name}": module.__version__ for name, module in versions.items()}
    shared = replace(config, distributed=DistributedConfig())
    for setting in settings.documented(Config):
        facts[setting.name] = settings.get(shared, setting.name)
    return facts


def _differences(ours: Mapping[str, object], theirs: Mapping[str, object]) -> list[str]:
    names = [name for name in {**theirs, **ours} if ours.get(name) != theirs.get(name)]
    return [f"{name} is {ours.get(name)!r} and not {theirs.get(name)!r}" for name in names]


def follow(trainer: Any, group: Follower) -> None:
    """Do what the leader does, until the run ends: a trainer's operations, by name, on the newest learner."""
    learner: Any = None
    for operation, arguments in group.orders():
        _log.info("%s", operation)
        if operation == "compile":
            trainer.compile(*arguments)
        elif operation == "new_learner":
            learner = trainer.new_learner()
        elif operation == "place_learner":
            learner = trainer.place_learner(*arguments)
        elif operation == "train":
            batch, cycle, watched = arguments
            learner = trainer.train(learner, batch, cycle, lambda update, metrics: None, watched).learner
        elif operation in ("first_episodes", "watch", "probe"):
            getattr(trainer, operation)(learner.params, *arguments)
        else:
            raise RunError(f"process 0 asks for {operation!r}, which this version does not know")
