"""Dreams in the background: asked for when a cycle is committed, taken some cycles later.

Rounds are answered one after the other by a single thread. The loop waits for a round that is due until
its deadline; what is missing then is lost for good. A resumed run dispatches the briefs again that have
no outcome yet, and a dreamer answers the same brief in the same way.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from dicode.dreaming.dreamer import Dreamer, Outcome, Progress
from dicode.training.checker import Checker
from dicode.types import Accepted, Brief, LevelRecord, Origin, Trial

_log = logging.getLogger(__name__)

GRACE_S = 30.0
"""Seconds beyond a dreamer's own deadline before the loop stops waiting for it."""


@dataclass(frozen=True)
class _Round:
    briefs: tuple[Brief, ...]
    future: "Future[list[Outcome]]"
    dispatched: float


def spending(dreamer: Dreamer, levels: Iterable[LevelRecord], fresh: Iterable[LevelRecord]) -> dict[str, Any] | None:
    """What the dreamer's model has cost by now, as JSON values; None for a dreamer that asks no model.

    `total` is the whole run, `accepted` the model's accepted levels so far, `levels` what the calls for each level
    of `fresh` cost, `stopped` since when, why and for how many dreams a cap has kept the model out (None: it has not),
    `silence` why no dream has been answered so far (None: one has), `models` what each model cost.
    """
    ledger, journal = dreamer.ledger, dreamer.journal
    if ledger is None or journal is None:
        return None
    ours = [r for r in levels if r.origin is Origin.FOUNDATION and isinstance(r.verdict, Accepted)]
    unpaid = [fate for fate in journal.fates() if fate.kind == "fallback"]
    stopped = {"cycle": unpaid[0].cycle, "reason": unpaid[0].reason, "dreams": len(unpaid)} if unpaid else None
    wrote = {call.key: str(call.request["model"]) for call in journal.calls()}
    return {
        "total": ledger.total().to_json(),
        "accepted": len(ours),
        "levels": [
            {"level": r.id, "model": wrote.get(r.requests[-1], ""), **ledger.of(r.requests).to_json()}
            for r in fresh
            if r.requests
        ],
        "stopped": stopped,
        "silence": dreamer.silence(),
        "models": [
            {"provider": provider, "model": model, **total.to_json()}
            for (provider, model), total in ledger.by_model().items()
        ],
    }


class DreamRounds:
    """Rounds under way, by the cycle that asked for them. `checker` makes a round's validator from the archive."""

    def __init__(
        self, dreamer: Dreamer, checker: Callable[[Iterable[LevelRecord]], Checker], deadline_s: float
    ) -> None:
        self.dreamer, self._checker, self._deadline_s = dreamer, checker, deadline_s
        self._thread = ThreadPoolExecutor(1, "dream")
        self._rounds: dict[int, _Round] = {}

    def dispatch(
        self,
        briefs: Sequence[Brief],
        levels: Iterable[LevelRecord],
        trials: Mapping[str, Sequence[Trial]] | None = None,
    ) -> None:
        """Start the rounds of `briefs`; `levels` is the archive, of which each round sees what its briefs knew.

        `trials` by level tell a dreamer of several models which of them to ask.
        """
        records = list(levels)
        self.dreamer.observe(records, trials or {})
        for cycle in sorted({brief.cycle for brief in briefs}):
            asked = tuple(brief for brief in briefs if brief.cycle == cycle)
            check = self._checker([record for record in records if record.id in asked[0].known])
            future = self._thread.submit(self._dream, asked, check)
            self._rounds[cycle] = _Round(asked, future, time.monotonic())
            if self.dreamer.blocking:
                future.exception()

    def _dream(self, asked: Sequence[Brief], check: Checker) -> list[Outcome]:
        if self.dreamer.in_order:
            return self.dreamer.dream(asked, check)
        return check.apart(self.dreamer.dream(asked, check.alone))

    def collect(self, cycle: int | None) -> list[tuple[Brief, Outcome]]:
        """The outcomes of the round that was asked after `cycle`, waited for until its deadline.

        Raises what the dreamer raised: a dreamer that is broken ends the run, a bad dream does not.
        """
        if cycle is None or cycle not in self._rounds:
            return []
        asked = self._rounds.pop(cycle)
        wait = max(asked.dispatched + self._deadline_s + GRACE_S - time.monotonic(), 0.0)
        try:
            outcomes = asked.future.result(timeout=wait)
        except TimeoutError:
            _log.warning("the dreams of cycle %d did not come within %.0f s and are lost", cycle, self._deadline_s)
            reason = f"no answer within {self._deadline_s:g} s of dispatch"
            outcomes = self.dreamer.forfeit(asked.briefs, reason)
        return list(zip(asked.briefs, outcomes, strict=True))

    @property
    def progress(self) -> Progress | None:
        """How far the round under way is at this moment; None for a dreamer that doesn't count."""
        return self.dreamer.progress

    def pending(self) -> list[int]:
        """Cycles whose rounds are under way."""
        return sorted(self._rounds)

    def close(self) -> None:
        """Forget rounds that have not started; one that runs is left to end with the process."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self.dreamer.cancel()
