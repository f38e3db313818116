"""The foundation-model client: one method, `complete`, over any OpenAI-compatible server.

A client belongs to one event loop: it is opened with `async with` inside the coroutine that uses it and
refuses to be used from another loop. Every outcome is one typed `Answer`, after retries. Keys, paths and
control characters are taken out of whatever comes back before anyone else sees it.
"""

import asyncio
import email.utils
import hashlib
import logging
import math
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from functools import partial
from types import TracebackType
from typing import Any, Protocol, Self

from dicode.dreaming.calls import EMBEDDING, Answer, Kind, Request
from dicode.dreaming.dialect import REFUSING, Dialect, Fewer, complaint
from dicode.dreaming.providers import Endpoint, Key, scrub_paths
from dicode.dreaming.refusals import is_flagged, is_overlong
from dicode.dreaming.replies import read_reply, read_vector, unusable
from dicode.dreaming.transport import Reply, Transport, Unreachable

log = logging.getLogger(__name__)

DENIED_STATUS = {400, 401, 402, 403, 404, 405, 410, 422, 451}
"""Answers of a server that asking again will not change; see `refusals` for those that are about one prompt."""


class Client(Protocol):
    """Something that answers requests."""

    async def complete(self, request: Request) -> Answer:
        """The answer, after retries; never raises for what a provider does wrong."""
        ...

    def broken_off(self, request: Request, reason: str) -> Answer | None:
        """What a call that was cancelled under way is known to have taken; None where it had not begun."""
        ...


@dataclass(frozen=True)
class Patience:
    """How long to wait between tries."""

    first_s: float = 1.0
    """Back-off after the first failure; doubles every time."""
    longest_s: float = 60.0
    """Cap of the back-off."""
    longest_retry_after_s: float = 300.0
    """A server that asks for more than this is given up on."""

    def wait(self, attempt: int, key: str) -> float:
        """Seconds after failure number `attempt` (from 0), spread by a hash so that calls do not march in step."""
        return min(self.first_s * 2.0**attempt, self.longest_s) * (0.5 + 0.5 * _spread(attempt, key))

    def after(self, asked_s: float, attempt: int, key: str) -> float:
        """Seconds where a server asks for a wait of `asked_s`: never less, and spread, too."""
        return asked_s + max(self.first_s, 0.25 * asked_s) * _spread(attempt, key)


def _spread(attempt: int, key: str) -> float:
    return hashlib.sha256(f"{key}{attempt}".encode()).digest()[0] / 255


@dataclass(frozen=True)
class Try:
    """One attempt: an answer, and whether (and from when on) asking again could help."""

    answer: Answer
    again: bool = False
    retry_after: float | None = None


class PatientClient(ABC):
    """What all clients share: an event loop of their own, turns, and tries until an answer is final."""

    def __init__(self, endpoint: Endpoint, patience: Patience | None = None) -> None:
        self.endpoint = endpoint
        self._patience = patience or Patience()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._turns = asyncio.Semaphore(self.endpoint.concurrency)
        self._under_way: dict[str, list[Answer]] = {}
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop = None

    async def complete(self, request: Request) -> Answer:
        """The answer to `request`; waits for its turn, retries what may pass.

        Raises RuntimeError when used outside of `async with` or from another event loop.
        """
        if self._loop is not asyncio.get_running_loop():
            raise RuntimeError("a client belongs to the event loop that opened it: use `async with` there")
        async with self._turns:
            started = time.monotonic()
            answers = self._under_way[request.key] = []
            while True:
                tried = await self._try(request)
                attempt = len(answers)
                answers.append(tried.answer)
                wait = self._wait(tried, attempt, request)
                if wait is None:
                    del self._under_way[request.key]
                    return replace(
                        _with_all_costs(answers), seconds=round(time.monotonic() - started, 3), retries=attempt
                    )
                log.info("%s: %s; trying again in %.1f s", request.label, tried.answer.reason, wait)
                await asyncio.sleep(wait)

    def broken_off(self, request: Request, reason: str) -> Answer | None:
        """What a call that was cancelled under way is known to have taken, FAILED; None where it had not begun."""
        answers = self._under_way.pop(request.key, None)
        if answers is None:
            return None
        return replace(_with_all_costs([*answers, Answer(Kind.FAILED, reason=reason)]), retries=len(answers))

    def _wait(self, tried: Try, attempt: int, request: Request) -> float | None:
        """Seconds until the next try, None where there is none."""
        if not tried.again or attempt >= self.endpoint.retries:
            return None
        if tried.retry_after is not None:
            if tried.retry_after > self._patience.longest_retry_after_s:
                return None
            return self._patience.after(tried.retry_after, attempt, request.key)
        return self._patience.wait(attempt, request.key)

    @abstractmethod
    async def _try(self, request: Request) -> Try:
        """One attempt."""
        ...


def _with_all_costs(answers: Sequence[Answer]) -> Answer:
    """The last answer, with what all of them are known to have taken.

    Money is the sum of what was told; None where none was, or where the answer that counts came without it.
    """
    last = answers[-1]
    told = [answer.usd for answer in answers if answer.usd is not None]
    unknown = not told or (last.usd is None and last.kind is not Kind.FAILED)
    return replace(
        last,
        tokens_in=sum(answer.tokens_in for answer in answers),
        tokens_cached=sum(answer.tokens_cached for answer in answers),
        tokens_out=sum(answer.tokens_out for answer in answers),
        estimated=any(answer.estimated for answer in answers),
        usd=None if unknown else math.fsum(told),
    )


class OpenAIClient(PatientClient):
    """`Client` for any OpenAI-compatible server; `dialect` is shared by the clients of a run."""

    def __init__(
        self, endpoint: Endpoint, key: Key, patience: Patience | None = None, dialect: Dialect | None = None
    ) -> None:
        super().__init__(endpoint, patience)
        self._key = key
        self._dialect = dialect or Dialect()

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self._transport = await Transport(self.endpoint, self._key).__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await super().__aexit__(kind, error, trace)
        await self._transport.__aexit__(kind, error, trace)

    async def _try(self, request: Request) -> Try:
        """One attempt; what the server refuses by name is left out and asked for again at once."""
        embedding = request.stage == EMBEDDING
        fewer: Fewer | None = None
        while True:
            body = self._body(request, fewer)
            try:
                # The library's time-out is between bytes; a server that drips must not escape.
                async with asyncio.timeout(self.endpoint.timeout_s):
                    reply = await self._transport.post("/embeddings" if embedding else "/chat/completions", body)
            except (TimeoutError, Unreachable) as error:
                late = f"no complete answer within {self.endpoint.timeout_s:g} s"
                far = error if isinstance(error, Unreachable) else Unreachable(late)
                kind = Kind.DENIED if far.denied else Kind.FAILED
                return Try(Answer(kind, reason=self._clean(str(far)), reached=far.reached), again=far.again)
            # A filter may speak of a field by chance.
            refusing = reply.status in REFUSING and not is_flagged(reply.status, reply.body)
            if refusing and self._without(request, body, reply, fewer):
                continue
            lower = self._dialect.fewer(reply.body, body) if refusing else None
            if lower is None:
                if fewer and 200 <= reply.status < 300:
                    self._dialect.keep(fewer, request)
                return self._read(reply, request)
            fewer = lower

    def _body(self, request: Request, fewer: Fewer | None) -> dict[str, Any]:
        if request.stage == EMBEDDING:
            return self._dialect.embedding(request)
        return self._dialect.body(request, self.endpoint.quirks, fewer)

    def _without(self, request: Request, sent: dict[str, Any], reply: Reply, fewer: Fewer | None) -> bool:
        """Whether the next try leaves something out that this one sent."""
        # Another call may have learnt it meanwhile.
        learnt = sent != self._body(request, fewer)
        return learnt or self._dialect.learn(reply.body, sent)

    def _read(self, reply: Reply, request: Request) -> Try:
        if not 200 <= reply.status < 300:
            return self._refused_status(reply, request)
        if not reply.is_json:
            return Try(Answer(Kind.FAILED, reason="the server's answer is not JSON"), again=True)
        read = read_vector if request.stage == EMBEDDING else partial(read_reply, hide=self._key.hide)
        try:
            answer = self._scrubbed(read(reply.body, request))
        except RecursionError:
            answer = unusable(reply.body, "the server's answer is nested too deeply")
        return Try(answer, again=answer.kind is Kind.FAILED)

    def _refused_status(self, reply: Reply, request: Request) -> Try:
        status = reply.status
        said = self._clean(complaint(reply.body))
        if status == 401:
            name = self._key.variable or f"(none configured: {self.endpoint.place}.key_env is empty)"
            return Try(Answer(Kind.DENIED, reason=f"the server rejects the key in {name} (HTTP 401)"))
        if is_flagged(status, reply.body):
            reason = f"the provider's content filter stopped the question (HTTP {status}): {said}"
            return Try(unusable(reply.body, reason, Kind.REFUSED))
        if is_overlong(status, reply.body):
            return Try(Answer(Kind.FAILED, reason=f"the prompt is too long for the server (HTTP {status}): {said}"))
        if status in DENIED_STATUS or _out_of_credit(reply.body):
            where = f"{self.endpoint.place}.base_url={self.endpoint.base_url!r}"
            about = f"; model {request.model!r} at {self.endpoint.provider}, {where}"
            about = about if status == 404 else ""
            return Try(Answer(Kind.DENIED, reason=f"HTTP {status}: {said}{about}"))
        failed = unusable(reply.body, f"HTTP {status}: {said}")
        return Try(failed, again=True, retry_after=_retry_after(reply.headers))

    def _clean(self, text: str) -> str:
        return scrub_paths(self._key.scrub(plain_line(text)))[:300]

    def _scrubbed(self, answer: Answer) -> Answer:
        return replace(
            answer,
            text=self._key.hide(answer.text),
            reason=self._clean(answer.reason),
            model=self._clean(answer.model),
        )


def plain_line(text: str) -> str:
    """A server's words as one line that any terminal, file and database takes."""
    printable = "".join(c if c.isprintable() else " " for c in text.encode("utf-8", "replace").decode())
    return " ".join(printable.split())


def _out_of_credit(body: object) -> bool:
    """Some providers say "pay first" with the status of "slow down"."""
    inner = body.get("error") if isinstance(body, dict) else None
    return isinstance(inner, dict) and "insufficient_quota" in (inner.get("code"), inner.get("type"))


def _retry_after(headers: Any) -> float | None:
    """Seconds that the server asks to wait, from `Retry-After` as a number or as a date; None for anything else."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = (headers.get(name) or "").strip()
        if re.fullmatch(r"[0-9]{1,12}(?:\.[0-9]{0,12})?", value):
            return float(value) * scale
        when = _date(value) if scale == 1.0 and len(value) < 100 else None
        if when is not None and when >= 0:
            return when
    return None


def _date(value: str) -> float | None:
    """Seconds from now to a date, None for what is none or lies beyond the calendar."""
    try:
        when = email.utils.parsedate_tz(value)
        return None if when is None else email.utils.mktime_tz(when) - time.time()
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


Opener = Callable[[], AbstractAsyncContextManager[Client]]
"""Opens a client for the running event loop; a new one for every round of dreams."""
