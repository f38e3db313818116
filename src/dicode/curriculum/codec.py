"""Records of the archive as JSON values and back, exactly.

Timing is kept apart (`Accepted.seconds` and `Trial.compile_s` have columns of their own), because it must not enter
the digest.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from dicode.curriculum import reached
from dicode.curriculum.snapshot import own_target
from dicode.received.shapes import record
from dicode.types import (
    TARGET,
    Accepted,
    Brief,
    Code,
    FrontierState,
    LevelRecord,
    Origin,
    ParentReport,
    Rejected,
    RunFacts,
    Status,
    Trial,
    Verdict,
    level_id,
)


def dumps(value: object) -> str:
    """Canonical JSON: sorted keys, no spaces, no NaN or infinity (ValueError)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def verdict_to_json(verdict: Verdict) -> dict[str, Any]:
    """A verdict without its timing."""
    if isinstance(verdict, Rejected):
        return {"accepted": False, **verdict.to_json()}
    return {
        "accepted": True,
        "goal": dict(verdict.goal),
        "rules": dict(verdict.rules),
        "pool_hash": verdict.pool_hash,
        "hooks": list(verdict.hooks),
        "warnings": list(verdict.warnings),
        "statistics": dict(verdict.statistics),
    }


def verdict_from_json(body: Any, seconds: float = 0.0) -> Verdict:
    """The inverse of `verdict_to_json`. Raises ValueError for values that are no verdict."""
    if not isinstance(body, dict) or not isinstance(body.get("accepted"), bool):
        raise ValueError("a verdict does not say whether it is accepted")
    values = {name: value for name, value in body.items() if name != "accepted"}
    if not body["accepted"]:
        return record(Rejected, {"code": Code.UNTOLD.value, **values})
    return replace(record(Accepted, values), seconds=seconds)


def verdict_seconds(verdict: Verdict) -> float:
    """Seconds that checking took; zero for a rejection, which does not tell."""
    return verdict.seconds if isinstance(verdict, Accepted) else 0.0


def level_to_json(record: LevelRecord) -> dict[str, Any]:
    """What never changes about a level: all but active, status, score and last_trained."""
    return {
        "id": record.id,
        "source": record.source,
        "description": record.description,
        "origin": record.origin.value,
        "parents": list(record.parents),
        "move": record.move,
        "born": record.born,
        "verdict": verdict_to_json(record.verdict),
        "repairs": [asdict(repair) for repair in record.repairs],
        "requests": list(record.requests),
        **({"probe": trial_to_json(record.probe)} if record.probe else {}),
    }


_NO_VERDICT = {"stage": "", "reason": "", "code": Code.UNTOLD.value}


def level_from_json(body: Any, seconds: float = 0.0) -> LevelRecord:
    """The inverse of `level_to_json`; a level as it was when it was recorded.

    Raises ValueError for values that are no level, and for an id that is not the hash of the source.
    """
    if not isinstance(body, dict):
        raise ValueError("a level is not an object")
    verdict = verdict_from_json(body.get("verdict"), seconds)
    level = record(LevelRecord, body | {"verdict": _NO_VERDICT})
    return replace(checked_id(level), verdict=verdict)


def checked_id(level: LevelRecord) -> LevelRecord:
    """The record itself. Raises ValueError where its id, which names files, is not the hash of its source."""
    if level.id == TARGET:
        right = level.origin is Origin.TARGET
    else:
        right = level.id == level_id(level.source) and level.origin is not Origin.TARGET
    if not right:
        raise ValueError(f"the id {level.id[:40]!r} is not the hash of the level's source")
    strange = next((parent for parent in level.parents if not is_id(parent)), None)
    if strange is not None:
        raise ValueError(f"the parent {strange[:40]!r} is not the id of a level")
    return level


def is_id(text: str) -> bool:
    """Whether `text` has the form of a level's id."""
    return text == TARGET or re.fullmatch(r"[0-9a-f]{12}", text) is not None


def trial_to_json(trial: Trial) -> dict[str, Any]:
    """A trial as JSON values, without its timing."""
    body = asdict(trial)
    del body["compile_s"]
    return body


def trial_from_json(body: Any, compile_s: float = 0.0) -> Trial:
    """The inverse of `trial_to_json`. Raises ValueError for values that are no trial."""
    trial = replace(record(Trial, body), compile_s=compile_s)
    if not 0 <= trial.successes <= trial.episodes:
        raise ValueError(f"a trial has {trial.successes} successes in {trial.episodes} episodes")
    return trial


def brief_to_json(brief: Brief, levels: Mapping[str, LevelRecord]) -> dict[str, Any]:
    """A brief by reference: levels by id, with what they were when it was dispatched.

    Trials follow from the archive, and so do the ids that were known: all up to the brief's cycle but for
    `later`, those of the same cycle that came after it.
    """
    later = sorted(level for level, record in levels.items() if record.born == brief.cycle and level not in brief.known)
    own = [level for level in (brief.parent and brief.parent.level, brief.revises) if level]
    shown = [*brief.examples, *brief.relatives, *own]
    return {
        "parent": brief.parent.level.id if brief.parent else None,
        "children": list(brief.parent.children) if brief.parent else [],
        "later": later,
        "examples": [level.id for level in brief.examples],
        "standing": {level.id: _standing(level) for level in shown},
        "target_success": dict(brief.target_success),
        "target_return": brief.target_return,
        "allow_hooks": brief.allow_hooks,
        "goal_only": brief.goal_only,
        "relatives": [level.id for level in brief.relatives],
        "told": sorted(brief.trials),
        "facts": _facts_to_json(brief.facts) if brief.facts else None,
        "round": brief.round,
        "revises": brief.revises.id if brief.revises else None,
        **({"starts": reached.to_json(brief.starts)} if brief.starts else {}),
    }


@dataclass(frozen=True)
class _Standing:
    """What a level was when a brief showed it."""

    active: bool
    status: Status
    score: float | None
    last_trained: int | None


@dataclass(frozen=True)
class _BriefBody:
    """A brief as it is stored."""

    parent: str | None
    children: tuple[str, ...]
    later: tuple[str, ...]
    examples: tuple[str, ...]
    standing: Mapping[str, tuple[object, ...]]
    target_success: Mapping[str, float]
    target_return: float | None
    allow_hooks: bool
    goal_only: bool
    relatives: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    facts: RunFacts | None = None
    round: int = 0
    revises: str | None = None
    starts: tuple[FrontierState, ...] = ()


def brief_from_json(
    body: Any,
    cycle: int,
    index: int,
    levels: Mapping[str, LevelRecord],
    trials: Mapping[str, tuple[Trial, ...]],
) -> Brief:
    """The inverse of `brief_to_json`, given the archive it was made from (or a later state of it).

    Raises ValueError for values that are no brief, KeyError for a level that is not in the archive.
    """
    told = record(_BriefBody, body)

    def shown(level: str) -> LevelRecord:
        names = [f.name for f in fields(_Standing)]
        standing = record(_Standing, dict(zip(names, told.standing[level], strict=True)))
        return replace(levels[level], **{name: getattr(standing, name) for name in names})

    def until_then(level: str) -> tuple[Trial, ...]:
        return tuple(trial for trial in trials.get(level, ()) if trial.cycle <= cycle)

    parent = None
    if told.parent is not None:
        parent = ParentReport(shown(told.parent), until_then(told.parent), told.children)
    seen = until_then(TARGET) if told.target_success else ()
    target = own_target(levels[TARGET], seen, cycle) if TARGET in levels else None
    return Brief(
        cycle=cycle,
        index=index,
        parent=parent,
        target_success=told.target_success,
        target_return=told.target_return,
        examples=tuple(shown(level) for level in told.examples),
        known=frozenset(level for level, record in levels.items() if record.born <= cycle).difference(told.later),
        allow_hooks=told.allow_hooks,
        goal_only=told.goal_only,
        relatives=tuple(shown(level) for level in told.relatives),
        trials={level: until_then(level) for level in told.told},
        facts=told.facts,
        target=target,
        round=told.round,
        revises=shown(told.revises) if told.revises else None,
        starts=told.starts,
    )


def _facts_to_json(facts: RunFacts) -> dict[str, Any]:
    """The facts but for what is as usual."""
    return {f.name: value for f in fields(facts) if (value := getattr(facts, f.name)) != f.default}


def _standing(level: LevelRecord) -> list[Any]:
    return [level.active, level.status.value, level.score, level.last_trained]
