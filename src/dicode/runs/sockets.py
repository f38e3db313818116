"""Work without a network: while a block runs, the interpreter refuses every socket but an unnamed pair.

The sandbox hands descriptors to its workers over a Unix socket pair, which has no address and reaches
nothing but the process at its other end. Everything else is refused where it is made, in an audit hook
of the interpreter, so that it makes no difference which library asks or when it imported `socket`.
"""

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dicode.errors import RunError

_ADDRESSED = frozenset(
    f"socket.{name}"
    for name in ("bind", "connect", "sendto", "sendmsg", "getaddrinfo", "gethostbyname", "gethostbyaddr", "getnameinfo")
)
"""Events that name another party; a pair needs none of them. `sendmsg` tells its address, None on a pair."""
_lock = threading.Lock()
_blocks = 0
_installed = False


@contextmanager
def forbid_sockets() -> Iterator[None]:
    """Raise RunError in whoever opens, connects or resolves anything inside the block, in any thread.

    Covers what goes through Python; sockets of native libraries and of child processes are not seen.
    """
    global _blocks, _installed
    with _lock:
        _blocks += 1
        if not _installed:
            sys.addaudithook(_refuse)  # stays for good, and does nothing outside of a block
            _installed = True
    try:
        yield
    finally:
        with _lock:
            _blocks -= 1


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if not _blocks or not event.startswith("socket."):
        return
    made = event == "socket.__new__" and arguments[1] != socket.AF_UNIX
    if event == "socket.sendmsg":
        made = arguments[1] is not None
    elif event in _ADDRESSED:
        made = True
    if made:
        raise RunError(f"a replay opens no socket, but something asked for one ({event})")
