"""The verdicts of one round of dreams, whichever order its drafts come in.

A dreamer that writes one level after the other is told at once that a draft repeats an earlier one of its round.
Drafts of a model arrive in an order that the network decides: each is judged beside the archive alone, and twins among
them are turned down when the round is whole, the later brief's. So a round that was broken off
and asked again comes to the levels that it would have come to.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from dicode.dreaming import novelty
from dicode.dreaming.dreamer import Outcome
from dicode.games.host import Looks
from dicode.types import Accepted, Draft, LevelRecord, Trial, Verdict


class Checker:
    """Screen, jail, verifier and novelty for one round; may be called from several threads."""

    def __init__(
        self, check: Callable[[Draft, Iterable[LevelRecord]], Verdict], looks: Looks, archive: Iterable[LevelRecord]
    ) -> None:
        """`check` judges a draft beside levels; `archive` is what the round's briefs knew."""
        self._check, self._looks = check, looks
        self._archive, self._accepted = tuple(archive), list[LevelRecord]()
        self._lock = threading.Lock()

    def __call__(self, draft: Draft) -> Verdict:
        """The verdict beside the archive and what the round has accepted so far."""
        with self._lock:
            verdict = self._check(draft, (*self._archive, *self._accepted))
            if isinstance(verdict, Accepted):
                self._accepted.append(record_of(draft, verdict, 0))
            return verdict

    def alone(self, draft: Draft) -> Verdict:
        """The verdict beside the archive."""
        with self._lock:
            return self._check(draft, self._archive)

    def apart(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """The outcomes of a whole round, in the order of its briefs, without twins among the accepted ones."""
        kept: list[LevelRecord] = []
        settled = []
        for outcome in outcomes:
            if outcome.draft is not None and isinstance(outcome.verdict, Accepted):
                draft, verdict = outcome.draft, outcome.verdict
                twin = novelty.known(draft.id, kept) or novelty.judge(self._looks, draft.source, verdict, kept)
                if twin is not None:
                    outcome = replace(outcome, verdict=twin)
                else:
                    kept.append(record_of(draft, verdict, 0))
            settled.append(outcome)
        return settled


def record_of(draft: Draft, verdict: Verdict, cycle: int, probe: Trial | None = None) -> LevelRecord:
    """The archive's row for a draft."""
    return LevelRecord(
        id=draft.id,
        source=draft.source,
        description=draft.description,
        origin=draft.origin,
        parents=draft.parents,
        move=draft.move,
        born=cycle,
        verdict=verdict,
        repairs=draft.repairs,
        requests=draft.requests,
        probe=probe,
    )
