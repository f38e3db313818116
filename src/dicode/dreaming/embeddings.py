"""Likeness of levels by an embedding model, where `fm.embedding_model` names one.

It picks the levels that a brief shows as examples; duplicates are still told by structure. One request
a level, to the endpoint of the foundation model, through the same client, journal and ledger: a replay
finds every vector in the journal, and a resumed run pays for none twice. A request that fails ends the
use of embeddings for the run, replays included; levels are then compared by structure as without it.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence

import numpy as np

from dicode.dreaming.calls import EMBEDDING, Answer, Kind, Message, Request
from dicode.dreaming.client import Opener
from dicode.dreaming.journal import Journal
from dicode.dreaming.ledger import Ledger
from dicode.dreaming.providers import Endpoint
from dicode.dreaming.replies import decode_vector
from dicode.dreaming.similarity import most_similar
from dicode.types import Accepted, LevelRecord

log = logging.getLogger(__name__)

MAX_TEXT = 6_000
"""Characters of a level that are embedded at most; small models read no more than some 2000 tokens."""


class Embeddings:
    """Vectors of levels by id, asked for when they are first needed; `similar` has `most_similar`'s form."""

    def __init__(self, endpoint: Endpoint, model: str, journal: Journal, ledger: Ledger, open_client: Opener) -> None:
        self._endpoint, self._model, self._open_client = endpoint, model, open_client
        self._journal, self._ledger = journal, ledger
        self._vectors: dict[str, np.ndarray] = {}
        self._broken = False

    def similar(self, level: LevelRecord, records: Iterable[LevelRecord], count: int = 6) -> tuple[LevelRecord, ...]:
        """The `count` accepted records most like `level` by cosine, most similar first; ties by id.

        By structure once a request has failed. Raises JournalMiss where a replay asks for what was not recorded.
        """
        others = [r for r in records if r.id != level.id and r.source and isinstance(r.verdict, Accepted)]
        if not self._know([level, *others]):
            return most_similar(level, others, count)
        mine = self._vectors[level.id]
        # Rounded, so that the order in which a machine adds up a product decides nothing.
        likeness = {r.id: round(float(mine @ self._vectors[r.id]), 5) for r in others}
        return tuple(sorted(others, key=lambda r: (-likeness[r.id], r.id))[:count])

    def _know(self, records: Sequence[LevelRecord]) -> bool:
        """Whether there is a comparable vector for each record, having asked for those that are missing."""
        missing = {} if self._broken else {r.id: self._request(r) for r in records if r.id not in self._vectors}
        for level, answer in zip(missing, self._answers(list(missing.values())), strict=False):
            vector = _vector(answer)
            if vector is None:
                self._give_up(answer.reason or "an answer is no vector")
            else:
                self._vectors[level] = vector
        if not self._broken and len({len(self._vectors[r.id]) for r in records}) > 1:
            self._give_up("its vectors differ in length")
        return not self._broken

    def _give_up(self, reason: str) -> None:
        if not self._broken:
            log.warning("%s fails (%s); examples are chosen by structure from now on", self._model, reason)
        self._broken = True

    def _request(self, record: LevelRecord) -> Request:
        text = f"{record.description.strip()}\n\n{record.source}"[:MAX_TEXT]
        endpoint = self._endpoint
        return Request(-1, 0, EMBEDDING, 0, endpoint.provider, self._model, (Message("user", text),), max_tokens=0)

    def _answers(self, requests: list[Request]) -> list[Answer]:
        """One answer a request, or the recorded failure alone: after one, nobody is asked."""
        recorded = [self._journal.answer(r) for r in requests if self._journal.has(r)]
        failed = [answer for answer in recorded if answer is not None and answer.kind is not Kind.TEXT]
        if failed:
            return failed
        fresh = [r for r in requests if not self._journal.has(r)]
        if fresh and self._journal.mode != "replay":
            asyncio.run(self._ask(fresh))
        return [answer for r in requests if (answer := self._journal.answer(r)) is not None]

    async def _ask(self, requests: list[Request]) -> None:
        async with self._open_client() as client:

            async def one(request: Request) -> None:
                spent = self._ledger.spent()
                if spent:
                    # Journaled like a server's failure, so that a replay does without it, too.
                    self._journal.record(request, Answer(Kind.FAILED, reason=spent))
                    return
                with self._ledger.expecting(request):
                    answer = await client.complete(request)
                    self._journal.record(request, answer)
                    self._ledger.charge(request, answer)

            await asyncio.gather(*map(one, requests))


def _vector(answer: Answer) -> np.ndarray | None:
    """The vector in an answer; None where it holds none, such as a program's text or one of a received journal."""
    try:
        return decode_vector(answer.text) if answer.kind is Kind.TEXT else None
    except ValueError:
        return None
