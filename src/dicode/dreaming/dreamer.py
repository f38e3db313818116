"""What every dreamer is: briefs in, one outcome each out.

The loop runs `dream` in a background thread while a cycle trains. A dreamer draws randomness from
`streams.rng("dream", cycle, index)` alone, so that a resumed run dreams what an uninterrupted one did.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dicode.types import Accepted, Brief, Code, Draft, LevelRecord, Rejected, Repair, Trial, Verdict

Validate = Callable[[Draft], Verdict]
"""Screen, sandbox and novelty in one call; never raises for what a draft does wrong. Thread-safe."""
Similar = Callable[[LevelRecord, Iterable[LevelRecord], int], tuple[LevelRecord, ...]]
"""Of some levels, those most like one level, at most so many."""


@dataclass(frozen=True)
class Outcome:
    """What became of one brief: the last draft and the verdict on it."""

    draft: Draft | None
    """None where no draft came back at all; the verdict is then `Rejected("lost", ...)`."""
    verdict: Verdict

    @property
    def accepted(self) -> bool:
        """Whether the draft passed every check."""
        return isinstance(self.verdict, Accepted)


@dataclass(frozen=True)
class Progress:
    """How far a round of dreams is at this moment."""

    cycle: int
    """Whose dreams these are."""
    dreams: int
    """Asked for."""
    accepted: int = 0
    rejected: int = 0
    lost: int = 0

    def after(self, outcome: Outcome) -> "Progress":
        """The same round with one more outcome."""
        name = "accepted" if outcome.accepted else "rejected" if outcome.draft else "lost"
        return replace(self, **{name: getattr(self, name) + 1})

    @property
    def under_way(self) -> int:
        """Dreams without an outcome."""
        return self.dreams - self.accepted - self.rejected - self.lost


class Dreamer(ABC):
    """Something that writes levels; everything but `name` and `dream` is as for one that asks no model."""

    name: str
    """As in the configuration group `dreamer` and in the archive's origin column."""
    blocking: bool = False
    """Whether training pauses while it dreams."""
    journal: Any = None
    """The `dreaming.journal.Journal` of what its models said; None: it asks none."""
    ledger: Any = None
    """The `dreaming.ledger.Ledger` of what they cost; None: it asks none."""
    similar: Similar | None = None
    """Picks the examples of its briefs; None: by the levels' text."""
    progress: Progress | None = None
    """The round under way, or the last one, where it counts; may be looked at from any thread."""

    @property
    def in_order(self) -> bool:
        """Whether one dream is written after the other; else the network decides the order (`dicode.training.checker`)."""
        return True

    @abstractmethod
    def dream(self, briefs: Sequence[Brief], validate: Validate) -> list[Outcome]:
        """One outcome per brief, in the briefs' order.

        `validate` may be called several times per brief (repair); every failed attempt is kept in
        the draft's `repairs`. A dreamer returns rejected outcomes, it does not raise for them: an
        exception means that the dreamer itself is broken or its budget is spent.
        """

    def sketch(self, brief: Brief) -> Draft | None:
        """What it would write for a brief before anything is checked, for a small model to start from; None: nothing."""
        return None

    def observe(self, levels: Iterable[LevelRecord], trials: Mapping[str, Sequence[Trial]]) -> None:  # noqa: B027
        """What the archive shows when a round is asked for, with the trials by level."""

    def silence(self) -> str | None:
        """That no model has answered any dream so far, and why; None where one has, or none was asked."""
        return None

    def forfeit(self, briefs: Sequence[Brief], reason: str) -> list[Outcome]:
        """Lose a round for good, for a `reason`, because the caller waits for it no longer."""
        return [lost(reason) for _ in briefs]

    def cancel(self) -> None:  # noqa: B027
        """End the round under way, from another thread."""


class OneByOne(Dreamer):
    """A dreamer that answers one brief after the other; levels of one round differ from each other too."""

    def dream(self, briefs: Sequence[Brief], validate: Validate) -> list[Outcome]:
        """One outcome per brief, in the briefs' order."""
        taken: set[str] = set()
        outcomes = []
        for brief in briefs:
            outcome = self._answer(brief, validate, taken)
            if outcome.draft is not None:
                taken.add(outcome.draft.id)
            outcomes.append(outcome)
        return outcomes

    @abstractmethod
    def _answer(self, brief: Brief, validate: Validate, taken: set[str]) -> Outcome:
        """The outcome of one brief; `taken` are the ids of the round's levels so far."""
        ...


def tried(
    brief: Brief,
    fresh: Callable[[Draft | None, Verdict], Draft | None],
    validate: Validate,
    tries: int,
) -> Outcome:
    """Drafts of a grammar for one brief until one is accepted, at most so many: `fresh` writes each, told of the last; None where it can't.

    The first is told of what the brief sends back, if anything.
    """
    draft: Draft | None = None
    verdict: Verdict = Rejected("lost", "the grammar found no level that the archive doesn't hold", code=Code.LOST)
    if returned := sent_back(brief):
        draft, verdict = returned
    for _ in range(tries):
        new = fresh(draft, verdict)
        if new is None:
            break
        draft = repaired(new, draft, verdict) if draft and isinstance(verdict, Rejected) else new
        verdict = validate(draft)
        if not isinstance(verdict, Rejected):
            break
    return Outcome(draft, verdict)


def lost(reason: str) -> Outcome:
    """The outcome of a brief for which nothing came back."""
    return Outcome(None, Rejected("lost", reason, code=Code.LOST))


def repaired(draft: Draft, failed: Draft, verdict: Rejected) -> Draft:
    """`draft` with the history of `failed`, which `verdict` turned down, in front of it."""
    repair = Repair(failed.source, verdict.stage, verdict.reason, verdict.hint, verdict.code)
    return replace(draft, repairs=(*failed.repairs, repair))


def sent_back(brief: Brief) -> tuple[Draft, Rejected] | None:
    """The draft that a brief asks to write again, and what was wrong with it; None for a brief for something new."""
    level = brief.revises
    if level is None or not isinstance(level.verdict, Rejected):
        return None
    draft = Draft(
        level.source, level.description, level.origin, level.parents, level.move, level.repairs, level.requests
    )
    return draft, level.verdict
