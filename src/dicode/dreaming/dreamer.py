"""What every dreamer is: briefs in, one outcome each out.

The loop runs `dream` in a background thread while a cycle trains. A dreamer draws randomness from
`streams.rng("dream", cycle, index)` alone, so that a resumed run dreams what an uninterrupted one did.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from dicode.types import Accepted, Brief, Code, Draft, Rejected, Repair, Verdict

Validate = Callable[[Draft], Verdict]
"""Screen, sandbox and novelty in one call; never raises for what a draft does wrong. Thread-safe."""


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


@runtime_checkable
class Dreamer(Protocol):
    """Something that writes levels."""

    name: str
    """As in the configuration group `dreamer` and in the archive's origin column."""

    def dream(self, briefs: Sequence[Brief], validate: Validate) -> list[Outcome]:
        """One outcome per brief, in the briefs' order.

        `validate` may be called several times per brief (repair); every failed attempt is kept in
        the draft's `repairs`. A dreamer returns rejected outcomes, it does not raise for them: an
        exception means that the dreamer itself is broken or its budget is spent.
        """
        ...


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
