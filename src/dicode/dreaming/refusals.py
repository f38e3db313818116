"""What a server's refusal is about: one prompt, or every request of this configuration.

Servers say it in codes and in sentences. Only what is surely about the prompt is read as such; whatever is not
known holds for every request, so that no round asks a server in vain for each of its dreams.
"""

import re
from typing import Any

from dicode.dreaming.dialect import errors_of

FLAGGING = (400, 403, 422, 451)
"""Statuses by which servers turn a prompt down for what it says."""
LIMITING = (400, 422)
"""Statuses by which servers turn a prompt down for its length, in words."""
OVERLONG = 413
"""Status for a request that is too large, whatever is said beside it."""
_WORDS = ("code", "type", "status", "message", "msg", "detail", "error", "raw")
_FLAGGED = re.compile(
    r"content[_ -]?(?:filter|polic|management|moderation|exists risk)|moderation[_ ](?:block|fail|error)|prompt[_ ]block"
    r"|(?:input|prompt|request|message|content|text)s?\b.{0,40}\bflagged|safety[_ ](?:system|polic|filter)"
    r"|(?:prompt|input|request|content)\b.{0,80}\busage (?:polic|guideline)|inspection[_ ]?failed"
    r"|(?:inappropriate|sensitive|unsafe) content|(?:block|violat)\w*\b.{0,20}\bguardrail|guardrail.{0,20}(?:block|interven)"
    r"|responsible ?ai ?polic|prohibited[_ ]content|\binvalid_prompt\b",
    re.I,
)
_LONG = re.compile(
    r"context[_ ](?:length|window|size|limit)|string_above_max_length|(?:reduce the|maximum) (?:(?:input|prompt) )?length"
    r"|(?:prompt|input|inputs|request|messages?|token count)\b.{0,40}(?:too (?:long|large|many)|exceed|less than \d+ token)"
    r"|too many (?:input |prompt )?tokens",
    re.I,
)


def is_flagged(status: int, body: Any) -> bool:
    """Whether a filter turned the prompt down for what it says; another prompt may pass."""
    return status in FLAGGING and bool(_FLAGGED.search(_said(body)))


def is_overlong(status: int, body: Any) -> bool:
    """Whether the prompt has more than the model or the server takes; a shorter one may pass."""
    return status == OVERLONG or (status in LIMITING and bool(_LONG.search(_said(body))))


def _said(body: Any) -> str:
    """The codes and sentences of an error in one line."""
    if isinstance(body, str):
        return body[:1000]
    parts = [part[name] for part in errors_of(body) for name in _WORDS if isinstance(part.get(name), str)]
    return " ".join(" ".join(parts).split())[:2000]
