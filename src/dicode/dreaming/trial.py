"""One tiny call to a model before anything depends on it: does it answer, count tokens, name a price?"""

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Any

from dicode.dreaming.calls import Answer, Kind, Message, Request
from dicode.dreaming.client import Client, OpenAIClient, Opener
from dicode.dreaming.command import CommandClient
from dicode.dreaming.dialect import Dialect
from dicode.dreaming.providers import Endpoint, Key, find_key
from dicode.dreaming.transport import check_reach

PROBE = "probe"
"""The stage of such a call."""
SECONDS = 60.0
"""Longer is not waited for an answer of one word."""


@dataclass(frozen=True)
class Probe:
    """What one tiny call showed."""

    ok: bool
    sentence: str
    """For a person."""
    answer: Answer


def probe_request(endpoint: Endpoint, attempt: int = 0) -> Request:
    """The call, with the fields that dreams will be asked for with, so that what the server refuses shows now."""
    return Request(
        cycle=-1,
        index=0,
        stage=PROBE,
        attempt=attempt,
        provider=endpoint.provider,
        model=endpoint.model,
        messages=(Message("system", "Answer briefly."), Message("user", "Answer with the single word: ready")),
        max_tokens=endpoint.max_tokens,
        temperature=endpoint.temperature if endpoint.temperature >= 0 else None,
        top_p=endpoint.top_p if endpoint.top_p >= 0 else None,
        seed=0,
    )


def call(open_client: Opener, request: Request) -> Answer:
    """The answer to one request that comes within `SECONDS`."""

    async def ask() -> Answer:
        async with open_client() as client:
            try:
                return await asyncio.wait_for(client.complete(request), SECONDS)
            except TimeoutError:
                return Answer(Kind.FAILED, reason=f"no answer within {SECONDS:g} s")

    return asyncio.run(ask())


def probe(config: Any, place: str = "fm") -> Probe:
    """Ask the endpoint of a section of the configuration, which stands at `place`, for one word, once; costs a few tokens.

    Raises ConfigError where the configuration names no endpoint, or its key or proxy can't be used.
    """
    endpoint = Endpoint.from_config(config, place)
    if endpoint.quirks.speaks == "person":
        return Probe(True, "a person writes the levels, so nothing is asked here", Answer(Kind.TEXT))
    key, once = find_key(endpoint), replace(endpoint, retries=0)
    if endpoint.quirks.speaks == "http":
        check_reach(endpoint)
    answer = call(lambda: opened(once, key), probe_request(endpoint))
    return Probe(usable(answer), message(endpoint, answer), answer)


def opened(endpoint: Endpoint, key: Key, dialect: Dialect | None = None) -> AbstractAsyncContextManager[Client]:
    """A client of the endpoint, which is no person: of its program, or of its server."""
    if endpoint.quirks.speaks == "command":
        return CommandClient(endpoint)
    return OpenAIClient(endpoint, key, dialect=dialect)


def usable(answer: Answer) -> bool:
    """Whether a model answered, if not to the point: reasoning models may spend all tokens before they say a word."""
    return answer.kind in (Kind.TEXT, Kind.TRUNCATED, Kind.EMPTY, Kind.REFUSED)


def message(endpoint: Endpoint, answer: Answer) -> str:
    """What a probe showed, for people."""
    where = f"{endpoint.model} at {endpoint.provider}"
    if not usable(answer):
        return f"{where} does not work: {answer.reason or answer.kind.value}"
    counted = "no usage reported, tokens will be estimated" if answer.estimated else "usage is reported"
    return (
        f"{where} answers in {answer.seconds:.1f} s ({answer.tokens_in} tokens in, {answer.tokens_out} out; {counted})"
    )
