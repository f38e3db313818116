"""Landlock by direct system calls: which files a worker may read, and that it may reach nobody.

A rule set handles every right the running kernel knows, so what no rule grants is refused: writing,
making, removing, executing, and reading outside the granted folders; from ABI 4 TCP, from ABI 6
signals and abstract sockets towards processes outside. Rule sets stack and only take away.
"""

import ctypes
import os
import struct
from collections.abc import Sequence

from dicode.sandbox import syscalls

_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_FILE_RIGHTS = {1: 0x1FFF, 2: 0x3FFF, 3: 0x7FFF, 4: 0x7FFF, 5: 0xFFFF}
_NET_RIGHTS = 0x3  # bind and connect TCP
_SCOPES = 0x3  # abstract Unix sockets, signals
_PATH_BENEATH = 1


def _call(name: str, *arguments: object) -> int:
    number = syscalls.number(name)
    if number is None:
        raise OSError(f"no {name} on this machine")
    libc = ctypes.CDLL(None, use_errno=True)
    result: int = libc.syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")
    return result


def abi() -> int:
    """The kernel's Landlock version, 0 where there is none."""
    if not syscalls.supported():
        return 0
    try:
        return _call("landlock_create_ruleset", None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    except OSError:
        return 0


def restrict(readable: Sequence[str], version: int | None = None) -> int:
    """Leave the process only reading below `readable`; returns the ABI used.

    Raises `OSError` where the kernel has no Landlock. `no_new_privs` must be set. Paths that do not
    exist are skipped.
    """
    version = abi() if version is None else version
    if version < 1:
        raise OSError("no Landlock")
    attributes = struct.pack("<Q", _FILE_RIGHTS[min(version, 5)])
    if version >= 4:
        attributes += struct.pack("<Q", _NET_RIGHTS)
    if version >= 6:
        attributes += struct.pack("<Q", _SCOPES)
    rules = _call("landlock_create_ruleset", attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    try:
        for path in readable:
            _grant(rules, path)
        _call("landlock_restrict_self", ctypes.c_int(rules), ctypes.c_uint32(0))
    finally:
        os.close(rules)
    return version


def _grant(rules: int, path: str) -> None:
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        rights = _READ_FILE | (_READ_DIR if os.path.isdir(path) else 0)
        rule = struct.pack("<Qi", rights, parent)
        _call("landlock_add_rule", ctypes.c_int(rules), ctypes.c_int(_PATH_BENEATH), rule, ctypes.c_uint32(0))
    finally:
        os.close(parent)
