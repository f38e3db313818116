"""A program as a model: the prompt on its standard input, the answer on its standard output.

It is run as the user that started the run, with that user's surroundings and without a shell, once for
every question. It is ended, with all that it started, when it takes too long or says too much. When it has ended and
left an answer, what it started and left running is ended, too.
"""

import asyncio
import contextlib
import os
import shlex
import signal
from subprocess import PIPE
from typing import Any

from dicode.dreaming.calls import Answer, Kind, Message, Request
from dicode.dreaming.client import PatientClient, Try, plain_line
from dicode.dreaming.providers import Key, known_keys, scrub_paths
from dicode.dreaming.replies import read_text
from dicode.dreaming.transport import MAX_BODY

NO_KEY = Key("", "")
DRAIN_S = 1.0
"""Seconds without a further word after which a program that has ended has said all; a child may hold its output open."""
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
        question = as_text(request.messages).encode("utf-8", "replace")
        try:
            dialogue = await _run(shlex.split(self.endpoint.command), question, self.endpoint.timeout_s)
        except OSError as error:
            why = f"the command of {self.endpoint.place}.command can't be run ({error.strerror})"
            return Try(Answer(Kind.DENIED, reason=why))
        if dialogue.code is None and not dialogue.full:
            return _failed(f"the command gave no answer within {self.endpoint.timeout_s:g} s")
        if dialogue.full:
            return Try(Answer(Kind.FAILED, reason=f"the command said more than {MAX_BODY >> 20} MB"))
        if dialogue.code:
            lines = dialogue.complaint.decode("utf-8", "replace").strip().splitlines()
            last = _clean(lines[-1])[:200] if lines else "without a word"
            return _failed(f"the command ended with code {dialogue.code}: {last}")
        said = dialogue.said.decode("utf-8", "replace")
        for key in known_keys():
            said = key.hide(said)
        return Try(read_text(said, request))


def _clean(text: str) -> str:
    for key in known_keys():
        text = key.hide(text)
    return NO_KEY.scrub(scrub_paths(plain_line(text)))


def _failed(reason: str) -> Try:
    return Try(Answer(Kind.FAILED, reason=reason), again=True)


class _Dialogue(asyncio.SubprocessProtocol):
    """What a program says, up to the cap; `over` is done when it has ended or said too much."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.said, self.complaint = bytearray(), bytearray()
        self.full = False
        self.code: int | None = None
        self.over: asyncio.Future[None] = loop.create_future()
        self.gone: asyncio.Future[None] = loop.create_future()
        self._silence: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    @property
    def answered(self) -> bool:
        """Whether the program has ended and left an answer or failed; where it did neither, a child may still answer."""
        code = self._transport.get_returncode()
        return code is not None and bool(self.said or code)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 2:
            self.complaint = (self.complaint + data)[-(1 << 16) :]
            return
        self.full = self.full or len(self.said) + len(data) > MAX_BODY
        if not self.full:
            self.said += data
            self._listen()
        else:
            self._end()

    def process_exited(self) -> None:
        self._listen()

    def _listen(self) -> None:
        """Wait once more for the last word of a program that has ended."""
        if self._silence:
            self._silence.cancel()
        if self.answered:
            self._silence = asyncio.get_running_loop().call_later(DRAIN_S, self._end)

    def _end(self) -> None:
        if not self.over.done():
            self.over.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._silence:
            self._silence.cancel()
        for future in (self.over, self.gone):
            if not future.done():
                future.set_result(None)


async def _run(words: list[str], question: bytes, seconds: float) -> _Dialogue:
    """Run a program until it ends, says too much or `seconds` are over, which leaves its `code` None."""
    loop = asyncio.get_running_loop()
    transport, dialogue = await loop.subprocess_exec(
        _Dialogue, *words, stdin=PIPE, stdout=PIPE, stderr=PIPE, start_new_session=True
    )
    try:
        # A program need not read its question; asyncio drops what a closed pipe does not take.
        into: Any = transport.get_pipe_transport(0)
        into.write(question)
        into.close()
        await asyncio.wait([dialogue.over], timeout=seconds)
        if dialogue.over.done() or dialogue.answered:
            dialogue.code = transport.get_returncode()
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(transport.get_pid(), signal.SIGKILL)
        transport.close()
        await asyncio.wait([dialogue.gone], timeout=5.0)
    return dialogue
