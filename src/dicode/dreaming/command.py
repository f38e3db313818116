"""A program as a model: the prompt on its standard input, the answer on its standard output.

It is run as the user that started the run, with that user's surroundings and without a shell, once for
every question. It is ended, with all that it started, when it takes too long or says too much.
"""

import asyncio
import contextlib
import os
import shlex
import signal
from asyncio.subprocess import PIPE, Process

from dicode.dreaming.calls import Answer, Kind, Message, Request
from dicode.dreaming.client import PatientClient, Try, plain_line
from dicode.dreaming.providers import Key, scrub_paths
from dicode.dreaming.replies import read_text
from dicode.dreaming.transport import MAX_BODY

NO_KEY = Key("", "")
_TITLES = {"assistant": "Your answer was:", "user": "To that:"}


def as_text(messages: tuple[Message, ...]) -> str:
    """A conversation as one text."""
    first, rest = messages[:2], messages[2:]
    parts = [message.content for message in first]
    parts += [f"{_TITLES.get(message.role, '')}\n\n{message.content}" for message in rest]
    return "\n\n".join(parts) + "\n"


class CommandClient(PatientClient):
    """`Client` that asks the program of the endpoint's `command`."""

    async def _try(self, request: Request) -> Try:
        try:
            process = await asyncio.create_subprocess_exec(
                *shlex.split(self.endpoint.command), stdin=PIPE, stdout=PIPE, stderr=PIPE, start_new_session=True
            )
        except OSError as error:
            return Try(Answer(Kind.DENIED, reason=f"the command of fm.command can't be run ({error.strerror})"))
        try:
            async with asyncio.timeout(self.endpoint.timeout_s):
                said, complaint, _ = await asyncio.gather(
                    _read(process.stdout, MAX_BODY), _read(process.stderr, 1 << 16), _feed(process, request)
                )
                code = await process.wait()
        except TimeoutError:
            return _failed(f"the command gave no answer within {self.endpoint.timeout_s:g} s")
        finally:
            await _end(process)
        if len(said) > MAX_BODY:
            return Try(Answer(Kind.FAILED, reason=f"the command said more than {MAX_BODY >> 20} MB"))
        if code:
            lines = complaint.decode("utf-8", "replace").strip().splitlines()
            last = NO_KEY.scrub(scrub_paths(plain_line(lines[-1])))[:200] if lines else "without a word"
            return _failed(f"the command ended with code {code}: {last}")
        return Try(read_text(NO_KEY.scrub(said.decode("utf-8", "replace")), request))


def _failed(reason: str) -> Try:
    return Try(Answer(Kind.FAILED, reason=reason), again=True)


async def _feed(process: Process, request: Request) -> None:
    assert process.stdin is not None
    # A program need not read its question.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(as_text(request.messages).encode("utf-8", "replace"))
        await process.stdin.drain()
    process.stdin.close()


async def _read(stream: asyncio.StreamReader | None, most: int) -> bytes:
    """All that a stream says; one byte more than `most` where it says more, the rest is left unread."""
    assert stream is not None
    parts, size = [], 0
    while size <= most and (part := await stream.read(1 << 16)):
        parts.append(part)
        size += len(part)
    return b"".join(parts)[: most + 1]


async def _end(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
