"""Linux namespaces: a worker with no network device, no other processes, and its own bare file system.

`enter` is for a single-threaded process. It gives what the kernel allows (in containers and under
some distributions' policies that is nothing) and says what it gave; the caller tests that it holds.
The new root is an empty tmpfs with the readable folders bound read-only at their own paths, an empty
`/tmp`, no `/proc`, no `/dev`, no `/etc`.
"""

import ctypes
import os
import stat
from collections.abc import Sequence

from dicode.sandbox import syscalls

_NEW = {"mount": 0x20000, "uts": 0x4000000, "ipc": 0x8000000, "user": 0x10000000, "pid": 0x20000000, "net": 0x40000000}
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 1, 2, 4, 8
_MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE = 32, 4096, 16384, 1 << 18
_MNT_DETACH = 2
_PR_SET_PDEATHSIG, _PR_CAPBSET_DROP, _PR_CAP_AMBIENT = 1, 24, 47
_SIGKILL = 9


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def enter(readable: Sequence[str]) -> frozenset[str]:
    """Move the process into new namespaces; the names of those entered (empty where none work).

    Forks for the process namespace: the caller goes on as its first process, and the outer process
    stays behind to pass on how it ended.
    """
    kinds = _unshare()
    if "pid" in kinds:
        _become_first_process()
    if "mount" in kinds:
        try:
            _new_root(readable)
        except OSError:
            kinds -= {"mount"}
    return frozenset(kinds)


def _unshare() -> set[str]:
    uid, gid = os.getuid(), os.getgid()
    everything = set(_NEW)
    for kinds in (everything, everything - {"user"}):
        if _libc().unshare(sum(_NEW[kind] for kind in kinds)) == 0:
            if "user" in kinds:
                _write("/proc/self/setgroups", "deny")
                _write("/proc/self/uid_map", f"{uid} {uid} 1")
                _write("/proc/self/gid_map", f"{gid} {gid} 1")
            return kinds
    return set()


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def _become_first_process() -> None:
    child = os.fork()
    if child:
        os.closerange(0, 1 << 16)
        _, status = os.waitpid(child, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0x7F)
    _libc().prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)


def _mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    encoded = [text.encode() if text is not None else None for text in (source, target, kind)]
    extra = data.encode() if data is not None else None
    _checked(_libc().mount(*encoded, ctypes.c_ulong(flags), extra), f"mount {target}")


def _new_root(readable: Sequence[str]) -> None:
    _mount("none", "/", None, _MS_REC | _MS_PRIVATE)
    base = "/tmp" if os.path.isdir("/tmp") else "/"
    bound = [(path, os.open(path, os.O_PATH | os.O_CLOEXEC)) for path in readable if os.path.exists(path)]
    _mount("tmpfs", base, "tmpfs", _MS_NOSUID | _MS_NODEV, "size=4m,mode=755")
    try:
        for path, handle in bound:
            _bind(path, handle, base)
        os.makedirs(f"{base}/tmp", exist_ok=True)
        os.mkdir(f"{base}/.old")
        os.chdir(base)
        number = syscalls.number("pivot_root")
        _checked(_libc().syscall(ctypes.c_long(number or -1), b".", b".old"), "pivot_root")
    except OSError:
        os.chdir("/")
        _libc().umount2(base.encode(), _MNT_DETACH)
        raise
    finally:
        for _, handle in bound:
            os.close(handle)
    os.chdir("/")
    _checked(_libc().umount2(b"/.old", _MNT_DETACH), "leave the old root")
    os.rmdir("/.old")
    _mount("none", "/", None, _MS_REMOUNT | _MS_RDONLY | _MS_NOSUID | _MS_NODEV)
    os.chdir("/tmp")


def _bind(path: str, handle: int, base: str) -> None:
    target = base + path
    if stat.S_ISDIR(os.fstat(handle).st_mode):  # by handle: the path itself may lie below the new tmpfs
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        open(target, "w").close()
    _mount(f"/proc/self/fd/{handle}", target, None, _MS_BIND | _MS_REC)
    kept = os.statvfs(target).f_flag & (_MS_NOSUID | _MS_NODEV | _MS_NOEXEC)
    _mount("none", target, None, _MS_REMOUNT | _MS_BIND | _MS_RDONLY | kept)


def drop_capabilities() -> None:
    """Give up every capability, and the means to get one back; silent where there was none."""
    libc = _libc()
    libc.prctl(_PR_CAP_AMBIENT, 4, 0, 0, 0)  # clear all
    for capability in range(64):
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    libc.capset(header, (ctypes.c_uint32 * 6)())
