"""Reading a provider's JSON: usage, text, refusals, cut and empty answers, errors inside a "200 OK".

Nothing about the shape is taken for granted: whatever is not as the protocol says makes the call
FAILED with a reason, so that it can be tried again.
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from dicode.dreaming.calls import Answer, Kind, Request, estimate_tokens

_REFUSAL = re.compile(
    r"(i['’]?m (very )?sorry|sorry,|i can(no|['’])t|i (am|['’]m) (unable|not able)|i won['’]t|as an ai\b)",
    re.IGNORECASE,
)
REFUSAL_LENGTH = 400
"""Longer texts, and those with code in them, are answers, however they begin."""
MAX_NUMBERS = 16_384
"""Longest embedding that is believed."""


def read_reply(body: Any, request: Request) -> Answer:
    """The answer in a chat-completions body; of kind FAILED where the body is not one."""
    if not isinstance(body, dict):
        return _nonsense("is not a JSON object")
    if body.get("error"):
        error = body["error"]
        said = error.get("message", "no message") if isinstance(error, dict) else error
        return _nonsense(f"reports an error: {' '.join(str(said).split())[:200]}")
    choices = body.get("choices")
    if not (isinstance(choices, list) and choices and isinstance(choices[0], dict)):
        return _nonsense("holds no choices")
    message = choices[0].get("message")
    if not isinstance(message, dict):
        return _nonsense("holds no message")
    text = _text(message.get("content"))
    kind, reason = _judge(text, message.get("refusal"), choices[0].get("finish_reason"))
    used = _usage(body.get("usage"), request, text)
    model = body.get("model")
    return Answer(kind, text, reason, **used, model=model if isinstance(model, str) else "")


def _nonsense(what: str) -> Answer:
    return Answer(Kind.FAILED, reason=f"the server's answer {what}")


def _text(content: Any) -> str:
    """Content as text: a string, or a list of parts; without lone surrogates, which no file can hold."""
    if isinstance(content, list):
        content = "".join(str(p.get("text") or "") for p in content if isinstance(p, dict))
    return content.encode("utf-8", "replace").decode() if isinstance(content, str) else ""


def _judge(text: str, refusal: Any, finish: Any) -> tuple[Kind, str]:
    if refusal:
        return Kind.REFUSED, f"the model refuses: {' '.join(str(refusal).split())[:200]}"
    if finish == "content_filter":
        return Kind.REFUSED, "the provider's content filter stopped the answer"
    if finish == "error":
        return Kind.FAILED, "the provider broke off while answering"
    if finish == "length":
        empty = "" if text.strip() else " before a word was said (all of it went into reasoning)"
        return Kind.TRUNCATED, f"the answer was cut by the token limit{empty}"
    if not text.strip():
        return Kind.EMPTY, "the answer is empty"
    if len(text) < REFUSAL_LENGTH and "```" not in text and _REFUSAL.match(text.strip()):
        return Kind.REFUSED, f"the model refuses: {' '.join(text.split())[:200]}"
    return Kind.TEXT, ""


def _usage(usage: Any, request: Request, text: str) -> dict[str, Any]:
    usage = usage if isinstance(usage, dict) else {}
    tokens_in, tokens_out = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    estimated = tokens_in is None or tokens_out is None
    details = usage.get("prompt_tokens_details")
    cached = _count(details.get("cached_tokens")) if isinstance(details, dict) else None
    cost = usage.get("cost")
    charged = isinstance(cost, (int, float)) and not isinstance(cost, bool) and 0 <= cost < 1e6
    tokens_in = request.prompt_tokens if tokens_in is None else tokens_in
    return {
        "tokens_in": tokens_in,
        "tokens_cached": min(cached or 0, tokens_in),
        "tokens_out": estimate_tokens(text) if tokens_out is None else tokens_out,
        "estimated": estimated,
        "usd": float(cost) if charged else None,
    }


def _count(value: Any) -> int | None:
    """A token count that can be believed."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 <= value < 1_000_000_000 else None


def read_vector(body: Any, request: Request) -> Answer:
    """The answer in an embeddings body, its vector as text (see `encode_vector`); FAILED where the body is not one."""
    values = _vector(body)
    if not values:
        return _nonsense("holds no embedding")
    usage, model = body.get("usage"), body.get("model")
    tokens = _count(usage.get("prompt_tokens")) if isinstance(usage, dict) else None
    return Answer(
        Kind.TEXT,
        encode_vector(values),
        tokens_in=request.prompt_tokens if tokens is None else tokens,
        estimated=tokens is None,
        model=model if isinstance(model, str) else "",
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
    return (vector / np.linalg.norm(vector)).astype("<f2").tobytes().hex()


def decode_vector(text: str) -> np.ndarray:
    """The vector in an answer's text, float64 of length about 1."""
    return np.frombuffer(bytes.fromhex(text), "<f2").astype(np.float64)
