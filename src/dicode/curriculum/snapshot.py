"""Everything a run knows about its levels, as one immutable value.

A `Snapshot` is what methods read and what the loop carries through a cycle: it goes in, a new one comes
out. Every fact carries the cycle in which it became known and nothing is ever changed in place, so the
archive only appends and "the state after cycle c" is what is left when later facts are dropped. What a
level *is* now (active, status, score, last trained) follows from its trials and activations.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dicode.errors import RunError
from dicode.types import (
    TARGET,
    Accepted,
    Brief,
    Code,
    LevelRecord,
    Origin,
    OwnTarget,
    Rejected,
    Status,
    Trial,
    Verdict,
)


@dataclass(frozen=True)
class Activation:
    """One change of the active set."""

    cycle: int
    level: str
    active: bool


@dataclass(frozen=True)
class DreamRecord:
    """What came of one dream: (asked, index) names the brief, `cycle` is when the answer was taken."""

    cycle: int
    asked: int
    index: int
    level: str | None
    """None when the dream was lost."""
    verdict: Verdict


@dataclass(frozen=True)
class Assessment:
    """What a method concludes from one cycle's trials."""

    trials: tuple[Trial, ...]
    """The cycle's trials, each with its score (None: too few episodes)."""
    statuses: Mapping[str, Status] = field(default_factory=dict)
    """Status per level of `trials`; a level that is not named keeps what it had."""
    activated: tuple[str, ...] = ()
    deactivated: tuple[str, ...] = ()
    state: Mapping[str, object] = field(default_factory=dict)
    """What the method wants back as `Snapshot.method_state`; JSON values only."""


@dataclass(frozen=True)
class Snapshot:
    """All levels, trials, activations and dreams known at one moment. `cycle` is the last committed one, -1 for none."""

    cycle: int = -1
    levels: Mapping[str, LevelRecord] = field(default_factory=dict)
    trials: Mapping[str, tuple[Trial, ...]] = field(default_factory=dict)
    """Trials by level, oldest first."""
    activations: tuple[Activation, ...] = ()
    briefs: tuple[Brief, ...] = ()
    """Every brief ever dispatched, in order."""
    outcomes: tuple[DreamRecord, ...] = ()
    method_state: Mapping[str, object] = field(default_factory=dict)
    run_state: Mapping[str, object] = field(default_factory=dict)
    withdrawn: frozenset[str] = frozenset()
    """Levels that passed the checks and hung nevertheless: as if rejected from now on."""

    def with_levels(self, records: Iterable[LevelRecord]) -> "Snapshot":
        """Add records. An id that is known already keeps its first record: identical dreams collapse."""
        levels = dict(self.levels)
        for record in records:
            levels.setdefault(record.id, record)
        return replace(self, levels=levels)

    def with_outcomes(self, outcomes: Iterable[DreamRecord]) -> "Snapshot":
        """Note what came of dreams; their levels, accepted or not, are added by `with_levels`."""
        return replace(self, outcomes=(*self.outcomes, *outcomes))

    def with_briefs(self, briefs: Iterable[Brief]) -> "Snapshot":
        """Note briefs as dispatched."""
        return replace(self, briefs=(*self.briefs, *briefs))

    def with_run_state(self, state: Mapping[str, object]) -> "Snapshot":
        """Replace the loop's own counters; JSON values only."""
        return replace(self, run_state=dict(state))

    def without(self, levels: Iterable[str]) -> "Snapshot":
        """The snapshot with these levels withdrawn."""
        return replace(self, withdrawn=self.withdrawn | frozenset(levels))

    def after(self, cycle: int, assessment: Assessment) -> "Snapshot":
        """The snapshot with a cycle's trials, statuses and activations applied.

        Raises `RunError` for a trial of an unknown level, of another cycle, or with a number that is not finite.
        """
        levels, trials = dict(self.levels), dict(self.trials)
        for trial in assessment.trials:
            _check_trial(trial, cycle, levels)
            trials[trial.level] = (*trials.get(trial.level, ()), trial)
            known = levels[trial.level]
            status = assessment.statuses.get(trial.level, known.status)
            score = known.score if trial.score is None else trial.score
            levels[trial.level] = replace(known, status=status, score=score, last_trained=cycle)
        changes = [Activation(cycle, level, False) for level in assessment.deactivated]
        changes += [Activation(cycle, level, True) for level in assessment.activated]
        for change in changes:
            levels[change.level] = replace(levels[change.level], active=change.active)
        activations = (*self.activations, *changes)
        return replace(self, levels=levels, trials=trials, activations=activations, method_state=dict(assessment.state))

    def accepted(self) -> dict[str, LevelRecord]:
        """The levels that passed the checks, without the target."""
        return {
            level: record
            for level, record in self.levels.items()
            if level != TARGET and level not in self.withdrawn and isinstance(record.verdict, Accepted)
        }

    def active(self) -> dict[str, LevelRecord]:
        """The active set."""
        return {level: record for level, record in self.levels.items() if record.active and level not in self.withdrawn}

    def pending(self) -> tuple[Brief, ...]:
        """Briefs that have no outcome yet, in order: what a resumed run dispatches again."""
        answered = {(outcome.asked, outcome.index) for outcome in self.outcomes}
        return tuple(brief for brief in self.briefs if (brief.cycle, brief.index) not in answered)


_GAME = Accepted(goal={}, rules={}, pool_hash="")


def target_record(
    source: str = "", description: str = "The unmodified game.", verdict: Accepted = _GAME
) -> LevelRecord:
    """The target as a record, always in the archive, never in the active set: the unmodified game, or a level's text."""
    return LevelRecord(
        id=TARGET,
        source=source,
        description=description,
        origin=Origin.TARGET,
        parents=(),
        move="",
        born=0,
        verdict=verdict,
    )


def own_target(record: LevelRecord, trials: Sequence[Trial], cycle: int) -> OwnTarget | None:
    """What is told after `cycle` of a target that is a level; None where it is the unmodified game."""
    rates = [trial.success_rate for trial in trials if trial.cycle <= cycle and trial.episodes]
    return OwnTarget(record.source, record.description, rates[-1] if rates else None) if record.source else None


def lost(cycle: int, brief: Brief, reason: str) -> DreamRecord:
    """The outcome of a dream that missed its deadline or died."""
    return DreamRecord(cycle, brief.cycle, brief.index, None, Rejected("lost", reason, code=Code.LOST))


def _check_trial(trial: Trial, cycle: int, levels: Mapping[str, LevelRecord]) -> None:
    if trial.level not in levels:
        raise RunError(f"a trial names level {trial.level!r}, which is not in the archive")
    if trial.cycle != cycle:
        raise RunError(f"a trial of level {trial.level} is of cycle {trial.cycle}; the current one is {cycle}")
    numbers: Sequence[float] = (
        trial.return_mean,
        trial.length_mean,
        trial.positive_value_loss,
        trial.max_mc,
        trial.return_max or 0.0,
        trial.return_std,
        trial.score or 0.0,
        *trial.achievements.values(),
        *trial.endings.values(),
        *trial.occupations.values(),
    )
    if not all(math.isfinite(number) for number in numbers):
        raise RunError(f"a trial of level {trial.level} in cycle {cycle} holds a number that is not finite: {trial}")
