"""What a worker may do: rlimits, no_new_privs, Landlock, seccomp and namespaces, put on and then tested.

Two walls. `enter_server` is for the zygote, which imports libraries, forks, and never runs level
text. `enter_job` is for each fork of it, adds what only that job may not do, and can't be undone;
`close_paths` adds to it where JAX had to start in between.
`probe` reports the mechanisms that were *seen to hold* inside such a fork; asking the kernel whether
it has a feature is not enough. Everything here calls the kernel directly, so that pip suffices.
"""

import contextlib
import ctypes
import errno
import mmap
import os
import resource
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from dicode.sandbox import landlock, namespaces, syscalls

ALL_MECHANISMS = frozenset({"rlimits", "no_new_privs", "landlock", "seccomp", "namespaces", "bubblewrap"})
NAMESPACES = ("network namespace", "process namespace", "mount namespace")
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS, _PR_GET_NO_NEW_PRIVS = 1, 4, 38, 39
_SIGKILL = 9


@dataclass(frozen=True)
class Wall:
    """What the zygote puts on; `use` narrows it, so that each mechanism can be tested alone."""

    readable: tuple[str, ...]
    """Files and folders that may be read, at their real paths."""
    jax: bool = False
    """Whether jobs handle hooks, which need threads and may open the readable files."""
    use: frozenset[str] = ALL_MECHANISMS


@dataclass(frozen=True)
class JobLimits:
    """One job's limits."""

    cpu_s: int
    memory: int


@dataclass
class Entered:
    """What `enter_server` managed to put on, before it is tested."""

    kinds: frozenset[str] = field(default_factory=frozenset)
    """Namespaces entered."""
    landlock: bool = False
    seccomp: bool = False


def _prctl(option: int, value: int) -> int:
    result: int = ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)
    return result


def _linux() -> bool:
    return sys.platform.startswith("linux")


def enter_namespaces(wall: Wall) -> frozenset[str]:
    """First part of `enter_server`; forks, so call it before anything keeps the process's id."""
    if "namespaces" in wall.use and syscalls.supported():
        return namespaces.enter(wall.readable)
    return frozenset()


def enter_server(wall: Wall, kinds: frozenset[str]) -> Entered:
    """Wall in the process that will fork the jobs; call it after its imports."""
    entered = Entered(kinds)
    _limit(resource.RLIMIT_CORE, 0)
    if not _linux():
        return entered
    _prctl(_PR_SET_DUMPABLE, 0)
    namespaces.drop_capabilities()
    if "no_new_privs" in wall.use or {"landlock", "seccomp"} & wall.use:
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    if "landlock" in wall.use:
        with contextlib.suppress(OSError):
            landlock.restrict(wall.readable)
            entered.landlock = True
    if "seccomp" in wall.use and syscalls.supported():
        with contextlib.suppress(OSError):
            syscalls.install(syscalls.ZYGOTE)
            entered.seccomp = True
    return entered


def enter_job(wall: Wall, entered: Entered, bounds: JobLimits, keep: set[int]) -> None:
    """Wall in this fork for one job: `keep` are the only descriptors that stay open."""
    os.environ.clear()
    _close_all_but(keep | {0, 1, 2})
    if _linux():
        _prctl(_PR_SET_PDEATHSIG, _SIGKILL)
    with contextlib.suppress(OSError):
        os.setpgid(0, 0)
    if "rlimits" in wall.use:
        _limit(resource.RLIMIT_CPU, bounds.cpu_s, bounds.cpu_s + 1)
        _limit(resource.RLIMIT_AS, bounds.memory)
        _limit(resource.RLIMIT_FSIZE, 0)
        _limit(resource.RLIMIT_CORE, 0)
        if not wall.jax:
            _limit(resource.RLIMIT_NPROC, 0)
    if entered.landlock:
        landlock.restrict(wall.readable if wall.jax else ())
    if "rlimits" in wall.use and not wall.jax:
        _limit(resource.RLIMIT_NOFILE, max(keep | {2}) + 1)
    if entered.seccomp:
        syscalls.install(syscalls.JAX if wall.jax else syscalls.LEVEL)


def close_paths(wall: Wall, entered: Entered) -> None:
    """Second part of `enter_job` for jobs that handle hooks: from now on no thread of this process can name a path.

    Landlock bounds what is read, but not what is asked: `stat` or a refused `open` tell whether a file
    exists. So JAX starts first, and then nothing that takes a path is left.
    """
    if entered.seccomp and wall.jax:
        syscalls.install(syscalls.HOOK, every_thread=True)


def _limit(which: int, soft: int, hard: int | None = None) -> None:
    with contextlib.suppress(ValueError, OSError):
        ceiling = resource.getrlimit(which)[1]
        values = [value if ceiling == resource.RLIM_INFINITY else min(value, ceiling) for value in (soft, hard or soft)]
        resource.setrlimit(which, (values[0], values[1]))


def _close_all_but(keep: set[int]) -> None:
    start = 0
    for fd in [*sorted(keep), 1 << 16]:
        if fd > start:
            os.closerange(start, fd)
        start = fd + 1


def _refused(action: Callable[[], object], *codes: int) -> bool:
    try:
        result = action()
    except OSError as error:
        return error.errno in codes
    if isinstance(result, int) and result > 2:
        os.close(result)
    return False


def server_holds(entered: Entered) -> list[str]:
    """Zygote side, where opening files is not filtered: what jobs inherit and can be seen here."""
    seen = []
    if _linux() and _prctl(_PR_GET_NO_NEW_PRIVS, 0) == 1:
        seen.append("no_new_privs")
    if entered.landlock and _refused(lambda: os.open("/", os.O_RDONLY), errno.EACCES):
        seen.append("landlock")
    return seen


def namespaces_hold(entered: Entered) -> list[str]:
    """Zygote side: the namespaces whose effect can be seen."""
    seen = []
    if "net" in entered.kinds and [name for _, name in socket.if_nameindex()] in (["lo"], []):
        seen.append("network namespace")
    if "pid" in entered.kinds and os.getpid() == 1:
        seen.append("process namespace")
    if "mount" in entered.kinds and not any(os.path.exists(path) for path in ("/etc/passwd", "/proc/1", "/dev/null")):
        seen.append("mount namespace")
    return seen


def job_holds(wall: Wall, bounds: JobLimits) -> list[str]:
    """Job side: the mechanisms whose effect can be seen from inside."""
    seen = []
    if "rlimits" in wall.use and _memory_is_bounded(bounds) and _nothing_can_grow():
        seen.append("rlimits")
    forbidden = (lambda: socket.socket(), lambda: os.kill(os.getpid(), 0), lambda: os.stat("/"))
    if all(_refused(action, errno.EPERM) for action in forbidden):
        seen.append("seccomp")
    return seen


def _memory_is_bounded(bounds: JobLimits) -> bool:
    try:
        mmap.mmap(-1, bounds.memory).close()
    except (OSError, MemoryError):
        return resource.getrlimit(resource.RLIMIT_CPU)[1] == bounds.cpu_s + 1
    return False


def _nothing_can_grow() -> bool:
    return resource.getrlimit(resource.RLIMIT_FSIZE)[1] == 0
