"""Records of the archive as JSON values and back, exactly.

Timing is kept apart (`Accepted.seconds` and `Trial.compile_s` have columns of their own), because it must not enter
the digest.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from dicode.types import (
    Accepted,
    Brief,
    Code,
    LevelRecord,
    Origin,
    ParentReport,
    Rejected,
    Repair,
    Status,
    Trial,
    Verdict,
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


def verdict_from_json(body: Mapping[str, Any], seconds: float = 0.0) -> Verdict:
    """The inverse of `verdict_to_json`."""
    if not body["accepted"]:
        return Rejected.from_json(body)
    return Accepted(
        goal=body["goal"],
        rules=body["rules"],
        pool_hash=body["pool_hash"],
        hooks=tuple(body["hooks"]),
        warnings=tuple(body["warnings"]),
        statistics=body["statistics"],
        seconds=seconds,
    )


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
    }


def level_from_json(body: Mapping[str, Any], seconds: float = 0.0) -> LevelRecord:
    """The inverse of `level_to_json`; a level as it was when it was recorded."""
    return LevelRecord(
        id=body["id"],
        source=body["source"],
        description=body["description"],
        origin=Origin(body["origin"]),
        parents=tuple(body["parents"]),
        move=body["move"],
        born=body["born"],
        verdict=verdict_from_json(body["verdict"], seconds),
        repairs=tuple(_repair(repair) for repair in body["repairs"]),
        requests=tuple(body["requests"]),
    )


def _repair(body: Mapping[str, str]) -> Repair:
    return Repair(**{**body, "code": Code(body.get("code", Code.UNTOLD))})  # type: ignore[arg-type]


def trial_to_json(trial: Trial) -> dict[str, Any]:
    """A trial as JSON values, without its timing."""
    body = asdict(trial) | {"achievements": dict(trial.achievements)}
    del body["compile_s"]
    return body


def trial_from_json(body: Mapping[str, Any], compile_s: float = 0.0) -> Trial:
    """The inverse of `trial_to_json`."""
    return Trial(**body, compile_s=compile_s)


def brief_to_json(brief: Brief, levels: Mapping[str, LevelRecord]) -> dict[str, Any]:
    """A brief by reference: levels by id, with what they were when it was dispatched.

    Trials follow from the archive, and so do the ids that were known: all up to the brief's cycle but for
    `later`, those of the same cycle that came after it.
    """
    later = sorted(level for level, record in levels.items() if record.born == brief.cycle and level not in brief.known)
    shown = list(brief.examples) + ([brief.parent.level] if brief.parent else [])
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
    }


def brief_from_json(
    body: Mapping[str, Any],
    cycle: int,
    index: int,
    levels: Mapping[str, LevelRecord],
    trials: Mapping[str, tuple[Trial, ...]],
) -> Brief:
    """The inverse of `brief_to_json`, given the archive it was made from (or a later state of it)."""

    def shown(level: str) -> LevelRecord:
        active, status, score, last_trained = body["standing"][level]
        return replace(levels[level], active=active, status=Status(status), score=score, last_trained=last_trained)

    parent = None
    if body["parent"] is not None:
        seen = tuple(trial for trial in trials.get(body["parent"], ()) if trial.cycle <= cycle)
        parent = ParentReport(shown(body["parent"]), seen, tuple(body["children"]))
    return Brief(
        cycle=cycle,
        index=index,
        parent=parent,
        target_success=body["target_success"],
        target_return=body["target_return"],
        examples=tuple(shown(level) for level in body["examples"]),
        known=frozenset(level for level, record in levels.items() if record.born <= cycle).difference(body["later"]),
        allow_hooks=body["allow_hooks"],
        goal_only=body["goal_only"],
    )


def _standing(level: LevelRecord) -> list[Any]:
    return [level.active, level.status.value, level.score, level.last_trained]
