"""A person as a model: each question is a file, and what is written below its last line is the answer.

The files lie in the run's folder `person`. Any editor will do, at any time before the dream's deadline
(`dreamer.deadline_s`); a file that is answered goes away, since the journal holds question and answer.
"""

import asyncio
import contextlib
import logging
import os
from pathlib import Path

from dicode.dreaming.calls import Answer, Kind, Request
from dicode.dreaming.client import PatientClient, Try
from dicode.dreaming.command import as_text
from dicode.dreaming.providers import Endpoint
from dicode.dreaming.replies import read_text
from dicode.dreaming.unwrap import MAX_ANSWER

log = logging.getLogger(__name__)

MARK = "==== Write the answer below this line and save the file. The word `skip` alone loses this dream. ===="
POLL_S = 0.5
"""Seconds between two looks at a file; what has not changed in between counts as written."""


class PersonClient(PatientClient):
    """`Client` that waits for a person to write into a file of `folder`."""

    def __init__(self, endpoint: Endpoint, folder: Path) -> None:
        super().__init__(endpoint)
        self._folder = folder

    async def _try(self, request: Request) -> Try:
        path = self._ask(request)
        try:
            async with asyncio.timeout(self.endpoint.timeout_s):
                text = await self._written(path)
        except TimeoutError:
            return Try(Answer(Kind.FAILED, reason=f"nobody answered within {self.endpoint.timeout_s:g} s"))
        with contextlib.suppress(OSError):
            path.unlink()
        if text.strip().lower() == "skip":
            return Try(Answer(Kind.FAILED, reason="skipped by the person who was asked"))
        return Try(read_text(text, request))

    def _ask(self, request: Request) -> Path:
        """The file with the question; one that is there already may hold half an answer and stays."""
        self._folder.mkdir(exist_ok=True)
        name = f"cycle-{request.cycle}-dream-{request.index}-{request.stage}-{request.attempt}-{request.key[:6]}.md"
        path = self._folder / name
        with contextlib.suppress(FileExistsError):
            opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o644)
            with os.fdopen(opened, "w", encoding="utf-8", errors="replace") as file:
                file.write(f"{as_text(request.messages)}\n{MARK}\n")
        log.warning("a level is asked for (%s): write it into %s", request.label, path)
        return path

    async def _written(self, path: Path) -> str:
        before = ""
        while True:
            await asyncio.sleep(POLL_S)
            now = _answer_in(path)
            if now.strip() and now == before:
                return now
            before = now


def _answer_in(path: Path) -> str:
    """What stands below the mark; empty for a file that an editor is just replacing."""
    try:
        opened = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(opened, "rb") as file:
            text = file.read(4 * MAX_ANSWER).decode("utf-8", "replace")
    except OSError:
        return ""
    return text.rpartition(MARK)[2] if MARK in text else ""
