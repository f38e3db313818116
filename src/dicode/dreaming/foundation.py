"""The foundation dreamer: a language model writes levels, a bounded number of repairs makes them run.

One round asks for all its dreams at once (as far as the endpoint's concurrency goes) inside one event
loop of the calling thread; see `dicode.dreaming.round` for deadline, budget and replay.

A dream that the budget no longer pays for, and those past `max_drafts`, are written by the fallback
dreamer and carry its origin. A dream that the provider did not deliver is lost and says why.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, TypeVar

from dicode.dreaming import prompts
from dicode.dreaming.calls import Answer, Kind, Message, Request
from dicode.dreaming.client import OpenAIClient, Opener
from dicode.dreaming.dreamer import Dreamer, Outcome, Validate, lost
from dicode.dreaming.embeddings import Embeddings
from dicode.dreaming.journal import Fate, Journal
from dicode.dreaming.ledger import Ledger, price
from dicode.dreaming.parse import Parsed, parse_design, parse_level
from dicode.dreaming.providers import Endpoint, Key, find_key
from dicode.dreaming.repair import rejection, repair_messages
from dicode.dreaming.round import Desk, Hands, LiveHands, ReplayHands, Settings
from dicode.dreaming.similarity import most_similar, syntax
from dicode.streams import Streams
from dicode.types import Accepted, Brief, Code, Draft, LevelRecord, Origin, Rejected, Repair

T = TypeVar("T")
Similar = Callable[[LevelRecord, Iterable[LevelRecord], int], tuple[LevelRecord, ...]]
log = logging.getLogger(__name__)

MAX_KEPT = 20_000
"""Characters kept of an answer that is no level."""


def make_foundation_dreamer(
    config: Any, journal: Path, streams: Streams, fallback: Dreamer | None, stack: ExitStack
) -> "FoundationDreamer":
    """The dreamer of a run's configuration, with its journal in the folder `journal`, closed by `stack`.

    Raises ConfigError for an endpoint, a key or a budget that cannot work, RunError for a journal that
    cannot serve `fm.journal`.
    """
    endpoint = Endpoint.from_config(config.fm)
    ledger = Ledger(endpoint.provider, endpoint.model, config.budget.usd, config.budget.tokens)
    key = Key("", "") if config.fm.journal == "replay" else find_key(endpoint)
    book = stack.enter_context(Journal(journal, config.fm.journal))
    settings = Settings.from_config(config.fm, config.dreamer)
    if config.fm.journal != "replay" and not endpoint.quirks.free and not (config.budget.usd or config.budget.tokens):
        log.warning("%s", _uncapped(endpoint))

    def open_client() -> OpenAIClient:
        return OpenAIClient(endpoint, key)

    similar: Similar = most_similar
    if config.fm.embedding_model:
        similar = Embeddings(endpoint, config.fm.embedding_model, book, ledger, open_client).similar
    return FoundationDreamer(endpoint, settings, streams, book, ledger, open_client, fallback, similar)


def _uncapped(endpoint: Endpoint) -> str:
    """That a run may spend money without end, and how to prevent it."""
    priced = price(endpoint.provider, endpoint.model) is not None or endpoint.quirks.reports_cost
    cap = "budget.usd=5 (dollars) or budget.tokens=1e6" if priced else "budget.tokens=1e6"
    return (
        f"this run asks {endpoint.model} at {endpoint.provider} for levels, which may cost money, and no cap is set; "
        f"{cap} sets one, dreamer=grammar asks no model"
    )


class FoundationDreamer:
    """Writes levels with a foundation model; see `dicode.dreaming.dreamer.Dreamer` for the contract.

    `open_client` makes a client for the running event loop and is not called when the journal replays.
    `fallback` dreams what the budget does not pay for; None: such dreams are lost.
    """

    name = "foundation"

    def __init__(
        self,
        endpoint: Endpoint,
        settings: Settings,
        streams: Streams,
        journal: Journal,
        ledger: Ledger,
        open_client: Opener,
        fallback: Dreamer | None = None,
        similar: Similar = most_similar,
    ) -> None:
        self.endpoint, self.settings, self.streams = endpoint, settings, streams
        self.journal, self.ledger = journal, ledger
        self._desk = Desk(settings, journal, ledger, fallback, self._write)
        self.blocking = settings.blocking
        self.similar = similar
        """Picks the examples of this dreamer's briefs."""
        self._open_client = open_client
        self._running: tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]] | None = None
        ledger.read(journal)

    def dream(self, briefs: Sequence[Brief], validate: Validate) -> list[Outcome]:
        """One outcome per brief, in order, at the latest a validation after the deadline.

        Raises JournalMiss where a replay asks for what was not recorded, CancelledError after `cancel`.
        """
        plans = [(brief, 0 < self.settings.max_drafts <= place) for place, brief in enumerate(briefs)]
        if self.journal.mode == "replay":
            hands = ReplayHands(self._desk, validate)
            return [_run_now(hands.dream(brief, surplus)) for brief, surplus in plans]
        return asyncio.run(self._round(plans, validate))

    def cancel(self) -> None:
        """End the round under way, from another thread; its dreams are not lost but asked for again on resume."""
        running = self._running
        if running:
            # The round may end, and its loop be closed, at this very moment.
            with suppress(RuntimeError):
                running[0].call_soon_threadsafe(running[1].cancel)

    def forfeit(self, briefs: Sequence[Brief]) -> list[Outcome]:
        """Lose a round for good that the caller waits for no longer; a replay then loses it too.

        Ends whatever round is under way; `dream` raises CancelledError in its thread.
        """
        reason = f"no answer within {self.settings.deadline_s:g} s of dispatch"
        if self.journal.mode != "replay":
            for brief in briefs:
                self.journal.record_fate(Fate(brief.cycle, brief.index, "lost", reason))
        self.cancel()
        return [lost(reason) for _ in briefs]

    async def _write(self, brief: Brief, hands: Hands) -> Outcome:
        return await _Dream(self, brief, hands).run()

    async def _round(self, plans: list[tuple[Brief, bool]], validate: Validate) -> list[Outcome]:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        self._running = (loop, task)
        try:
            return await self._all(plans, validate, loop.time() + self.settings.deadline_s)
        finally:
            self._running = None

    async def _all(self, plans: list[tuple[Brief, bool]], validate: Validate, deadline: float) -> list[Outcome]:
        with ThreadPoolExecutor(1, "validate") as pool:
            async with self._open_client() as client:
                hands = LiveHands(self._desk, validate, client, pool, deadline)
                if self.settings.max_repairs >= 0 or self.endpoint.concurrency == 1:
                    return [await hands.dream(brief, surplus) for brief, surplus in plans]
                return await _together([hands.dream(*plan) for plan in plans])


class _Dream:
    """One brief on its way to an outcome: ask, read, check, and again with what was wrong."""

    def __init__(self, dreamer: FoundationDreamer, brief: Brief, hands: Hands) -> None:
        self.dreamer, self.brief, self.hands, self.settings = dreamer, brief, hands, dreamer.settings
        self.attempt = 0
        self.repairs: tuple[Repair, ...] = ()
        self.requests: tuple[str, ...] = ()
        self.last: Outcome | None = None
        self.failure = ""

    async def run(self) -> Outcome:
        """Design and code, or both at once."""
        brief, rng = self.brief, self.dreamer.streams.rng("dream", self.brief.cycle, self.brief.index)
        focus = prompts.focus(brief, rng)
        if self.settings.compact:
            return await self._write("level", prompts.compact(brief, focus), "", "compact")
        if self.settings.stages == 1:
            return await self._write("level", prompts.level(brief, focus), "", "one-stage")
        design = await self._design(prompts.design(brief, focus))
        if isinstance(design, Outcome):
            return design
        return await self._write("code", prompts.code(brief, design), design, "design+code")

    async def _design(self, question: tuple[Message, ...]) -> str | Outcome:
        messages = question
        while True:
            answer = await self._ask("design", messages)
            if answer is None:
                return self._undelivered()
            design = rejection(answer) or parse_design(answer.text)
            if isinstance(design, str):
                return design
            messages = repair_messages(question, answer.text, design, self.repairs, code=False)
            if not self._again(self._draft(answer.text, "", "design"), design, "design", messages):
                return self._outcome()

    async def _write(self, stage: str, question: tuple[Message, ...], design: str, move: str) -> Outcome:
        messages = question
        while True:
            answer = await self._ask(stage, messages)
            if answer is None:
                return self._undelivered()
            read = rejection(answer) or self._read(answer.text, design)
            if isinstance(read, Parsed):
                draft = self._draft(read.source, design or read.docstring, move)
                verdict = await self.hands.check(self.brief, self.attempt - 1, draft)
            else:
                draft, verdict = self._draft(answer.text, design, move), read
            self.last = Outcome(draft, verdict)
            if isinstance(verdict, Accepted):
                return self.last
            shown = read.source if isinstance(read, Parsed) else answer.text
            messages = repair_messages(question, shown, verdict, self.repairs)
            stage = "repair"
            if not self._again(draft, verdict, stage, messages):
                return self._outcome()

    def _read(self, text: str, design: str) -> Parsed | Rejected:
        brief = self.brief
        read = parse_level(text, prompts.api_names(), brief.allow_hooks, brief.goal_only, objective=design)
        if isinstance(read, Parsed) and syntax(read.source).exact == syntax(prompts.template("example")).exact:
            return Rejected(
                "novelty", "this is the example of the instructions, copied", "Write another level.", code=Code.COPIED
            )
        return read

    def _draft(self, source: str, description: str, move: str) -> Draft:
        parent = self.brief.parent
        parents = (parent.level.id,) if parent else ()
        kept = source[:MAX_KEPT] if move == "design" else source
        return Draft(kept, description, Origin.FOUNDATION, parents, move, self.repairs, self.requests)

    def _again(self, draft: Draft, verdict: Rejected, stage: str, messages: tuple[Message, ...]) -> bool:
        """Note a failed attempt; whether another one is allowed."""
        self.last = Outcome(draft, verdict)
        if len(self.repairs) >= self.settings.repairs or not self.hands.may_repair(self._request(stage, messages)):
            return False
        self.repairs = (*self.repairs, Repair(draft.source, verdict.stage, verdict.reason, verdict.hint, verdict.code))
        return True

    async def _ask(self, stage: str, messages: tuple[Message, ...]) -> Answer | None:
        """The answer to the next question; None where the provider did not deliver one."""
        request = self._request(stage, messages)
        answer = await self.hands.ask(request)
        self.attempt += 1
        self.requests = (*self.requests, request.key)
        self.failure = answer.reason
        return None if answer.kind in (Kind.FAILED, Kind.DENIED) else answer

    def _undelivered(self) -> Outcome:
        """A provider's failure: what there is so far, else a lost dream."""
        return self.last or lost(self.failure)

    def _outcome(self) -> Outcome:
        assert self.last is not None
        return self.last

    def _request(self, stage: str, messages: tuple[Message, ...]) -> Request:
        endpoint, brief = self.dreamer.endpoint, self.brief
        rng = self.dreamer.streams.rng("dream", brief.cycle, brief.index, "sampling", self.attempt)
        return Request(
            cycle=brief.cycle,
            index=brief.index,
            stage=stage,
            attempt=self.attempt,
            provider=endpoint.provider,
            model=endpoint.model,
            messages=messages,
            max_tokens=endpoint.max_tokens,
            temperature=endpoint.temperature if endpoint.temperature >= 0 else None,
            top_p=endpoint.top_p if endpoint.top_p >= 0 else None,
            seed=int(rng.integers(2**31)),
        )


async def _together(dreams: list[Coroutine[Any, Any, Outcome]]) -> list[Outcome]:
    """All outcomes in order; the first error ends the others and is raised."""
    tasks = [asyncio.ensure_future(dream) for dream in dreams]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _run_now(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never waits; no event loop (which would open a socket pair) is needed."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    coroutine.close()
    raise RuntimeError("a replay waited for something")
