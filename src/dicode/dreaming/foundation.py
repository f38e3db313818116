"""The foundation dreamer: a language model writes levels, a bounded number of repairs makes them run.

One round asks for all its dreams at once (as far as the endpoint's concurrency goes) inside one event
loop of the calling thread; see `dicode.dreaming.round` for deadline, budget and replay.

A dream that the budget no longer pays for, and those past `max_drafts`, are written by the fallback
dreamer and carry its origin. A dream that the provider did not deliver is lost and says why.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from dicode.dreaming import prompts
from dicode.dreaming.calls import EMBEDDING, Answer, Kind, Message, Request
from dicode.dreaming.casting import Casting
from dicode.dreaming.client import Opener
from dicode.dreaming.dreamer import Dreamer, Outcome, Progress, Similar, Validate, lost, repaired, sent_back
from dicode.dreaming.journal import Fate, Journal
from dicode.dreaming.ledger import Ledger
from dicode.dreaming.parse import Parsed
from dicode.dreaming.providers import Endpoint
from dicode.dreaming.reader import shared
from dicode.dreaming.repair import afresh, corrected, rejection, repair_messages
from dicode.dreaming.round import LiveRound, ReplayRound, Round, RoundContext, RoundSettings
from dicode.dreaming.similarity import most_similar, syntax
from dicode.dreaming.trial import PROBE
from dicode.dreaming.voices import Switchboard, Voice
from dicode.games.host import HostGame
from dicode.streams import Streams
from dicode.types import Accepted, Brief, Code, Draft, LevelRecord, Origin, Rejected, Repair, Trial, Verdict

T = TypeVar("T")
log = logging.getLogger(__name__)

CORRECTIONS = 5
"""Lines of a draft that are corrected at most, as rejections say, before its author is asked."""
MAX_KEPT = 50_000
"""Characters kept of a draft; a level file has `parse.MAX_SOURCE` at most."""


class FoundationDreamer(Dreamer):
    """Writes levels with foundation models; see `dicode.dreaming.dreamer.Dreamer` for the contract.

    `open_client` makes a client for the running event loop and is not called when the journal replays.
    `fallback` dreams what the budget does not pay for; None: such dreams are lost. Of `others`, further
    models, a bandit takes turns with the first (see `dicode.dreaming.bandit`).
    """

    name = "foundation"
    journal: Journal
    ledger: Ledger

    def __init__(
        self,
        game: HostGame,
        endpoint: Endpoint,
        settings: RoundSettings,
        streams: Streams,
        journal: Journal,
        ledger: Ledger,
        open_client: Opener,
        fallback: Dreamer | None = None,
        similar: Similar = most_similar,
        others: Sequence[Voice] = (),
        per_dollar: bool = False,
    ) -> None:
        prompts.of(game)
        self.game, self.settings, self.streams = game, settings, streams
        self.journal, self.ledger = journal, ledger
        self.casting = Casting(
            (Voice(endpoint, open_client, settings.compact, settings.sketch), *others), journal, ledger, per_dollar
        )
        self._context = RoundContext(settings, journal, ledger, fallback, self._write)
        self.blocking = settings.blocking
        self.similar = similar
        self.reader = shared()
        self._told: set[str] = set()
        self._running: tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]] | None = None
        ledger.read(journal)

    @property
    def in_order(self) -> bool:
        """Whether one dream is written after the other: where repairs are limited or no model is asked twice at once."""
        return self.settings.max_repairs >= 0 or all(v.endpoint.concurrency == 1 for v in self.casting.voices)

    def dream(self, briefs: Sequence[Brief], validate: Validate) -> list[Outcome]:
        """One outcome per brief, in order, at the latest a validation after the deadline.

        Raises JournalMiss where a replay asks for what was not recorded, CancelledError after `cancel`.
        """
        most = self.settings.max_drafts
        plans = [(brief, 0 < most <= place or _by_grammar(brief)) for place, brief in enumerate(briefs)]
        for brief, surplus in plans:
            if not surplus:
                self.casting.cast(brief, self.streams.rng("dream", brief.cycle, brief.index, "model"))
        self.progress = Progress(briefs[0].cycle, len(briefs)) if briefs else None
        if self.journal.mode == "replay":
            round_ = ReplayRound(self._context, validate)
            return [_run_now(round_.dream(brief, surplus)) for brief, surplus in plans]
        outcomes = asyncio.run(self._round(plans, validate))
        self._tell_lost(briefs, outcomes)
        return outcomes

    def focus(self, brief: Brief) -> prompts.Focus:
        """What a dream is nudged towards; follows from the run's seed and the brief."""
        return prompts.focus(self.game, brief, self.streams.rng("dream", brief.cycle, brief.index))

    def leanings(self, brief: Brief) -> str:
        """What the other dreams of the round that models write are nudged towards, whether or not they are asked for now."""
        asked = min(brief.round, self.settings.max_drafts or brief.round)
        return prompts.leanings([self.focus(replace(brief, index=i)) for i in range(asked)], brief.index)

    def sketch(self, brief: Brief) -> Draft | None:
        """What the grammar would write for a brief, where it says so and the game shows small models such."""
        fallback = self._context.fallback
        shown = fallback and prompts.of(self.game).changes and not brief.goal_only
        return fallback.sketch(brief) if fallback and shown else None

    def observe(self, levels: Iterable[LevelRecord], trials: Mapping[str, Sequence[Trial]]) -> None:
        """What the archive shows by now decides which of several models the next round asks."""
        self.casting.observe(levels, trials)

    def silence(self) -> str | None:
        """That no model has answered any dream so far, and why; None where one has, or none was asked."""
        calls = [c for c in self.journal.calls() if c.request["stage"] not in (PROBE, EMBEDDING)]
        lost_ones = [fate.reason for fate in self.journal.fates() if fate.kind == "lost"]
        if any(c.answer.kind not in (Kind.FAILED, Kind.DENIED) for c in calls) or not (calls or lost_ones):
            return None
        reasons = [c.answer.reason for c in calls] or lost_ones
        asked = f"{len(calls)} calls" if calls else f"{len(lost_ones)} dreams"
        return f"the model has answered none of {asked}: {max(set(reasons), key=lambda r: (reasons.count(r), r))}"

    def _tell_lost(self, briefs: Sequence[Brief], outcomes: Sequence[Outcome]) -> None:
        """Each reason for which dreams are lost, when it is met first."""
        gone = [o.verdict.reason for o in outcomes if o.draft is None and isinstance(o.verdict, Rejected)]
        for reason in dict.fromkeys(gone):
            if reason not in self._told:
                self._told.add(reason)
                count = gone.count(reason)
                log.warning("cycle %d: %d of %d dreams are lost: %s", briefs[0].cycle, count, len(briefs), reason)

    def cancel(self) -> None:
        """End the round under way, from another thread; its dreams are not lost but asked for again on resume."""
        running = self._running
        if running:
            # The round may end, and its loop be closed, at this very moment.
            with suppress(RuntimeError):
                running[0].call_soon_threadsafe(running[1].cancel)

    def forfeit(self, briefs: Sequence[Brief], reason: str) -> list[Outcome]:
        """Lose a round for good; noted in the journal, so that a replay loses it too.

        Ends whatever round is under way; `dream` raises CancelledError in its thread.
        """
        if self.journal.mode != "replay":
            for brief in briefs:
                self.journal.record_fate(Fate(brief.cycle, brief.index, "lost", reason))
        self.cancel()
        return super().forfeit(briefs, reason)

    async def _write(self, brief: Brief, round_: Round) -> Outcome:
        return await _Dream(self, brief, round_).run()

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
            async with Switchboard(self.casting.voices) as client:
                round_ = LiveRound(self._context, validate, client, pool, deadline)
                if self.in_order:
                    return [await self._counted(round_, *plan) for plan in plans]
                return await _together([self._counted(round_, *plan) for plan in plans])

    async def _counted(self, round_: Round, brief: Brief, surplus: bool) -> Outcome:
        outcome = await round_.dream(brief, surplus)
        if self.progress is not None:
            self.progress = self.progress.after(outcome)
        return outcome


class _Dream:
    """One brief on its way to an outcome: ask, read, check, and again with what was wrong."""

    def __init__(self, dreamer: FoundationDreamer, brief: Brief, round_: Round) -> None:
        self.dreamer, self.brief, self.round_, self.settings = dreamer, brief, round_, dreamer.settings
        self.voice = dreamer.casting.voice(brief)
        self.sketch = dreamer.sketch(brief) if self.voice.compact and self.voice.sketch else None
        self.attempt, self.allowed = 0, self.settings.repairs
        self.repairs: tuple[Repair, ...] = ()
        self.requests: tuple[str, ...] = ()
        self.last: Outcome | None = None
        self.failure = ""

    async def run(self) -> Outcome:
        """Design and code, or both at once."""
        brief, focus = self.brief, self.dreamer.focus(self.brief)
        others = self.dreamer.leanings(brief)
        if returned := sent_back(brief):
            return await self._revise(*returned, focus, others)
        if self.voice.compact:
            return await self._write("level", self._short(focus), "", "sketch" if self.sketch else "compact")
        if self.settings.stages == 1:
            return await self._write("level", prompts.level(self.dreamer.game, brief, focus, others), "", "one-stage")
        design = await self._design(prompts.design(self.dreamer.game, brief, focus, others))
        if isinstance(design, Outcome):
            return design
        return await self._write("code", prompts.code(self.dreamer.game, brief, design), design, "design+code")

    async def _revise(self, draft: Draft, verdict: Rejected, focus: prompts.Focus, others: str) -> Outcome:
        """A level of the same author once more, with what was measured; its history stays, and it may be repaired anew."""
        brief = self.brief
        if self.voice.compact:
            question = self._short(focus)
        elif self.settings.stages == 1:
            question = prompts.level(self.dreamer.game, brief, focus, others)
        else:
            question = prompts.code(self.dreamer.game, brief, draft.description)
        messages = self._once_more(question, draft.source, verdict, draft.repairs)
        self.repairs = repaired(draft, draft, verdict).repairs
        self.requests, self.allowed = draft.requests, len(self.repairs) + self.settings.repairs
        return await self._write("revise", question, draft.description, draft.move, messages)

    def _short(self, focus: prompts.Focus) -> tuple[Message, ...]:
        """The question for a small model."""
        game, brief = self.dreamer.game, self.brief
        if self.sketch is None:
            return prompts.compact(game, brief, focus)
        rng = self.dreamer.streams.rng("dream", brief.cycle, brief.index, "change")
        return prompts.sketch(game, brief, self.sketch, rng)

    def _once_more(
        self, question: tuple[Message, ...], said: str, verdict: Rejected, earlier: Sequence[Repair]
    ) -> tuple[Message, ...]:
        """The next question after a rejection. Who varies a sketch varies it anew: a small model repeats what it sees."""
        return afresh(question, verdict) if self.sketch else repair_messages(question, said, verdict, earlier)

    async def _design(self, question: tuple[Message, ...]) -> str | Outcome:
        messages = question
        while True:
            answer = await self._ask("design", messages)
            if answer is None:
                return self._undelivered()
            design = rejection(answer) or await self._described(answer.text)
            if isinstance(design, str):
                return design
            messages = repair_messages(question, answer.text, design, self.repairs, code=False)
            if not self._again(self._draft(answer.text, "", "design"), design, "design", messages):
                return self._outcome()

    async def _write(
        self, stage: str, question: tuple[Message, ...], design: str, move: str, first: tuple[Message, ...] = ()
    ) -> Outcome:
        messages = first or question
        while True:
            answer = await self._ask(stage, messages)
            if answer is None:
                return self._undelivered()
            read = rejection(answer) or await self._read(answer.text, design)
            if isinstance(read, Parsed):
                draft, verdict = await self._checked(self._draft(read.source, design or read.docstring, move))
                shown = draft.source
            else:
                draft, verdict, shown = self._draft(answer.text, design, move), read, answer.text
            self.last = Outcome(draft, verdict)
            if isinstance(verdict, Accepted):
                return self.last
            messages = self._once_more(question, shown, verdict, self.repairs)
            stage = "repair"
            if not self._again(draft, verdict, stage, messages):
                return self._outcome()

    async def _checked(self, draft: Draft) -> tuple[Draft, Verdict]:
        """A draft and its verdict, after lines of which the verdict says how they should read: each counts as a repair."""
        for _ in range(CORRECTIONS):
            verdict = await self.round_.check(self.brief, self.attempt - 1, draft)
            source = corrected(draft.source, verdict)
            if not isinstance(verdict, Rejected) or not source:
                return draft, verdict
            self._note(draft, verdict)
            self.allowed += 1
            draft = replace(draft, source=source, repairs=self.repairs)
        return draft, await self.round_.check(self.brief, self.attempt - 1, draft)

    def _note(self, draft: Draft, verdict: Rejected) -> None:
        """Keep a failed draft as the history of the next one."""
        self.repairs = (*self.repairs, Repair(draft.source, verdict.stage, verdict.reason, verdict.hint, verdict.code))

    async def _read(self, text: str, design: str) -> Parsed | Rejected:
        brief, told = self.brief, prompts.of(self.dreamer.game)
        examples = [told.example, *((*told.varied, self.sketch.source) if self.sketch else ())]
        shown = [record.source for record in (*brief.examples, *([brief.parent.level] if brief.parent else []))]
        options: dict[str, Any] = {
            "game": self.dreamer.game.name,
            "allow_hooks": brief.allow_hooks,
            "goal_only": brief.goal_only,
            "objective": design,
        }
        failed = [repair.source for repair in self.repairs]
        reader = self.dreamer.reader
        read = await self._aside(text, lambda: reader.level(text, known=[*shown, *examples, *failed], **options))
        if isinstance(read, Parsed) and syntax(read.source).exact in {syntax(example).exact for example in examples}:
            what, hint = ("sketch", "Make the change.") if self.sketch else ("example", "Write another level.")
            return Rejected("novelty", f"this is the {what} of the instructions, copied", hint, code=Code.COPIED)
        return read

    async def _described(self, text: str) -> str | Rejected:
        return await self._aside(text, lambda: self.dreamer.reader.design(text))

    async def _aside(self, text: str, work: Callable[[], T]) -> T | Rejected:
        return await self.round_.read(self.brief, self.attempt - 1, text, work)

    def _draft(self, source: str, description: str, move: str) -> Draft:
        parent = self.brief.parent
        parents = (parent.level.id,) if parent else ()
        return Draft(source[:MAX_KEPT], description, Origin.FOUNDATION, parents, move, self.repairs, self.requests)

    def _again(self, draft: Draft, verdict: Rejected, stage: str, messages: tuple[Message, ...]) -> bool:
        """Note a failed attempt; whether another one is allowed."""
        self.last = Outcome(draft, verdict)
        if len(self.repairs) >= self.allowed or not self.round_.may_repair(self._request(stage, messages)):
            return False
        self._note(draft, verdict)
        return True

    async def _ask(self, stage: str, messages: tuple[Message, ...]) -> Answer | None:
        """The answer to the next question; None where the provider did not deliver one."""
        request = self._request(stage, messages)
        answer = await self.round_.ask(request)
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
        endpoint, brief = self.voice.endpoint, self.brief
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


def _by_grammar(brief: Brief) -> bool:
    """Whether a brief sends back what the fallback dreamer wrote; a level goes back to its author."""
    return brief.revises is not None and brief.revises.origin is not Origin.FOUNDATION


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
        value: T = done.value
        return value
    coroutine.close()
    raise RuntimeError("a replay waited for something")
