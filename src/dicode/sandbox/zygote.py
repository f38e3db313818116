"""The warm worker: imports once, walls itself in, then forks one process for each job.

The zygote never runs level text and never holds a level's bytes: the trainer passes it the ends of
two pipes, the fork reads its request from one and writes its answer to the other. So a level finds
neither another level's memory nor its changes, and the zygote reports only how the fork ended.

Protocol on the control socket, one JSON object a line. First line from the trainer: the set-up
(the role, the game, the wall). First line back: `ready` with the mechanisms seen to hold. Then for each job a line
with its bounds and two descriptors (request, answer), and a line back with `code` and `cpu_s`.
"""

import gc
import importlib
import json
import os
import signal
import socket
import time
import traceback
from collections.abc import Callable
from typing import Any

from dicode import games
from dicode.sandbox import jail, wire

Handler = Callable[[wire.Message], wire.Message]
Settle = Callable[[wire.Message], None]
"""What a job must load before the last part of the wall goes up, and before anything hostile is touched."""
WALL_CODE = 1000
"""Reported instead of an exit code when the wall-clock backstop ended the job."""
IDLE_CODE = 1001
"""Reported when the job was ended because it used no CPU time for too long."""
_LOOK_S = 0.5
_PROCESSORS = 4
_MOVED_S = 0.002


def main(fd: int) -> None:
    """Serve jobs on the control socket `fd` until the trainer closes it."""
    control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, fileno=fd)
    line = _Lines(control)
    first = line.next()
    if first is None:
        return
    setup = first[0]
    wall = jail.Wall(tuple(setup["readable"]), setup["jax"], frozenset(setup["use"]))
    if wall.jax:
        _use_few_processors()
    module = importlib.import_module(setup["module"])
    handler: Handler = module.prepare(games.load_host(setup["game"]))
    settle: Settle = getattr(module, "settle", lambda message: None)
    kinds = frozenset({"net", "pid", "mount"}) if setup["wrapped"] else jail.enter_namespaces(wall)
    os.environ.clear()
    seen = jail.namespaces_hold(jail.Entered(kinds))
    entered = jail.enter_server(wall, kinds)
    seen += jail.server_holds(entered) + _probe(wall, entered, jail.JobLimits(2, setup["memory"]))
    gc.collect()
    gc.freeze()
    control.sendall(json.dumps({"ready": True, "seen": seen}).encode() + b"\n")
    while (job := line.next()) is not None:
        control.sendall(json.dumps(_serve(job, (settle, handler), wall, entered)).encode() + b"\n")


def _use_few_processors() -> None:
    """JAX starts threads by the number of processors, and each reserves address space, which is limited."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-_PROCESSORS:])


class _Lines:
    """JSON lines from a socket, each with the descriptors that came along."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._rest = b""

    def next(self) -> tuple[dict[str, Any], list[int]] | None:
        fds: list[int] = []
        while b"\n" not in self._rest:
            data, received, _, _ = socket.recv_fds(self._control, 65536, 2)
            fds += received
            if not data:
                return None
            self._rest += data
        text, self._rest = self._rest.split(b"\n", 1)
        return json.loads(text), fds


def _probe(wall: jail.Wall, entered: jail.Entered, bounds: jail.JobLimits) -> list[str]:
    """The mechanisms seen to hold in a fork that is walled in as every job will be."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            jail.enter_job(wall, entered, bounds, {writer})
            jail.close_paths(wall, entered)
            os.write(writer, json.dumps(jail.job_holds(wall, bounds)).encode())
        except BaseException:  # noqa: BLE001 - a fork must never return into its parent's code
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else []


def _serve(
    job: tuple[dict[str, Any], list[int]], steps: tuple[Settle, Handler], wall: jail.Wall, entered: jail.Entered
) -> dict[str, Any]:
    order, (request, answer) = job
    child = os.fork()
    if child == 0:
        _run(order, request, answer, steps, wall, entered)
    os.close(request)
    os.close(answer)
    watch = _Watch(child, order["wall_s"], order["idle_s"])
    signal.signal(signal.SIGALRM, watch.look)
    signal.setitimer(signal.ITIMER_REAL, _LOOK_S, _LOOK_S)
    _, status, usage = os.wait4(child, 0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    _end_group(child)
    code = watch.verdict or os.waitstatus_to_exitcode(status)
    return {"code": code, "cpu_s": usage.ru_utime + usage.ru_stime}


class _Watch:
    """Ends a job that waits instead of computing, and one that is still there after the wall-clock backstop."""

    def __init__(self, child: int, wall_s: float, idle_s: float) -> None:
        self.verdict = 0
        self._child, self._end, self._idle_s = child, time.monotonic() + wall_s, idle_s
        self._used, self._moved = 0.0, time.monotonic()

    def look(self, *_: object) -> None:
        """Called every `_LOOK_S` seconds."""
        now = time.monotonic()
        used = self._cpu()
        if used is None or used > self._used + _MOVED_S:
            self._used, self._moved = used or 0.0, now
        if now > self._end:
            self._kill(WALL_CODE)
        elif now > self._moved + self._idle_s:
            self._kill(IDLE_CODE)

    def _cpu(self) -> float | None:
        try:
            return time.clock_gettime((~self._child << 3) | 2)  # the process's CPU clock on Linux
        except OSError:
            return None

    def _kill(self, verdict: int) -> None:
        self.verdict = verdict
        os.kill(self._child, signal.SIGKILL)


def _end_group(child: int) -> None:
    """Where no mechanism forbids forking, end what the job left behind."""
    try:
        os.killpg(child, signal.SIGKILL)
    except OSError:
        return


def _run(
    order: dict[str, Any],
    request: int,
    answer: int,
    steps: tuple[Settle, Handler],
    wall: jail.Wall,
    entered: jail.Entered,
) -> None:
    code = 1
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        message = wire.receive_blocking(request)
        os.close(request)
        jail.enter_job(wall, entered, jail.JobLimits(order["cpu_s"], order["memory"]), {answer})
        settle, handler = steps
        settle(message)
        jail.close_paths(wall, entered)
        wire.send_blocking(answer, wire.encode(handler(message)))
        code = 0
    except BaseException:  # noqa: BLE001 - a fork must never return into its parent's code
        traceback.print_exc()
    finally:
        os._exit(code)
