"""Framed messages between the trainer and the workers: a JSON header and named byte strings.

Layout of a frame: 4 bytes magic, 8 bytes length of the body, body. Layout of a body: 4 bytes length
of the header, the header as JSON with the blobs' names and sizes under `blobs`, then the blobs. All
integers are little endian. Every length is compared with a limit before anything is allocated, and
`decode` refuses whatever does not add up, so that a hostile body costs no more than its own size.
"""

import json
import os
import select
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MAGIC = b"dcd1"
_FRAME = struct.Struct("<4sQ")
_HEADER = struct.Struct("<I")
MAX_HEADER = 1 << 20
_CHUNK = 1 << 20


class WireError(Exception):
    """Bytes that are not a message, or more of them than allowed."""


class WireTimeout(WireError):
    """The other side neither sent nor took bytes before the deadline."""


@dataclass(frozen=True)
class Message:
    """A JSON header and named byte strings."""

    header: Mapping[str, Any] = field(default_factory=dict)
    blobs: Mapping[str, bytes] = field(default_factory=dict)


def _no_constant(name: str) -> float:
    raise WireError(f"{name} is not allowed in a message")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise WireError("a message repeats a name")
    return found


def strict_json(data: bytes) -> Any:
    """JSON without NaN, infinities, repeated names or deep nesting; `WireError` otherwise."""
    try:
        return json.loads(data.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise WireError(f"not valid JSON: {type(error).__name__}") from None


def encode(message: Message) -> bytes:
    """The message as a frame."""
    table = [[name, len(blob)] for name, blob in message.blobs.items()]
    header = json.dumps({"header": dict(message.header), "blobs": table}, allow_nan=False).encode()
    body = b"".join([_HEADER.pack(len(header)), header, *message.blobs.values()])
    return _FRAME.pack(MAGIC, len(body)) + body


def decode(body: bytes) -> Message:
    """The message in a frame's body; `WireError` when it is not exactly one."""
    if len(body) < _HEADER.size:
        raise WireError("the message is cut short")
    (size,) = _HEADER.unpack_from(body)
    if size > MAX_HEADER or _HEADER.size + size > len(body):
        raise WireError(f"the message claims a header of {size} bytes")
    parsed = strict_json(body[_HEADER.size : _HEADER.size + size])
    if not isinstance(parsed, dict) or set(parsed) != {"header", "blobs"} or not isinstance(parsed["header"], dict):
        raise WireError("the message has no header")
    blobs: dict[str, bytes] = {}
    start = _HEADER.size + size
    for name, length in _table(parsed["blobs"]):
        if name in blobs or length > len(body) - start:
            raise WireError("the message's table of contents does not add up")
        blobs[name] = body[start : start + length]
        start += length
    if start != len(body):
        raise WireError("the message has bytes left over")
    return Message(parsed["header"], blobs)


def _table(rows: object) -> list[tuple[str, int]]:
    if not isinstance(rows, list) or len(rows) > 64:
        raise WireError("the message has no table of contents")
    for row in rows:
        if not (
            isinstance(row, list) and len(row) == 2 and isinstance(row[0], str) and type(row[1]) is int and row[1] >= 0
        ):
            raise WireError("the message's table of contents is malformed")
    return [(name, length) for name, length in rows]


def frame_length(head: bytes, limit: int) -> int:
    """Length of the body that follows a frame's head; `WireError` if it is none or above `limit`."""
    magic: bytes
    size: int
    magic, size = _FRAME.unpack(head)
    if magic != MAGIC:
        raise WireError("the answer is not a message")
    if size > limit:
        raise WireError(f"the answer has {size} bytes; at most {limit} are allowed")
    return size


def write_all(fd: int, data: bytes, deadline: float) -> None:
    """Write everything to a non-blocking descriptor before `deadline` (monotonic seconds)."""
    view = memoryview(data)
    while view:
        _wait(fd, select.POLLOUT, deadline)
        try:
            view = view[os.write(fd, view[:_CHUNK]) :]
        except BlockingIOError:
            continue
        except BrokenPipeError:
            raise WireError("the worker closed the line") from None


def read_frame(fd: int, limit: int, deadline: float) -> bytes | None:
    """Read one frame's body from a non-blocking descriptor; None if the line closed before its end."""
    head = _read(fd, _FRAME.size, deadline)
    if len(head) < _FRAME.size:
        return None
    size = frame_length(head, limit)
    body = _read(fd, size, deadline)
    return body if len(body) == size else None


def _read(fd: int, size: int, deadline: float) -> bytes:
    parts: list[bytes] = []
    while size:
        _wait(fd, select.POLLIN, deadline)
        try:
            part = os.read(fd, min(size, _CHUNK))
        except BlockingIOError:
            continue
        if not part:
            break
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _wait(fd: int, event: int, deadline: float) -> None:
    poller = select.poll()
    poller.register(fd, event)
    left = deadline - time.monotonic()
    if left <= 0 or not poller.poll(max(1, int(left * 1000))):
        raise WireTimeout("the worker did not answer in time")


def receive_blocking(fd: int) -> Message:
    """Worker side, before any level text runs: the trainer's request from a blocking descriptor."""
    head = _read_blocking(fd, _FRAME.size)
    return decode(_read_blocking(fd, frame_length(head, 1 << 40)))


def _read_blocking(fd: int, size: int) -> bytes:
    parts = []
    while size:
        part = os.read(fd, min(size, _CHUNK))
        if not part:
            raise WireError("the request is cut short")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def send_blocking(fd: int, data: bytes) -> None:
    """Worker side: write a frame to a blocking descriptor."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
