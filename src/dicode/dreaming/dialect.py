"""What a run has learnt about a server's dialect: fields that it refuses and is asked without from then on.

Servers say it in many ways (`param`, a path in `detail`, a name in a sentence), always with a status of
400 or 422. One field is given up at a time, so that no more is left out than needs to be. A lower limit on the
answer is tried by one request and remembered when it was answered: a prompt that is too long finds none.
"""

import json
import logging
import re
from collections import deque
from dataclasses import dataclass
from typing import Any

from dicode.dreaming.calls import Request
from dicode.dreaming.providers import Quirks

log = logging.getLogger(__name__)

REFUSING = (400, 422)
"""Statuses by which servers refuse a field."""
LIMITS = ("max_tokens", "max_completion_tokens")
LEAST_TOKENS = 256
"""A limit on the answer's length is not lowered below this."""
MAX_ITEMS, MAX_ERRORS, MAX_TEXT = 200, 10, 20_000
"""Parts of an error that are looked at, those that are kept, and characters of a text in it that is read as JSON."""
_INNER = ("error", "detail", "errors", "body", "message", "metadata", "raw", "cause")
"""Where an error holds another one, as JSON or as a text of JSON."""
_TOO_LARGE = re.compile(
    r"too (?:large|high|big|long)|exceed|at most|maximum|less than|<=|>|context (?:length|window)", re.I
)
_ANSWER = re.compile(r"\bmax(?:imum)?[_ ]?(?:(?:new|output|completion)[_ ]?)?tokens(?![a-z])", re.I)
"""The limit on the answer under any maker's name."""
_CONTEXT = re.compile(r"context (?:length|window|size|limit)|length of the (?:messages|prompt|completion)", re.I)
_SYSTEM = re.compile(
    r"\bsystem\b.{0,40}\brole|\brole.{0,60}\bsystem\b|(?:developer|system) (?:instruction|message|prompt)s?\b.{0,40}\bnot\b"
    r"|only user and assistant roles",
    re.I,
)
_TOO_MANY = re.compile(r"\b(?:both|together|only one|either)\b", re.I)


@dataclass(frozen=True)
class Fewer:
    """A lower limit on the answer that one request tries; the run's once an answer has come with it."""

    tokens: int
    crowded: bool
    """Whether the server speaks of its context, so that a shorter prompt may leave room for more."""


class Dialect:
    """Shared by all clients of one endpoint in a run."""

    def __init__(self) -> None:
        self.dropped: set[str] = set()
        self.limit_name = ""
        """Field that limits the answer where the server wants another than its provider's entry says."""
        self.most_tokens: dict[int, int] = {}
        """Limits on the answer that the server has answered with, each with the fewest tokens of a prompt that it holds for."""
        self.folds_system = False
        """Whether instructions go in front of the question, because there is no role `system`."""

    def body(self, request: Request, quirks: Quirks, fewer: Fewer | None = None) -> dict[str, Any]:
        """A request as the server takes it, its answer limited to `fewer` tokens where that is being tried."""
        known = [tokens for tokens, prompt in self.most_tokens.items() if request.prompt_tokens >= prompt]
        tokens = min([request.max_tokens, *known, *([fewer.tokens] if fewer else [])])
        messages = [{"role": m.role, "content": m.content} for m in request.messages]
        body: dict[str, Any] = {
            "model": request.model,
            "messages": _folded(messages) if self.folds_system else messages,
            self.limit_name or quirks.token_limit: tokens,
            "temperature": request.temperature,
            "top_p": request.top_p,
            "seed": request.seed if quirks.seed else None,
        }
        return {name: value for name, value in body.items() if value is not None and name not in self.dropped}

    def embedding(self, request: Request) -> dict[str, Any]:
        """A request for a vector as the server takes it."""
        body = {"model": request.model, "input": request.messages[0].content, "encoding_format": "float"}
        return {name: value for name, value in body.items() if name not in self.dropped}

    def learn(self, answer: Any, sent: dict[str, Any]) -> bool:
        """Whether a refusal (its JSON) names something that the next try can do without; remembers it."""
        said = complaint(answer)[:1000]
        if "messages" not in sent:
            return "encoding_format" in sent and self._without(_named(said, ("encoding_format",), _parameter(answer)))
        if sent["messages"][0]["role"] == "system" and _SYSTEM.search(said):
            self.folds_system = True
            return self._told("takes no system message; it goes in front of the question from now on")
        field = _refused(said, _parameter(answer), sent)
        return self._other_limit(field, said) if field in LIMITS else self._without(field)

    def fewer(self, answer: Any, sent: dict[str, Any]) -> Fewer | None:
        """Half of a limit that a refusal (its JSON) calls too large; None where it says nothing such, or that is too few."""
        said = complaint(answer)[:1000]
        field = _refused(said, _parameter(answer), sent)
        if field not in LIMITS or not _TOO_LARGE.search(said) or sent[field] // 2 < LEAST_TOKENS:
            return None
        return Fewer(sent[field] // 2, bool(_CONTEXT.search(said)))

    def keep(self, fewer: Fewer, request: Request) -> None:
        """Send no more than `fewer` from now on, as the server has answered with it; for prompts as long if it is crowded."""
        prompt = request.prompt_tokens if fewer.crowded else 0
        if prompt < self.most_tokens.get(fewer.tokens, prompt + 1):
            self.most_tokens[fewer.tokens] = prompt
            about = " with prompts as long" if fewer.crowded else ""
            self._told(f"takes a limit of {fewer.tokens} tokens{about}; that is sent from now on")

    def _without(self, field: str) -> bool:
        if not field:
            return False
        self.dropped.add(field)
        return self._told(f"refuses {field}; it is asked without from now on")

    def _other_limit(self, name: str, said: str) -> bool:
        other = next(o for o in LIMITS if o != name)
        if re.search(rf"\b{other}\b.{{0,20}}\binstead|\buse\b.{{0,20}}\b{other}\b", said, re.I) and not self.limit_name:
            self.limit_name = other
            return self._told(f"takes {other} for {name}; that is sent from now on")
        return not _TOO_LARGE.search(said) and self._without(name)

    def _told(self, what: str) -> bool:
        log.warning("the model's server %s", what)
        return True


def _folded(messages: list[dict[str, str]]) -> list[dict[str, str]]:
    """The messages with the instructions in front of the first question."""
    if len(messages) < 2 or messages[0]["role"] != "system":
        return messages
    first = {"role": "user", "content": f"{messages[0]['content']}\n\n{messages[1]['content']}"}
    return [first, *messages[2:]]


def _refused(said: str, parameter: str, sent: dict[str, Any]) -> str:
    """The field of a question that a complaint is about, empty for none."""
    limit = next((name for name in LIMITS if name in sent), "")
    left = tuple(name for name in ("temperature", "top_p", "seed", limit) if name in sent)
    return _named(said, left, parameter) or (limit if _is_limit(said, parameter) else "")


def _named(said: str, fields: tuple[str, ...], parameter: str) -> str:
    """The field that a complaint is about, empty for none."""
    if parameter in fields:
        return parameter
    places = {f: re.search(rf"(?<![\w-]){f.replace('_', '[_ -]?')}(?![\w-])", said, re.I) for f in fields}
    found = sorted((match.start(), name) for name, match in places.items() if match)
    names = [name for _, name in found]
    if {"temperature", "top_p"} <= set(names) and _TOO_MANY.search(said):
        return "top_p"
    return names[0] if names else ""


def _is_limit(said: str, parameter: str) -> bool:
    """Whether a complaint that names no field which was sent is about the answer's length: under another name, or none."""
    return parameter in LIMITS or bool(_ANSWER.search(said) or _CONTEXT.search(said))


def _parameter(answer: Any) -> str:
    """The field that an error names in a place of its own."""
    for part in errors_of(answer):
        name = part.get("param")
        if isinstance(name, str):
            return name.rpartition(".")[2]
        where = part.get("loc")
        if isinstance(where, list) and where and isinstance(where[-1], str):
            return where[-1]
    return ""


def complaint(answer: Any) -> str:
    """What a server says is wrong, in one line; servers nest it differently."""
    for part in errors_of(answer):
        for name in ("message", "msg", "detail", "error", "raw", "code", "status"):
            if isinstance(part.get(name), str | int) and part[name]:
                return " ".join(str(part[name]).split())
    return " ".join(answer.split()) if isinstance(answer, str) and answer.strip() else "no message"


def errors_of(answer: Any) -> list[dict[str, Any]]:
    """The objects of an error that may say something, the innermost first; few of many are looked at."""
    found: list[dict[str, Any]] = []
    left = deque([answer])
    for _ in range(MAX_ITEMS):
        if not left or len(found) == MAX_ERRORS:
            break
        item = _decoded(left.popleft())
        if isinstance(item, list):
            left += item[:3]
        elif isinstance(item, dict):
            found.insert(0, item)
            left += [item[name] for name in _INNER if name in item]
    return found


def _decoded(item: Any) -> Any:
    """What a text that holds JSON says: routers pass on in a text what the model's own server answered."""
    if not isinstance(item, str) or len(item) > MAX_TEXT or item.lstrip()[:1] not in ("{", "["):
        return item
    try:
        return json.loads(item)
    except (ValueError, RecursionError):
        return item
