"""The models that dream in one run, and who of them answers what."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from dicode.dreaming.calls import Answer, Request
from dicode.dreaming.client import Client, Opener
from dicode.dreaming.providers import Endpoint
from dicode.errors import ConfigError


@dataclass(frozen=True)
class Voice:
    """One model, and how it is asked."""

    endpoint: Endpoint
    open_client: Opener
    compact: bool = False
    """The short prompts for small models."""
    sketch: bool = False
    """They show what the grammar would write."""

    @property
    def name(self) -> str:
        """Provider and model, by which a request finds its client."""
        return f"{self.endpoint.provider} {self.endpoint.model}"


def check_voices(voices: Sequence[Voice]) -> None:
    """Raise ConfigError where two models can't be told apart."""
    names = [voice.name for voice in voices]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise ConfigError(f"fm names {twice!r} twice; two entries of one run need another provider or model")


class Switchboard:
    """`Client` that passes each request to the model that it names."""

    def __init__(self, voices: Sequence[Voice]) -> None:
        self._voices = voices

    async def __aenter__(self) -> Self:
        self._stack = AsyncExitStack()
        self._clients: dict[str, Client] = {}
        try:
            for voice in self._voices:
                self._clients[voice.name] = await self._stack.enter_async_context(voice.open_client())
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def complete(self, request: Request) -> Answer:
        """The answer of the model that `request` names."""
        return await self._of(request).complete(request)

    def broken_off(self, request: Request, reason: str) -> Answer | None:
        """What a call that was cancelled under way is known to have taken; None where it had not begun."""
        return self._of(request).broken_off(request, reason)

    def _of(self, request: Request) -> Client:
        return self._clients[f"{request.provider} {request.model}"]
