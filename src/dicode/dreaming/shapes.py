"""The shapes in which makers of models answer, as one: text, reasoning, refusal, finish, tokens and money.

The protocol is OpenAI's chat completions. Proxies pass on pieces of other makers' protocols: names of
token counts, reasons for stopping, lists of parts, calls of a tool instead of a text.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

CUT = re.compile(
    r"max(imum)?_(\w+_)?tokens?|tokens?_limit|length|context_(window|length)|out_of_tokens|^(error_)?limit(_reached)?$|^incomplete$"
)
"""Reasons for stopping that mean the token limit, in lower case with underscores."""
FILTERED = re.compile(
    r"filter|safety|toxic|recitation|blocklist|blocked|prohibited|spii|refus|guardrail|sensitive|moderation|^language$"
)
"""Reasons for stopping that mean a filter of the provider's."""
BROKEN = re.compile(
    r"error|malformed|unexpected_tool_call|abort|cancel|timeout|failed|insufficient_system_resource|^(un)?load$|^other$|^unspecified$"
)
"""Reasons for stopping that mean a fault; those that name a limit or a filter, too, mean that."""
MAX_REASON = 200
"""Characters of a reason for stopping that are read."""
MAX_DETAILS = 100
"""Entries of a usage that are looked into."""


@dataclass(frozen=True)
class Said:
    """What a body says."""

    content: str = ""
    reasoning: str = ""
    tool: str = ""
    """Arguments of the tool that it calls, as JSON."""
    refusal: str = ""
    finish: str = ""
    """Why it stopped, in lower case with underscores."""


def said(body: dict[str, Any]) -> Said | None:
    """What a body of any shape says; None where it holds no message."""
    choice = _first(body.get("choices")) or _first(body.get("candidates")) or body
    message = next((choice[n] for n in ("message", "output", "content") if isinstance(choice.get(n), dict)), None)
    message = message.get("message", message) if isinstance(message, dict) else None
    if not isinstance(message, dict):
        if isinstance(choice.get("text"), str) or isinstance(body.get("content"), list):
            message = choice
        elif isinstance(body.get("output"), list):
            message = {"content": [part for item in _objects(body["output"]) for part in _parts(item)]}
        else:
            return None
    parts = _parts(message)
    reasons = (
        choice.get(name) for name in ("finish_reason", "stop_reason", "finishReason", "stopReason", "done_reason")
    )
    ended = next((r for r in reasons if isinstance(r, str)), body.get("stop_reason") or body.get("stopReason") or "")
    details = body.get("incomplete_details")
    if isinstance(details, dict) and details.get("reason"):
        ended = details["reason"]
    return Said(
        content=plain("".join(_text(part) for part in parts if not _is_thought(part))),
        reasoning=plain(_reasoning(message) or "".join(_text(part) for part in parts if _is_thought(part))),
        tool=plain(_tool(message, parts)),
        refusal=plain(message.get("refusal")) or plain(next((p["refusal"] for p in parts if p.get("refusal")), "")),
        # The patterns are searched from every place on, so a reason is no longer than any maker's.
        finish=_reason(plain(ended)[:MAX_REASON]),
    )


def blocked_for(body: dict[str, Any]) -> str:
    """Why a filter let no answer begin, where a body without one says so; empty otherwise."""
    told = [body[name] for name in ("promptFeedback", "prompt_feedback") if isinstance(body.get(name), dict)]
    return "".join(plain(part.get("blockReason") or part.get("block_reason")) for part in told[:1])


def _reason(ended: str) -> str:
    """A reason for stopping in lower case with underscores, without the name of the enumeration that it is of."""
    spelled = re.sub(r"[^a-z]+", "_", re.sub(r"([a-z])([A-Z])", r"\1_\2", ended).lower()).strip("_")
    return re.sub(r"^(finish|stop)_reason_", "", spelled)


def plain(value: Any) -> str:
    """Text without lone surrogates, which no file can hold; empty for anything but text."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _first(items: Any) -> dict[str, Any] | None:
    return items[0] if isinstance(items, list) and items and isinstance(items[0], dict) else None


def _objects(items: Any) -> list[dict[str, Any]]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _parts(message: dict[str, Any]) -> list[dict[str, Any]]:
    """A message's content as a list of objects, whether it is a string, a list of either or has `parts`."""
    content = next((message[n] for n in ("content", "parts", "text") if message.get(n)), "")
    items = content if isinstance(content, list) else [content]
    return [{"text": item} if isinstance(item, str) else item for item in items if isinstance(item, str | dict)]


def _is_thought(part: dict[str, Any]) -> bool:
    return part.get("thought") is True or part.get("type") in (
        "thinking",
        "reasoning",
        "redacted_thinking",
        "summary_text",
    )


def _text(part: dict[str, Any]) -> str:
    for name in ("text", "thinking", "content", "summary"):
        found = part.get(name)
        if isinstance(found, str):
            return found
        if isinstance(found, list):
            return "".join(_text(inner) for inner in _objects(found))
    return ""


def _reasoning(message: dict[str, Any]) -> str:
    names = ("reasoning_content", "reasoning", "thinking", "reasoning_text")
    told = next((message[n] for n in names if isinstance(message.get(n), str) and message[n]), "")
    return told or "".join(_text(part) for part in _objects(message.get("reasoning_details")))


def _tool(message: dict[str, Any], parts: list[dict[str, Any]]) -> str:
    """What tools are called with, as one JSON object where they are several; a model that was given none may still call some."""
    calls = [*_objects(message.get("tool_calls")), *_objects([message.get("function_call")]), *parts]
    given = [value for call in calls if (value := _arguments(call))]
    if len(given) < 2:
        return next((each if isinstance(each, str) else json.dumps(each) for each in given), "")
    return json.dumps({f"call {number}": value for number, value in enumerate(given, 1)}, ensure_ascii=False)


def _arguments(call: dict[str, Any]) -> dict[str, Any] | str:
    """What one tool is called with, an object or a text; empty where that is nothing."""
    inner = next(
        (call[n] for n in ("function", "functionCall", "toolUse", "custom") if isinstance(call.get(n), dict)), call
    )
    for name in ("arguments", "args", "input", "parameters"):
        given = inner.get(name)
        if isinstance(given, str) and given.strip():
            try:
                # Small models write line ends into strings as they are.
                value = json.JSONDecoder(strict=False).decode(given)
            except (ValueError, RecursionError):
                return given
            return value if isinstance(value, dict) else given
        if isinstance(given, dict) and given:
            return given
    return {}


@dataclass(frozen=True)
class Used:
    """Tokens and money of one call; None: not told."""

    tokens_in: int | None = None
    tokens_cached: int = 0
    tokens_out: int | None = None
    usd: float | None = None


_IN = ("prompt_tokens", "input_tokens", "promptTokenCount", "inputTokens", "prompt_eval_count", "prompt_token_count")
_OUT = (
    "completion_tokens", "output_tokens", "candidatesTokenCount", "outputTokens", "eval_count", "candidates_token_count",
    "generated_tokens",
)  # fmt: skip
_TOTAL = ("total_tokens", "totalTokenCount", "totalTokens", "total_token_count")
_THOUGHT = ("reasoning_tokens", "thoughtsTokenCount", "thoughts_token_count", "thinking_tokens")
_CACHED = ("cached_tokens", "prompt_cache_hit_tokens", "cachedContentTokenCount", "cached_content_token_count")
_BESIDE = (
    "cache_read_input_tokens", "cache_creation_input_tokens", "cacheReadInputTokens", "cacheWriteInputTokens",
)  # fmt: skip


def used(body: dict[str, Any]) -> Used:
    """What a body says that the call took.

    Answers are counted with their reasoning: makers who count it apart show it in the total.
    """
    usage = next((body[n] for n in ("usage", "usageMetadata", "usage_metadata") if isinstance(body.get(n), dict)), body)
    usage = usage.get("tokens", usage) if isinstance(usage.get("tokens"), dict) else usage
    told = _first_count(usage, _IN)
    written = _first_count(usage, _OUT)
    # Anthropic's own counts leave out of the input what went through the cache; OpenAI's never carry these names.
    beside = 0 if "prompt_tokens" in usage else sum(count(usage.get(name)) or 0 for name in _BESIDE)
    read = None if told is None else told + beside
    total = _first_count(usage, _TOTAL)
    details = [usage, *(value for value in islice(usage.values(), MAX_DETAILS) if isinstance(value, dict))]
    thought = max((_first_count(part, _THOUGHT) or 0 for part in details), default=0)
    if told is not None and total is not None and total > told + (written or 0):
        written = total - (read if read is not None and total >= read + (written or 0) else told)
    if thought > (written or 0):
        written = thought + (written or 0)
    cached = max(
        [_first_count(part, _CACHED) or 0 for part in details]
        + [count(usage.get(name)) or 0 for name in (_BESIDE[0], _BESIDE[2])]
    )
    return Used(read, min(cached, read or 0), written, _money(usage))


def _first_count(usage: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    return next((found for name in names if (found := count(usage.get(name))) is not None), None)


def count(value: Any) -> int | None:
    """A token count that can be believed."""
    whole = isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1
    return int(value) if whole and 0 <= value < 1_000_000_000 else None


def _money(usage: Mapping[str, Any]) -> float | None:
    """US dollars that a call cost, the upstream maker's part included where that is billed beside the fee."""
    cost = next((usage[name] for name in ("cost", "total_cost", "estimated_cost") if name in usage), None)
    fee = dollars(cost.get("total_cost") if isinstance(cost, dict) else cost)
    details = usage.get("cost_details")
    upstream = _upstream(details) if isinstance(details, dict) else None
    if upstream is None:
        return fee
    if fee is None:
        return upstream
    # A router's own price contains the upstream's; a fee for the use of one's own key is a small part of it.
    return fee + upstream if usage.get("is_byok") is True or fee < upstream else fee


def _upstream(details: Mapping[str, Any]) -> float | None:
    """What the upstream maker charges: the sum, else its parts under their names in one protocol or the other."""
    whole = dollars(details.get("upstream_inference_cost"))
    parts = [
        sum(dollars(details.get(f"upstream_inference_{part}_cost")) or 0.0 for part in names)
        for names in (("prompt", "completions"), ("input", "output"))
    ]
    return whole or max(parts) or whole


def dollars(value: Any) -> float | None:
    """An amount that can be believed."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,7}(?:\.[0-9]{1,18})?(?:[eE]-?[0-9]{1,2})?", value.strip()):
        value = float(value)
    charged = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e6
    return float(value) if charged else None
