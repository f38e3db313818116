"""seccomp-bpf filters: which system calls a worker may make, on x86-64 and arm64.

A filter is an allow-list; whatever is not on it fails with EPERM, so that level code sees an ordinary
`PermissionError` and the dreamer gets a readable reason. Four lists, each a subset of the next:
`LEVEL` (a NumPy level: no path, no threads, no new machine code), `HOOK` (hooks: no path either), `JAX` (the
same process before that, while JAX starts: read-only opening of files), `ZYGOTE` (the server that forks
them and never runs level text).
"""

import ctypes
import errno
import platform
import struct
from dataclasses import dataclass

_NUMBERS: dict[str, tuple[int | None, int | None]] = {
    # name: (x86-64, arm64); None where the architecture has no such call
    "read": (0, 63), "write": (1, 64), "close": (3, 57), "stat": (4, None), "fstat": (5, 80), "lstat": (6, None),
    "poll": (7, None), "lseek": (8, 62), "mmap": (9, 222), "mprotect": (10, 226), "munmap": (11, 215),
    "brk": (12, 214), "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139),
    "ioctl": (16, 29), "pread64": (17, 67), "readv": (19, 65), "writev": (20, 66), "access": (21, None),
    "select": (23, None), "sched_yield": (24, 124), "mremap": (25, 216), "madvise": (28, 233), "dup": (32, 23),
    "dup2": (33, None), "nanosleep": (35, 101), "setitimer": (38, 103), "getpid": (39, 172), "sendmsg": (46, 211),
    "sendto": (44, 206), "recvfrom": (45, 207), "recvmsg": (47, 212), "clone": (56, 220), "fork": (57, None), "exit": (60, 93),
    "wait4": (61, 260), "kill": (62, 129), "uname": (63, 160), "fcntl": (72, 25), "getcwd": (79, 17),
    "readlink": (89, None), "gettimeofday": (96, 169), "getrlimit": (97, 163), "getrusage": (98, 165),
    "sysinfo": (99, 179), "times": (100, 153), "getuid": (102, 174), "getgid": (104, 176), "geteuid": (107, 175),
    "getegid": (108, 177), "setpgid": (109, 154), "getppid": (110, 173), "setsid": (112, 157), "capget": (125, 90),
    "sigaltstack": (131, 132), "prctl": (157, 167), "setrlimit": (160, 164), "gettid": (186, 178),
    "futex": (202, 98), "sched_getparam": (143, 121), "sched_getscheduler": (145, 120), "sched_getaffinity": (204, 123), "getdents64": (217, 61), "restart_syscall": (219, 128),
    "clock_gettime": (228, 113), "clock_getres": (229, 114), "clock_nanosleep": (230, 115), "exit_group": (231, 94),
    "openat": (257, 56), "newfstatat": (262, 79), "readlinkat": (267, 78), "faccessat": (269, 48), "pselect6": (270, 72),
    "ppoll": (271, 73), "set_robust_list": (273, 99), "eventfd2": (290, 19), "dup3": (292, 24), "pipe2": (293, 59),
    "prlimit64": (302, 261), "getcpu": (309, 168), "seccomp": (317, 277), "getrandom": (318, 278),
    "membarrier": (324, 283), "statx": (332, 291), "rseq": (334, 293), "clone3": (435, 435), "close_range": (436, 436),
    "faccessat2": (439, 439), "landlock_create_ruleset": (444, 444), "landlock_add_rule": (445, 445),
    "landlock_restrict_self": (446, 446), "pivot_root": (155, 41),
}  # fmt: skip

_ARCHES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7), "arm64": (1, 0xC00000B7)}

ALLOW = 0x7FFF0000
KILL = 0x80000000
_ERRNO = 0x00050000
REFUSE = _ERRNO | errno.EPERM
ABSENT = _ERRNO | errno.ENOSYS
DONE = _ERRNO
"""The call is not made, and its caller is told that it has been."""
NO_TERMINAL = _ERRNO | errno.ENOTTY

_PROT_EXEC = 0x4
_WORD = 0xFFFFFFFF
# Reading only: CLOEXEC, NONBLOCK, NOCTTY, and what the two architectures number differently: DIRECTORY, NOFOLLOW, LARGEFILE.
_NOT_FOR_READING = _WORD & ~(0x80000 | 0x800 | 0x100 | 0x4000 | 0x8000 | 0x10000 | 0x20000)
_O_PATH = 0x200000
_NOT_FOR_THREADS = _WORD & ~0x7D0F00
"""Every flag of clone that the C libraries' threads do not use, namespaces and the signal at the end among them."""
_CLONE_THREAD = 0x10000
_CLONE_NEW = 0x7E020000  # every namespace flag of clone
_CLOCK_OF_ANOTHER = _WORD & ~0xF
"""Clocks above 15 are those of other processes and of open devices."""
_PR_SET_NAME = 15


@dataclass(frozen=True)
class Argument:
    """What one argument may be; an argument with a rule must fit in 32 bits.

    The kernel cuts some arguments down to a word (flags of `clone`, ids of processes) and takes others
    whole (pointers, protections). No rule depends on which: a high word other than zero is refused.
    """

    index: int
    forbidden: int = 0
    """Refused when the argument has any of these bits."""
    required: int = 0
    """Refused when the argument lacks all of these bits."""
    equal: int | None = None
    """Refused when the argument is another number."""


@dataclass(frozen=True)
class Call:
    """One allowed system call, perhaps only for some values of its arguments; the first entry of a name counts."""

    name: str
    arguments: tuple[Argument, ...] = ()
    result: int = ALLOW


def _calls(names: str) -> tuple[Call, ...]:
    return tuple(Call(name) for name in names.split())


def _own(name: str) -> Call:
    """A call that is allowed on the calling process alone: its first argument, a process's id, is 0."""
    return Call(name, (Argument(0, equal=0),))


_BASIC = _calls(
    "read write close fstat lseek munmap brk rt_sigaction rt_sigprocmask rt_sigreturn pread64 readv writev "
    "sched_yield mremap madvise getpid exit exit_group gettimeofday getrusage times getuid getgid geteuid getegid "
    "sigaltstack gettid futex restart_syscall set_robust_list membarrier rseq"
)
_COMMON = (
    *_BASIC,
    _own("sched_getaffinity"),
    Call("clock_gettime", (Argument(0, forbidden=_CLOCK_OF_ANOTHER),)),
    Call("clock_getres", (Argument(0, forbidden=_CLOCK_OF_ANOTHER),)),
    Call("ioctl", result=NO_TERMINAL),
    Call("prlimit64", (Argument(0, equal=0), Argument(2, equal=0))),  # looking up its own limits
)

LEVEL = (
    *_COMMON,
    Call("mmap", (Argument(2, forbidden=_PROT_EXEC),)),
    Call("mprotect", (Argument(2, forbidden=_PROT_EXEC),)),
)
"""For the process that runs `build`: arithmetic, memory and the two pipes it holds."""

_PATHS = _calls("stat lstat access readlink getcwd getdents64 newfstatat readlinkat faccessat faccessat2 statx")
_MACHINE = _calls("mmap mprotect uname sysinfo getcpu getrandom nanosleep eventfd2")

_THREADS = (
    *_COMMON,
    *_MACHINE,
    # Locks ask for their own thread's priority by its id, which no filter knows: they hear 0 whatever they ask.
    Call("sched_getparam", result=DONE),
    Call("sched_getscheduler", result=DONE),
    Call("clock_nanosleep", (Argument(0, forbidden=_CLOCK_OF_ANOTHER),)),
    Call("clone", (Argument(0, required=_CLONE_THREAD), Argument(0, forbidden=_NOT_FOR_THREADS))),
    Call("clone3", result=ABSENT),
    Call("prctl", (Argument(0, equal=_PR_SET_NAME),)),
)

HOOK = _THREADS
"""For hooks' text and modules, once JAX stands: threads and machine code, but no path, not even to ask what exists."""

JAX = (*_THREADS, *_PATHS, Call("openat", (Argument(2, forbidden=_NOT_FOR_READING),)), Call("seccomp"))
"""For the same processes while JAX starts, before they touch what is hostile: also reading files (Landlock says which)."""

ZYGOTE = (
    *_calls("prlimit64 clock_gettime"),
    *_COMMON,
    *_MACHINE,
    *_PATHS,
    *_calls("clock_nanosleep sched_getparam sched_getscheduler"),
    Call("openat", (Argument(2, forbidden=_NOT_FOR_READING & ~_O_PATH),)),
    *_calls(
        "poll select pselect6 ppoll dup dup2 dup3 fcntl setitimer sendmsg sendto recvfrom recvmsg fork wait4 kill getppid setpgid"
    ),
    *_calls("setsid capget prctl setrlimit getrlimit pipe2 seccomp close_range"),
    *_calls("landlock_create_ruleset landlock_add_rule landlock_restrict_self"),
    Call("clone", (Argument(0, forbidden=_CLONE_NEW),)),
    Call("clone3", result=ABSENT),
)
"""For the server that forks the others."""

PROFILES = {"level": LEVEL, "jax": JAX, "hook": HOOK, "zygote": ZYGOTE}


def number(name: str) -> int | None:
    """The call's number on this machine, None where it has none."""
    arch = _ARCHES.get(platform.machine())
    return _NUMBERS[name][arch[0]] if arch else None


def supported() -> bool:
    """Whether a filter can be written for this machine."""
    return platform.system() == "Linux" and platform.machine() in _ARCHES and struct.calcsize("P") == 8


def _instruction(code: int, jump_true: int, jump_false: int, value: int) -> bytes:
    return struct.pack("<HBBI", code, jump_true, jump_false, value & 0xFFFFFFFF)


_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06


def _condition(argument: Argument) -> bytes:
    """Goes on behind itself if the argument is as it may be, else refuses."""
    low = 16 + 8 * argument.index
    refuse = _instruction(_RETURN, 0, 0, REFUSE)
    code = _instruction(_LOAD, 0, 0, low + 4) + _instruction(_JUMP_EQUAL, 1, 0, 0) + refuse
    code += _instruction(_LOAD, 0, 0, low)
    if argument.forbidden:
        return code + _instruction(_JUMP_ANY, 0, 1, argument.forbidden) + refuse
    if argument.required:
        return code + _instruction(_JUMP_ANY, 1, 0, argument.required) + refuse
    return code + _instruction(_JUMP_EQUAL, 1, 0, argument.equal or 0) + refuse


def _rule(call: Call, nr: int) -> bytes:
    body = b"".join(map(_condition, call.arguments)) + _instruction(_RETURN, 0, 0, call.result)
    return _instruction(_JUMP_EQUAL, 0, len(body) // 8, nr) + body


def program(calls: tuple[Call, ...]) -> bytes:
    """The filter for `calls` as BPF instructions; a foreign calling convention kills the process."""
    arch = _ARCHES[platform.machine()]
    code = _instruction(_LOAD, 0, 0, 4)
    code += _instruction(_JUMP_EQUAL, 1, 0, arch[1]) + _instruction(_RETURN, 0, 0, KILL)
    code += _instruction(_LOAD, 0, 0, 0)
    code += _instruction(_JUMP_AT_LEAST, 0, 1, 0x40000000) + _instruction(_RETURN, 0, 0, KILL)
    for call in calls:
        nr = number(call.name)
        if nr is not None:
            code += _rule(call, nr)
    return code + _instruction(_RETURN, 0, 0, REFUSE)


_TSYNC = 1


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def install(calls: tuple[Call, ...], every_thread: bool = False) -> None:
    """Put the calling thread, or every thread of the process, under the filter for good; `OSError` if the kernel refuses.

    `no_new_privs` must be set. Filters add up: a later one can only take away.
    """
    code = program(calls)
    buffer = ctypes.create_string_buffer(code, len(code))
    wanted = _Program(len(code) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    flags = _TSYNC if every_thread else 0
    # A positive result is the thread that could not be brought along.
    if libc.syscall(ctypes.c_long(number("seccomp") or -1), 1, flags, ctypes.byref(wanted)) != 0:
        raise OSError(ctypes.get_errno(), "seccomp filter refused")
