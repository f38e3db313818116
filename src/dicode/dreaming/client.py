"""The foundation-model client: one method, `complete`, over any OpenAI-compatible server.

A client belongs to one event loop: it is opened with `async with` inside the coroutine that uses it and
refuses to be used from another loop. Retries, waiting and the reading of answers are done here rather
than by the SDK, so that every outcome is one typed `Answer`. Keys, paths and addresses of the caller are
scrubbed from whatever comes back before anyone else sees it.
"""

import asyncio
import email.utils
import hashlib
import json
import logging
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Protocol

from dicode.dreaming.calls import EMBEDDING, Answer, Kind, Message, Request
from dicode.dreaming.providers import Endpoint, Key, find_key, scrub_paths
from dicode.dreaming.replies import read_reply, read_vector

log = logging.getLogger(__name__)

DENIED_STATUS = {400, 401, 402, 403, 404, 405, 410, 413, 422}
"""Answers of a server that asking again will not change."""


class Client(Protocol):
    """Something that answers requests."""

    async def complete(self, request: Request) -> Answer:
        """The answer, after retries; never raises for what a provider does wrong."""
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
        spread = hashlib.sha256(f"{key}{attempt}".encode()).digest()[0] / 255
        return min(self.first_s * 2.0**attempt, self.longest_s) * (0.5 + 0.5 * spread)


@dataclass(frozen=True)
class _Try:
    """One attempt: an answer, and whether (and from when on) asking again could help."""

    answer: Answer
    again: bool = False
    retry_after: float | None = None


class OpenAIClient:
    """`Client` over the `openai` SDK, for any base URL."""

    def __init__(self, endpoint: Endpoint, key: Key, patience: Patience | None = None) -> None:
        self.endpoint = endpoint
        self._key = key
        self._patience = patience or Patience()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __aenter__(self) -> "OpenAIClient":
        import openai

        self._loop = asyncio.get_running_loop()
        self._turns = asyncio.Semaphore(self.endpoint.concurrency)
        # A proxy of the surroundings must not be asked for a server on this machine; without TLS and
        # redirects, no certificates need to be read either.
        plain = self.endpoint.base_url.startswith("http:")
        transport = (
            openai.DefaultAsyncHttpxClient(trust_env=False, verify=not plain, follow_redirects=False)
            if self.endpoint.loopback
            else None
        )
        self._sdk = openai.AsyncOpenAI(
            api_key=self._key.reveal(),
            base_url=self.endpoint.base_url,
            timeout=self.endpoint.timeout_s,
            max_retries=0,
            http_client=transport,
        )
        if self.endpoint.provider != "openai":
            # The SDK takes these from the environment; they are no business of another provider.
            self._sdk.organization = self._sdk.project = None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop = None
        await self._sdk.close()

    async def complete(self, request: Request) -> Answer:
        """The answer to `request`; waits for its turn, retries what may pass.

        Raises RuntimeError when used outside of `async with` or from another event loop.
        """
        if self._loop is not asyncio.get_running_loop():
            raise RuntimeError("a client belongs to the event loop that opened it: use `async with` there")
        async with self._turns:
            started = time.monotonic()
            attempt = 0
            while True:
                tried = await self._try(request)
                wait = self._wait(tried, attempt, request)
                if wait is None:
                    return replace(tried.answer, seconds=round(time.monotonic() - started, 3), retries=attempt)
                log.info("%s: %s; trying again in %.1f s", request.label, tried.answer.reason, wait)
                await asyncio.sleep(wait)
                attempt += 1

    def _wait(self, tried: _Try, attempt: int, request: Request) -> float | None:
        """Seconds until the next try, None where there is none."""
        if not tried.again or attempt >= self.endpoint.retries:
            return None
        if tried.retry_after is not None:
            if tried.retry_after > self._patience.longest_retry_after_s:
                return None
            return tried.retry_after
        return self._patience.wait(attempt, request.key)

    async def _try(self, request: Request) -> _Try:
        import openai

        try:
            # The SDK's time-out is between bytes; a server that drips must not escape.
            async with asyncio.timeout(self.endpoint.timeout_s):
                if request.stage == EMBEDDING:
                    text = request.messages[0].content
                    raw: Any = await self._sdk.embeddings.with_raw_response.create(
                        model=request.model, input=text, encoding_format="float"
                    )
                else:
                    raw = await self._sdk.chat.completions.with_raw_response.create(**self._body(request))
        except (TimeoutError, openai.APITimeoutError):
            return self._failed(f"no complete answer within {self.endpoint.timeout_s:g} s")
        except openai.APIStatusError as error:
            return self._refused_status(error, request)
        except (openai.APIError, OSError) as error:
            cause = error.__cause__ or error
            return self._failed(f"the connection failed ({type(cause).__name__})")
        try:
            body = json.loads(raw.content)
        except (ValueError, RecursionError):
            return self._failed("the server's answer is not JSON")
        read = read_vector if request.stage == EMBEDDING else read_reply
        answer = self._scrubbed(read(body, request))
        return _Try(answer, again=answer.kind is Kind.FAILED)

    def _body(self, request: Request) -> dict[str, Any]:
        quirks = self.endpoint.quirks
        body: dict[str, Any] = {
            "model": request.model,
            "messages": [{"role": m.role, "content": m.content} for m in request.messages],
            quirks.token_limit: request.max_tokens,
            "temperature": request.temperature,
            "top_p": request.top_p,
            "seed": request.seed if quirks.seed else None,
        }
        return {name: value for name, value in body.items() if value is not None}

    def _refused_status(self, error: Any, request: Request) -> _Try:
        status = int(error.status_code)
        said = self._clean(_server_message(error.body))
        if status == 401:
            name = self._key.variable or "(none configured: fm.key_env is empty)"
            return _Try(Answer(Kind.DENIED, reason=f"the server rejects the key in {name} (HTTP 401)"))
        if status in DENIED_STATUS or _out_of_credit(error.body):
            about = f"; model {request.model!r} at {self.endpoint.provider}" if status == 404 else ""
            return _Try(Answer(Kind.DENIED, reason=f"HTTP {status}: {said}{about}"))
        tried = self._failed(f"HTTP {status}: {said}")
        return replace(tried, retry_after=_retry_after(error.response.headers))

    def _failed(self, reason: str) -> _Try:
        return _Try(Answer(Kind.FAILED, reason=reason), again=True)

    def _clean(self, text: str) -> str:
        return scrub_paths(self._key.scrub(text))[:300]

    def _scrubbed(self, answer: Answer) -> Answer:
        return replace(
            answer,
            text=self._key.scrub(answer.text),
            reason=self._clean(answer.reason),
            model=self._clean(answer.model),
        )


def _server_message(body: object) -> str:
    """What a server says is wrong; servers nest it differently."""
    if isinstance(body, dict):
        inner = body.get("error", body)
        if isinstance(inner, dict):
            inner = inner.get("message") or inner.get("code") or "no message"
        return " ".join(str(inner).split())
    return "no message"


def _out_of_credit(body: object) -> bool:
    """Some providers say "pay first" with the status of "slow down"."""
    return isinstance(body, dict) and "insufficient_quota" in (body.get("code"), body.get("type"))


def _retry_after(headers: Any) -> float | None:
    """Seconds that the server asks to wait, from `Retry-After` as a number or as a date."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        try:
            seconds = float(value) * scale
        except ValueError:
            when = email.utils.parsedate_tz(value)
            if when is None:
                continue
            seconds = email.utils.mktime_tz(when) - time.time()
        if 0 <= seconds < float("inf"):
            return seconds
    return None


Opener = Callable[[], AbstractAsyncContextManager[Client]]
"""Opens a client for the running event loop; a new one for every round of dreams."""


@dataclass(frozen=True)
class Probe:
    """What one tiny call showed."""

    ok: bool
    sentence: str
    """For a person."""
    answer: Answer


def probe(config: Any, timeout_s: float = 60.0) -> Probe:
    """Ask the endpoint of the configuration group `fm` for one word, once; costs a few tokens.

    Raises ConfigError where the configuration names no endpoint or its key is missing.
    """
    endpoint = Endpoint.from_config(config)
    key = find_key(endpoint)
    small = replace(endpoint, retries=0, timeout_s=min(timeout_s, endpoint.timeout_s))
    # Reasoning models spend tokens before they say a word.
    request = Request(
        cycle=-1,
        index=0,
        stage="probe",
        attempt=0,
        provider=endpoint.provider,
        model=endpoint.model,
        messages=(Message("user", "Answer with the single word: ready"),),
        max_tokens=256,
    )

    async def ask() -> Answer:
        async with OpenAIClient(small, key) as client:
            return await client.complete(request)

    answer = asyncio.run(ask())
    return Probe(_usable(answer), _probe_message(endpoint, answer), answer)


def _usable(answer: Answer) -> bool:
    return answer.kind in (Kind.TEXT, Kind.TRUNCATED)


def _probe_message(endpoint: Endpoint, answer: Answer) -> str:
    where = f"{endpoint.model} at {endpoint.provider}"
    if not _usable(answer):
        return f"{where} does not work: {answer.reason or answer.kind.value}"
    counted = "no usage reported, tokens will be estimated" if answer.estimated else "usage is reported"
    return (
        f"{where} answers in {answer.seconds:.1f} s ({answer.tokens_in} tokens in, {answer.tokens_out} out; {counted})"
    )
