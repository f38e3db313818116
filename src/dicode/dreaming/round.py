"""What surrounds one foundation dream: journal, budget, deadline, verdicts; live and in a replay.

Everything that decides an outcome is journaled: answers, verdicts, and the fate of dreams that ended
for another reason (deadline, budget, provider). A replay walks through the same steps, awaits nothing
and therefore needs no event loop, which would open a socket pair.
"""

import asyncio
import functools
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar

from dicode.dreaming.calls import Answer, Kind, Request
from dicode.dreaming.client import Client
from dicode.dreaming.dreamer import Dreamer, Outcome, Validate, lost
from dicode.dreaming.journal import Fate, Journal
from dicode.dreaming.ledger import Ledger
from dicode.dreaming.repair import scrubbed
from dicode.dreaming.settings import DreamerConfig, FmConfig
from dicode.errors import RunError
from dicode.types import Accepted, Brief, Draft, Origin, Rejected, Verdict

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True)
class RoundSettings:
    """How a foundation model is asked, put together from the sections `fm` and `dreamer`, which say what each means."""

    stages: int
    compact: bool
    sketch: bool
    repairs: int
    max_drafts: int
    max_repairs: int
    """A limit makes a round go dream by dream."""
    deadline_s: float
    blocking: bool

    @classmethod
    def from_config(cls, fm: FmConfig, dreamer: DreamerConfig) -> "RoundSettings":
        """From the configuration groups `fm` and `dreamer`."""
        return cls(
            stages=dreamer.stages,
            compact=fm.compact,
            sketch=fm.sketch,
            repairs=dreamer.repairs,
            max_drafts=fm.max_drafts,
            max_repairs=fm.max_repairs,
            deadline_s=dreamer.deadline_s,
            blocking=fm.blocking,
        )


@dataclass(frozen=True)
class RoundContext:
    """What all rounds of a run share."""

    settings: RoundSettings
    journal: Journal
    ledger: Ledger
    fallback: Dreamer | None
    """Dreams what the budget does not pay for; None: such dreams are lost."""
    write: Callable[[Brief, "Round"], Awaitable[Outcome]]
    """Writes one level by means of the round."""


class DreamEnded(Exception):
    """A dream cannot go on, for a reason that no answer shows; becomes its fate."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind, self.reason = kind, reason


class Round(ABC):
    """What a dream does to the world, in a round; live and replayed rounds differ in these alone."""

    def __init__(self, context: RoundContext, validate: Validate) -> None:
        self.context, self.journal, self.validate = context, context.journal, validate

    async def dream(self, brief: Brief, surplus: bool) -> Outcome:
        """The outcome of one brief; `surplus` ones are past the limit of drafts."""
        fate, limit = self.journal.fate(brief.cycle, brief.index), None
        try:
            if surplus:
                raise DreamEnded("fallback", "beyond the model's dreams of a round, or sent back to the grammar")
            if fate and fate.kind in ("lost", "fallback"):
                raise DreamEnded(fate.kind, fate.reason)
            async with self.until_deadline() as limit:
                return await self.context.write(brief, self)
        except DreamEnded as end:
            return await self._end(brief, end, known=surplus or fate is not None)
        except RunError:
            # The run's journal, or a process that this machine can't start: no fault of the dream.
            raise
        except Exception as error:
            reason = f"dreaming it raised {type(error).__name__}"
            if isinstance(error, TimeoutError) and limit is not None and limit.expired():
                reason = f"no level within {self.context.settings.deadline_s:g} s of dispatch"
            else:
                log.debug("cycle %d, dream %d", brief.cycle, brief.index, exc_info=True)
            return await self._end(brief, DreamEnded("lost", reason), known=False)

    async def _end(self, brief: Brief, end: DreamEnded, known: bool) -> Outcome:
        if not known:
            log.warning("cycle %d, dream %d: %s (%s)", brief.cycle, brief.index, end.kind, end.reason)
            self.journal.record_fate(Fate(brief.cycle, brief.index, end.kind, end.reason))
        fallback = self.context.fallback
        if end.kind != "fallback" or fallback is None:
            return lost(end.reason)
        try:
            return (await self.in_turn(functools.partial(fallback.dream, [brief], self.validate)))[0]
        except RunError:
            raise
        except Exception as error:
            log.debug("cycle %d, dream %d", brief.cycle, brief.index, exc_info=True)
            return lost(f"{end.reason}, and the dreamer in its place raised {type(error).__name__}")

    async def check(self, brief: Brief, attempt: int, draft: Draft) -> Verdict:
        """The verdict on a draft: the recorded one where there is one.

        A recorded acceptance is validated again all the same, for what the validator keeps of it.
        """
        recorded = self.journal.verdict(brief.cycle, brief.index, attempt, draft)
        if isinstance(recorded, Rejected):
            return recorded
        verdict = await self.in_turn(functools.partial(self.validate, draft))
        if isinstance(verdict, Rejected):
            verdict = scrubbed(verdict)
        if recorded is None:
            self.keep(brief, attempt, draft, verdict)
            return verdict
        if not isinstance(verdict, Accepted) or verdict.pool_hash != recorded.pool_hash:
            log.warning("level %s: the verdict now differs from the recorded one, which stands", draft.id)
        return recorded

    async def read(self, brief: Brief, attempt: int, text: str, work: Callable[[], T]) -> T | Rejected:
        """What `work` reads in an answer; that it could not be read on one machine holds on every other."""
        draft = Draft(text, "", Origin.FOUNDATION)
        recorded = self.journal.verdict(brief.cycle, brief.index, attempt, draft)
        if isinstance(recorded, Rejected) and recorded.stage == "limits":
            return recorded
        found = await self.aside(work)
        if isinstance(found, Rejected) and found.stage == "limits":
            self.keep(brief, attempt, draft, found)
        return found

    def denied(self, request: Request) -> bool:
        """Whether the journal says that this repair was not made."""
        fate = self.journal.fate(request.cycle, request.index)
        return fate is not None and fate.kind == "unrepaired" and request.attempt >= fate.attempt

    @abstractmethod
    def until_deadline(self) -> Any:
        """A context that a dream may not outlive."""
        ...

    @abstractmethod
    async def in_turn(self, work: Callable[[], T]) -> T:
        """`work` (validation), one at a time."""
        ...

    @abstractmethod
    async def aside(self, work: Callable[[], T]) -> T:
        """`work` (reading), beside whatever else is done."""
        ...

    @abstractmethod
    async def ask(self, request: Request) -> Answer:
        """The answer to one request; raises DreamEnded where no call may be made."""
        ...

    @abstractmethod
    def may_repair(self, request: Request) -> bool:
        """Whether the round still has a repair to give to this request."""
        ...

    @abstractmethod
    def keep(self, brief: Brief, attempt: int, draft: Draft, verdict: Verdict) -> None:
        """Record a verdict."""
        ...


class ReplayRound(Round):
    """Answers come from the journal; nothing is awaited, nothing is written."""

    def until_deadline(self) -> Any:
        """A context that a dream may not outlive."""
        return nullcontext()

    async def in_turn(self, work: Callable[[], T]) -> T:
        """`work` (validation), one at a time."""
        return work()

    async def aside(self, work: Callable[[], T]) -> T:
        """`work` (reading), beside whatever else is done."""
        return work()

    async def ask(self, request: Request) -> Answer:
        """The answer to one request; raises DreamEnded where no call may be made."""
        answer = self.journal.answer(request)
        assert answer is not None, "a replay journal answers or raises"
        return answer

    def may_repair(self, request: Request) -> bool:
        """Whether the round still has a repair to give to this request."""
        return not self.denied(request)

    def keep(self, brief: Brief, attempt: int, draft: Draft, verdict: Verdict) -> None:
        """Record a verdict."""
        log.warning("cycle %d, dream %d: no verdict was recorded; today's counts", brief.cycle, brief.index)


class LiveRound(Round):
    """Answers come from the journal where it has them, else from the provider, within budget and deadline."""

    def __init__(
        self, context: RoundContext, validate: Validate, client: Client, pool: ThreadPoolExecutor, deadline: float
    ) -> None:
        super().__init__(context, validate)
        self._client, self._pool, self._deadline = client, pool, deadline
        self._denied: dict[tuple[str, str], str] = {}
        self._repairs = 0

    def until_deadline(self) -> Any:
        """A context that a dream may not outlive."""
        return asyncio.timeout_at(self._deadline)

    async def in_turn(self, work: Callable[[], T]) -> T:
        """`work` (validation), one at a time."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def aside(self, work: Callable[[], T]) -> T:
        """`work` (reading), beside whatever else is done."""
        return await asyncio.to_thread(work)

    async def ask(self, request: Request) -> Answer:
        """The answer to one request; raises DreamEnded where no call may be made."""
        recorded = self.journal.answer(request)
        if recorded is not None:
            return recorded
        # A deadline that has passed ends the dream here, before anything is sent.
        await asyncio.sleep(0)
        model = request.provider, request.model
        if model in self._denied:
            raise DreamEnded("lost", self._denied[model])
        ledger = self.context.ledger
        spent = ledger.spent()
        if spent:
            raise DreamEnded("fallback", spent)
        with ledger.expecting(request):
            try:
                answer = await self._client.complete(request)
            except asyncio.CancelledError:
                self._count_broken_off(request)
                raise
            self._count(request, answer)
        if answer.kind is Kind.DENIED:
            # The rest of this round would be denied for the same reason; the next round tries again.
            self._denied[model] = answer.reason
        return answer

    def _count(self, request: Request, answer: Answer) -> None:
        self.journal.record(request, answer)
        self.context.ledger.charge(request, answer)

    def _count_broken_off(self, request: Request) -> None:
        """Count a call that the deadline ended: its dream is lost. One that a person ended is made again on resume."""
        if asyncio.get_running_loop().time() < self._deadline:
            return
        within = f"{self.context.settings.deadline_s:g} s of dispatch"
        answer = self._client.broken_off(request, f"broken off, as its dream had no level within {within}")
        if answer is not None:
            self._count(request, answer)

    def may_repair(self, request: Request) -> bool:
        """Whether the round still has a repair to give to this request."""
        limit = self.context.settings.max_repairs
        if self.denied(request):
            return False
        if limit < 0 or self._repairs < limit or self.journal.answer(request) is not None:
            self._repairs += 1
            return True
        said = f"{limit} repairs a round"
        self.journal.record_fate(Fate(request.cycle, request.index, "unrepaired", said, request.attempt))
        return False

    def keep(self, brief: Brief, attempt: int, draft: Draft, verdict: Verdict) -> None:
        """Record a verdict."""
        self.journal.record_verdict(brief.cycle, brief.index, attempt, draft, verdict)
