"""What became of every dream: accepted, rejected with a reason, or lost; and the calls that were made for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dicode.dreaming.journal import Call
from dicode.received.text import line
from dicode.types import Rejected
from dicode.view.pages.data import RunData, finite
from dicode.view.pages.levels import Levels
from dicode.view.pages.text import block, is_id


@dataclass(frozen=True)
class DreamLine:
    """One dream that came to nothing."""

    asked: int | None
    """The cycle after which it was asked for; None for a level that nobody dreamed."""
    index: int | None
    cycle: int
    """The cycle in which it was known."""
    stage: str
    reason: str
    hint: str
    level: str | None
    """Its text in the archive, if there was one."""
    title: str
    parent: str | None
    author: str


@dataclass(frozen=True)
class CallLine:
    """One call of a foundation model."""

    key: str
    cycle: str
    index: str
    stage: str
    attempt: str
    model: str
    kind: str
    reason: str
    tokens_in: int
    tokens_out: int
    usd: float | None
    seconds: float | None
    levels: tuple[str, ...]
    """Levels that it took part in making."""


def rejected(data: RunData, levels: Levels) -> list[DreamLine]:
    """Every dream that was rejected or lost, newest first."""
    found, seen = [], set()
    for outcome in data.snapshot.outcomes:
        verdict = outcome.verdict
        if not isinstance(verdict, Rejected):
            continue
        level = str(outcome.level) if is_id(outcome.level) and outcome.level in levels.lines else None
        brief = levels.briefs.get((outcome.asked, outcome.index))
        parent = brief.parent.level.id if brief and brief.parent and brief.parent.level.id in levels.lines else None
        seen.add(level)
        title, author = (levels.lines[level].goal, levels.lines[level].author) if level else ("no draft", "")
        found.append(
            DreamLine(
                outcome.asked, outcome.index, outcome.cycle, line(verdict.stage, 20), line(verdict.reason, 600),
                line(verdict.hint, 600), level, title, parent, author,
            )
        )  # fmt: skip
    found += [
        _undreamt(data, levels, level) for level, one in levels.lines.items() if not one.accepted and level not in seen
    ]
    return sorted(found, key=lambda one: (-one.cycle, one.index or 0))


def _undreamt(data: RunData, levels: Levels, level: str) -> DreamLine:
    one, verdict = levels.lines[level], data.snapshot.levels[level].verdict
    assert isinstance(verdict, Rejected)
    hint = line(verdict.hint, 600)
    return DreamLine(
        None, None, one.born, one.verdict, line(verdict.reason, 600), hint, level, one.goal, one.parent, one.author
    )


def calls(data: RunData, levels: Levels) -> list[CallLine]:
    """Every call of the journal by cycle and dream."""
    made: dict[str, list[str]] = {}
    for level in levels.lines:
        for key in data.snapshot.levels[level].requests:
            made.setdefault(str(key), []).append(level)
    found = [_call(call, tuple(made.get(call.key, ())[:4])) for call in data.calls.values() if is_id(call.key)]
    return sorted(
        found, key=lambda one: (_number(one.cycle), _number(one.index), _number(one.attempt), one.stage, one.key)
    )


def _call(call: Call, levels: tuple[str, ...]) -> CallLine:
    asked, answer = call.request, call.answer
    return CallLine(
        key=call.key,
        cycle=line(asked.get("cycle"), 12),
        index=line(asked.get("index"), 12),
        stage=line(asked.get("stage"), 20),
        attempt=line(asked.get("attempt"), 12),
        model=line(answer.model or asked.get("model"), 60),
        kind=answer.kind.value,
        reason=line(answer.reason, 200),
        tokens_in=answer.tokens_in if finite(answer.tokens_in) else 0,
        tokens_out=answer.tokens_out if finite(answer.tokens_out) else 0,
        usd=answer.usd if finite(answer.usd) else None,
        seconds=answer.seconds if finite(answer.seconds) else None,
        levels=levels,
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 10**9


def messages(call: Call) -> list[tuple[str, str]]:
    """Who said what in one call, the answer last."""
    said: Any = call.request.get("messages")
    found = [
        (line(one.get("role"), 20), block(one.get("content", "")))
        for one in (said if isinstance(said, list) else [])[:60]
        if isinstance(one, Mapping)
    ]
    return [*found, ("answer", block(call.answer.text))]
