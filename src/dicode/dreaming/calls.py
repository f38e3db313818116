"""One foundation-model call as data: what is asked, and what came back.

A `Request` holds everything that determines an answer and nothing secret, so that its hash can be the
key under which the journal keeps the answer. What goes wrong with a call is a value (`Kind`), not an
exception: a dream that failed is an ordinary event.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from dicode.received.shapes import record

EMBEDDING = "embedding"
"""The stage of a request for a vector instead of a text; its answer's text is `replies.encode_vector`'s."""
FORMAT = 1
"""Version of the canonical form; a change of it makes every journal miss, so it is part of the hash."""


@dataclass(frozen=True)
class Message:
    """One turn of a conversation."""

    role: str
    """`system`, `user` or `assistant`."""
    content: str


@dataclass(frozen=True)
class Request:
    """One call: all that a provider is sent, and which dream it belongs to."""

    cycle: int
    index: int
    """Position of the dream in its round."""
    stage: str
    """`design`, `code`, `level` (both at once), `repair`, `probe` or `embedding`."""
    attempt: int
    """0 for the first draft; counts every further question about the same dream."""
    provider: str
    model: str
    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float | None = None
    """None: not sent, the provider's default."""
    top_p: float | None = None
    seed: int | None = None

    def canonical(self) -> dict[str, Any]:
        """The request as JSON values; equal requests give equal dictionaries."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "messages"}
        messages = [{"role": m.role, "content": m.content} for m in self.messages]
        return {"format": FORMAT, **values, "messages": messages}

    @property
    def key(self) -> str:
        """32 hex digits of the hash of the whole request: the journal's key."""
        return key_of(self.canonical())

    @property
    def label(self) -> str:
        """For people: `cycle 3, dream 2, code, attempt 0`."""
        return f"cycle {self.cycle}, dream {self.index}, {self.stage}, attempt {self.attempt}"

    @property
    def prompt_tokens(self) -> int:
        """Estimated tokens of the prompt."""
        return sum(estimate_tokens(message.content) for message in self.messages)


def key_of(canonical: Mapping[str, Any]) -> str:
    """The key of a request in its canonical form."""
    text = json.dumps(canonical, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class Kind(StrEnum):
    """What a call came to."""

    TEXT = "text"
    REFUSED = "refused"
    TRUNCATED = "truncated"
    """Stopped by the token limit; `text` holds what there is."""
    EMPTY = "empty"
    FAILED = "failed"
    """The provider could not be reached or answered nonsense, after all retries."""
    DENIED = "denied"
    """The provider will not answer this configuration at all: key, model name, credit, request form."""


@dataclass(frozen=True)
class Answer:
    """What came back from one call, retries included."""

    kind: Kind
    text: str = ""
    reason: str = ""
    """For people, where `kind` is not TEXT; holds no key and no path."""
    tokens_in: int = 0
    tokens_cached: int = 0
    """Of `tokens_in`, those that the provider read from its prefix cache."""
    tokens_out: int = 0
    estimated: bool = False
    """The provider reported no usage; the numbers are characters over four."""
    usd: float | None = None
    """What the provider says it charged, where it does."""
    model: str = ""
    """The model that answered, as the provider names it."""
    seconds: float = 0.0
    """Wall time, waiting and retries included."""
    retries: int = 0
    reached: bool = True
    """False where no server was there."""

    def to_json(self) -> dict[str, Any]:
        """The answer as JSON values."""
        return {f.name: getattr(self, f.name) for f in fields(self)} | {"kind": self.kind.value}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Answer":
        """The inverse of `to_json`; fields of other versions are left out. Raises ValueError for what is no answer."""
        known = {f.name for f in fields(cls)}
        answer = record(cls, {name: value for name, value in values.items() if name in known}, "answer")
        if min(answer.tokens_in, answer.tokens_cached, answer.tokens_out, answer.usd or 0.0) < 0:
            raise ValueError("what an answer took is below 0")
        return answer


def estimate_tokens(text: str) -> int:
    """Characters over four, rounded up: the project's measure where no tokenizer is at hand."""
    return -(-len(text) // 4)
