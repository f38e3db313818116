"""Reading a provider's JSON: usage, text, refusals, cut and empty answers, errors inside a "200 OK".

Nothing about the shape is taken for granted: whatever is not as the protocol says makes the call
FAILED with a reason, so that it can be tried again. Reasons are whole here: a key that they hold is taken out
before they are shortened, because a part of it would not be recognised; so is one in a text.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dicode.dreaming.calls import Answer, Kind, Request, estimate_tokens
from dicode.dreaming.dialect import complaint
from dicode.dreaming.refusals import FLAGGING, is_flagged
from dicode.dreaming.shapes import BROKEN, CUT, FILTERED, Said, Used, blocked_for, plain, said, used
from dicode.dreaming.unwrap import MAX_ANSWER

_REFUSAL = re.compile(
    r"(i['’]?m (very )?sorry|sorry,|i can(no|['’])t|i (am|['’]m) (unable|not able)|i won['’]t|as an ai\b)",
    re.IGNORECASE,
)
REFUSAL_LENGTH = 400
"""Longer texts, and those with code in them, are answers, however they begin."""
WORDS = 60
"""Characters of a tool's arguments that are no answer beside a longer text."""
MAX_NUMBERS = 16_384
"""Longest embedding that is believed."""
MAX_KEPT = MAX_ANSWER + 1
"""Characters of an answer that are kept: one more than is read, so that it shows as too long."""


def read_reply(body: Any, request: Request, hide: Callable[[str], str] = str) -> Answer:
    """The answer in a chat-completions body, of kind FAILED where the body is not one; `hide` takes keys out of its text."""
    body = body[0] if isinstance(body, list) and len(body) == 1 else body
    if not isinstance(body, dict):
        return unusable(body, "the server's answer is not a JSON object")
    if body.get("error") and is_flagged(FLAGGING[0], body):
        reason = f"the provider's content filter stopped the question: {complaint(body)}"
        return unusable(body, reason, Kind.REFUSED)
    if body.get("error"):
        return unusable(body, f"the server's answer reports an error: {complaint(body)}")
    if blocked := blocked_for(body):
        return unusable(body, f"the provider's content filter stopped the question: {blocked}", Kind.REFUSED)
    if "choices" in body and not body["choices"]:
        return unusable(body, "the server's answer holds no choices")
    told = said(body)
    if told is None:
        return unusable(body, "the server's answer holds no message")
    text = told.content
    if not text.strip() and not CUT.search(told.finish):
        # Some servers put the whole answer where reasoning or a tool's arguments belong.
        text = told.tool or told.reasoning
    elif len(told.tool) > min(len(text), WORDS):
        # Others announce the answer and put it into a tool's arguments.
        text = f"{text}\n```\n{told.tool}\n```"
    kind, reason = _judge(text, told)
    took = used(body)
    model = body.get("model")
    tokens_in = took.tokens_in or request.prompt_tokens
    tokens_out = took.tokens_out or estimate_tokens(text + told.reasoning)
    return Answer(
        kind,
        hide(text)[:MAX_KEPT],
        reason,
        tokens_in=tokens_in,
        tokens_cached=min(took.tokens_cached, tokens_in),
        tokens_out=tokens_out,
        estimated=(tokens_in, tokens_out) != (took.tokens_in, took.tokens_out),
        usd=took.usd,
        model=plain(model),
    )


def read_text(text: str, request: Request) -> Answer:
    """The answer of something that says nothing but its text, such as a program or a person."""
    kind, reason = _judge(text, Said(text))
    return Answer(kind, text[:MAX_KEPT], reason, request.prompt_tokens, 0, estimate_tokens(text), estimated=True)


def unusable(body: Any, reason: str, kind: Kind = Kind.FAILED) -> Answer:
    """An answer that holds no text, with what its body says that it took: that is billed all the same."""
    took = used(body) if isinstance(body, dict) else Used()
    tokens_in = took.tokens_in or 0
    return Answer(kind, "", reason, tokens_in, min(took.tokens_cached, tokens_in), took.tokens_out or 0, usd=took.usd)


def _judge(text: str, told: Said) -> tuple[Kind, str]:
    if told.refusal:
        return Kind.REFUSED, f"the model refuses: {' '.join(told.refusal.split())}"
    if FILTERED.search(told.finish):
        return Kind.REFUSED, "the provider's content filter stopped the answer"
    if CUT.search(told.finish):
        empty = "" if text.strip() else " before a word was said (all of it went into reasoning)"
        return Kind.TRUNCATED, f"the answer was cut by the token limit{empty}"
    if BROKEN.search(told.finish):
        return Kind.FAILED, "the provider broke off while answering"
    if not text.strip():
        return Kind.EMPTY, "the answer is empty"
    if len(text) < REFUSAL_LENGTH and "```" not in text and _REFUSAL.match(text.strip()):
        return Kind.REFUSED, f"the model refuses: {' '.join(text.split())}"
    return Kind.TEXT, ""


def read_vector(body: Any, request: Request) -> Answer:
    """The answer in an embeddings body, its vector as text (see `encode_vector`); FAILED where the body is not one."""
    values = _vector(body)
    if not values:
        return unusable(body, "the server's answer holds no embedding")
    took = used(body)
    return Answer(
        Kind.TEXT,
        encode_vector(values),
        tokens_in=took.tokens_in or request.prompt_tokens,
        estimated=not took.tokens_in,
        usd=took.usd,
        model=plain(body.get("model")),
    )


def _vector(body: Any) -> list[float]:
    """The numbers of the first embedding in a body, empty where they can't be believed."""
    data = body.get("data") if isinstance(body, dict) else None
    values = data[0].get("embedding") if isinstance(data, list) and data and isinstance(data[0], dict) else None
    if not isinstance(values, list) or len(values) > MAX_NUMBERS:
        return []
    numbers = [v for v in values if isinstance(v, float | int) and not isinstance(v, bool) and -1e30 < v < 1e30]
    return list(map(float, numbers)) if len(numbers) == len(values) and any(numbers) else []


def encode_vector(values: Sequence[float]) -> str:
    """A vector of length 1 as hexadecimal float16, little endian: a third of its JSON, and no key can hide in it."""
    vector = np.asarray(values, np.float64)
    vector = vector / np.abs(vector).max()
    text: str = (vector / np.linalg.norm(vector)).astype("<f2").tobytes().hex()
    return text


def decode_vector(text: str) -> np.ndarray:
    """The vector in an answer's text, float64 of length about 1."""
    return np.frombuffer(bytes.fromhex(text), "<f2").astype(np.float64)
