"""One run from start to end: dream, train, score, refine, commit; again.

A cycle: take the dreams that are due, let the method make its own candidates and propose slots, build
fresh pools, train, score, pick parents, write checkpoint and metrics, commit, dispatch the next dreams,
report. All state between two cycles is the learner and the archive's snapshot, so a run that is killed
at any moment goes on from its last commit as if nothing had happened.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from math import ceil
from typing import Protocol

import numpy as np

from dicode.config import Config
from dicode.curriculum import reached
from dicode.curriculum.archive import Archive
from dicode.curriculum.snapshot import DreamRecord, Snapshot
from dicode.dreaming import novelty
from dicode.dreaming.dreamer import Outcome, Progress
from dicode.dreaming.library_dreamer import Volume
from dicode.environment.batch import LevelBatch
from dicode.learner.types import LearnerState
from dicode.methods.common import completion_bonus, target_profile
from dicode.methods.protocol import Context, Method
from dicode.runs import checkpoint, frontier, lengthened, withdrawn
from dicode.runs.directory import RunDirectory
from dicode.runs.dreams import DreamRounds, spending
from dicode.runs.level_files import write_files
from dicode.runs.metrics import Sink
from dicode.runs.probe import Measured, Probe
from dicode.streams import Streams
from dicode.training.builder import LevelBuilder, Playable
from dicode.training.checker import record_of
from dicode.training.trainer import WATCHED, CycleResult, Trainer
from dicode.training.trials import trials
from dicode.training.watchdog import Watchdog
from dicode.types import TARGET, Accepted, Brief, LevelRecord, Proposal, Trial

_log = logging.getLogger(__name__)

_BUILDERS = 3
"""Levels under way at a time: one read, one built, one checked."""


class Observer(Protocol):
    """Whoever shows a run to a person; every call returns soon."""

    def stage(self, text: str, done: int = 0, of: int = 0) -> None:
        """What the run is doing now, and how far it is with that, where it is counted."""
        ...

    def update(self, cycle: int, update: int, env_steps: int) -> None:
        """One more update was dispatched."""
        ...

    def dreaming(self, progress: Progress | None) -> None:
        """How far the round of dreams under way is at this moment; None where nobody counts."""
        ...

    def cycle(self, report: "CycleReport") -> None:
        """A cycle was committed."""
        ...

    def evaluate(self, cycle: int, learner: LearnerState) -> None:
        """Make the evaluations that are due after `cycle`, unless they are there."""
        ...


@dataclass(frozen=True)
class CycleReport:
    """A finished cycle, for observers."""

    cycle: int
    row: Mapping[str, object]
    """The metrics of the cycle."""
    snapshot: Snapshot
    trials: tuple[Trial, ...]
    briefs: tuple[Brief, ...]
    """What is being dreamed now."""
    learner: LearnerState
    playables: Mapping[str, Playable]
    """The levels that were trained, with their worlds."""


@dataclass
class Parts:
    """What a run is made of."""

    config: Config
    run: RunDirectory
    archive: Archive
    trainer: Trainer
    builder: LevelBuilder
    method: Method
    dreams: DreamRounds
    sinks: Sequence[Sink]
    observer: Observer
    target: LevelRecord
    seeds: Sequence[Volume]
    """Levels recorded in the first cycle."""


class Loop:
    """Runs cycles until `total_steps`, or only `end` of them in all.

    `first_learner` makes the learner to go on with, once the programs are compiled.
    """

    def __init__(self, parts: Parts, first_learner: Callable[[Trainer], LearnerState], end: int | None = None) -> None:
        self.parts, self._first_learner = parts, first_learner
        self._end = parts.config.num_cycles if end is None else end
        self.learner: LearnerState | None = None
        self.config, self.streams = parts.config, Streams(parts.config.seed)
        self.snapshot = parts.archive.snapshot()

    def run(self) -> Snapshot:
        """Every cycle that is left. Returns the snapshot after the last."""
        first = self.snapshot.cycle + 1
        if first < self._end:
            self.parts.dreams.dispatch(self.snapshot.pending(), self.snapshot.levels.values(), self.snapshot.trials)
        for cycle in range(first, self._end):
            self._cycle(cycle)
        return self.snapshot

    def _cycle(self, cycle: int) -> None:
        began = time.monotonic()
        known = self._first_levels(cycle) if cycle == 0 else self.snapshot
        known = known.without(withdrawn.levels(self.parts.run.withdrawn_file, cycle))
        bonus = completion_bonus(known, self.config.bonus, self.config.bonus_value)
        known, measured = self._take_dreams(known, cycle, bonus)
        known = self._add_candidates(known, cycle)
        context = Context(known, cycle, self.streams)
        proposal = self.parts.method.propose(context)
        self.parts.observer.stage("building levels")
        playables = self._playables(known, proposal, cycle, measured.playables)
        batch = self.parts.trainer.batch(proposal, playables, bonus)
        self._stretch(self._ready(batch, cycle), cycle)
        hooks = [playables[slot.level].hooks for slot in proposal.slots if playables[slot.level].hooks]
        hook_s = self.parts.trainer.use_hooks(hooks, self.parts.observer.stage)
        self.parts.observer.stage("training")
        started = time.monotonic()
        hooked = [level for level, playable in playables.items() if playable.hooks]
        done = self._train(batch, cycle, hooked, self._watched(batch, proposal))
        trained = time.monotonic() - started
        self.learner = done.learner
        found = _with_compile(
            trials(self.parts.trainer.game.host, done.stats, proposal.slots, cycle), playables, hook_s
        )
        known = known.after(cycle, self.parts.method.assess(context, found))
        env_steps = (cycle + 1) * self.config.steps_per_cycle
        known = known.with_run_state(self._run_state(env_steps, bonus, measured) | self._reached(done, cycle))
        briefs = self.parts.method.briefs(Context(known, cycle, self.streams))
        known = known.with_briefs(briefs)
        row = self._row(known, done, playables.values(), env_steps, trained, time.monotonic() - began)
        fresh = [r for r in known.levels.values() if r.born == cycle]
        if spent := spending(self.parts.dreams.dreamer, known.levels.values(), fresh):
            row["fm"] = spent
        if measured.trials:
            row["probe"] = measured.row() | {"steps_so_far": known.run_state["probe_steps"]}
        row["hooks"] = {"levels": [p.level for p in playables.values() if p.hooks], "compile_s": round(hook_s, 2)}
        self._commit(cycle, known, row)
        if cycle + 1 < self._end:  # else they stay pending, for whoever makes the run longer
            self.parts.dreams.dispatch(briefs, self.snapshot.levels.values(), self.snapshot.trials)
        self.parts.observer.cycle(CycleReport(cycle, row, self.snapshot, found, briefs, self.learner, playables))

    def _ready(self, batch: LevelBatch, cycle: int) -> LearnerState:
        """The learner to go on with, once the programs are compiled for batches like this one."""
        if not self.parts.trainer.compiled:
            self.parts.trainer.compile(batch, self.parts.observer.stage)
        if self.learner is None:
            self.learner = self._first_learner(self.parts.trainer)
            if cycle:  # a run that was killed between a commit and its evaluation still owes it
                self.parts.observer.evaluate(cycle - 1, self.learner)
        return self.learner

    def _stretch(self, learner: LearnerState, cycle: int) -> None:
        """Let the learning rate fall to the end that the run has from this cycle on."""
        stretch = lengthened.at(self.parts.run.lengthened_file, cycle, self.config.num_updates)
        if stretch is not None:
            self.learner = self.parts.trainer.stretched(learner, stretch.updates, stretch.restart)

    def _run_state(self, env_steps: int, bonus: float, measured: Measured) -> dict[str, object]:
        """The loop's own counters after the cycle."""
        state: dict[str, object] = {"env_steps": env_steps, "bonus": bonus}
        if self.config.dreamer.probe:
            before = self.snapshot.run_state.get("probe_steps", 0)
            state["probe_steps"] = measured.steps + (before if isinstance(before, int) else 0)
        return state

    def _watched(self, batch: LevelBatch, proposal: Proposal) -> tuple[int, ...]:
        """Environments of the target whose states may become starts of levels; () where the run keeps none."""
        if not getattr(self.config.method, "frontier", 0):
            return ()
        of_target = [number for number, slot in enumerate(proposal.slots) if slot.level == TARGET]
        playing = np.flatnonzero(np.isin(np.asarray(batch.slot), of_target))
        return tuple(playing[:WATCHED].tolist())

    def _reached(self, done: CycleResult, cycle: int) -> dict[str, object]:
        """The list of states that levels may start from, for the run's state; the files of new ones are written."""
        room = getattr(self.config.method, "frontier", 0)
        if not room:
            return {}
        before, game = reached.held(self.snapshot.run_state), self.parts.trainer.game.host
        states = reached.kept(before, (), room, cycle)
        if done.sightings is not None:
            states = frontier.keep(self.parts.run.path, game, done.sightings, before, room, cycle)
        return {reached.KEY: reached.to_json(states)}

    def _train(self, batch: LevelBatch, cycle: int, hooked: Sequence[str], watched: Sequence[int]) -> CycleResult:
        """One cycle on the devices, watched where hooks run: they are the one part that a model wrote."""
        assert self.learner is not None
        on_update = self._on_update(cycle)
        if not hooked:
            return self.parts.trainer.train(self.learner, batch, cycle, on_update, watched)
        limit = self.config.hook_timeout_s
        with Watchdog(limit, lambda: withdrawn.end_run(self.parts.run.withdrawn_file, hooked, cycle, limit)) as watch:

            def alive(update: int, metrics: Mapping[str, float] | None) -> None:
                watch.beat()
                on_update(update, metrics)

            return self.parts.trainer.train(self.learner, batch, cycle, alive, watched)

    def _on_update(self, cycle: int) -> Callable[[int, Mapping[str, float] | None], None]:
        per_update, before = self.config.steps_per_update, cycle * self.config.steps_per_cycle

        def on_update(update: int, metrics: Mapping[str, float] | None) -> None:
            self.parts.observer.dreaming(self.parts.dreams.progress)
            self.parts.observer.update(cycle, update, before + (update + 1) * per_update)

        return on_update

    def _first_levels(self, cycle: int) -> Snapshot:
        """The target and the seed levels, checked like any other."""
        records = [self.parts.target]
        for number, seed in enumerate(self.parts.seeds):
            self.parts.observer.stage("checking seed levels", number, len(self.parts.seeds))
            verdict = self.parts.builder.check(seed.draft)
            if not isinstance(verdict, Accepted):
                _log.warning("seed level %s %s", seed.called, verdict.sentence)
            records.append(record_of(seed.draft, verdict, cycle))
        return self.snapshot.with_levels(records)

    def _take_dreams(self, known: Snapshot, cycle: int, bonus: float) -> tuple[Snapshot, Measured]:
        """The snapshot with the dreams that are due, and what was measured of them."""
        due = self.parts.method.due(cycle)
        if due in self.parts.dreams.pending():
            self.parts.observer.stage("waiting for dreams")
        measured = Measured([(b, _unless_known(known, o)) for b, o in self.parts.dreams.collect(due)])
        if self.config.dreamer.probe and measured.answers:
            self.parts.observer.stage("measuring dreams")
            log = self.parts.dreams.dreamer.journal
            ready = partial(self._ready, cycle=cycle)
            probe = Probe(self.config, self.parts.trainer, self.parts.builder, ready, log, bonus)
            measured = probe.measure(measured.answers, cycle)
        return _with_answers(known, cycle, measured.answers, measured.trials), measured

    def _add_candidates(self, known: Snapshot, cycle: int) -> Snapshot:
        """Levels that the method makes itself for this very cycle."""
        drafts = self.parts.method.candidates(Context(known, cycle, self.streams))
        new = [draft for draft in drafts if draft.id not in known.levels]
        with ThreadPoolExecutor(_BUILDERS) as threads:
            verdicts = threads.map(self.parts.builder.check, new)
            return known.with_levels(
                [record_of(draft, found, cycle) for draft, found in zip(new, verdicts, strict=True)]
            )

    def _playables(
        self, known: Snapshot, proposal: Proposal, cycle: int, built: Mapping[str, Playable]
    ) -> dict[str, Playable]:
        counts = self._world_counts(known, proposal)

        def build(level: str) -> Playable:
            return built.get(level) or self.parts.builder.playable(known.levels[level], cycle, counts[level])

        # While one level is checked the next is built: those are other processes, and a pool follows from its level alone.
        with ThreadPoolExecutor(_BUILDERS) as threads:
            return dict(zip(counts, threads.map(build, counts), strict=True))

    def _world_counts(self, known: Snapshot, proposal: Proposal) -> dict[str, int]:
        """Worlds per level: the usual number, for the target one per two episodes expected, as far as the pool goes."""
        usual = self.config.worlds_per_level
        counts = {slot.level: usual for slot in proposal.slots}
        if TARGET in counts:
            envs = sum(slot.num_envs for slot in proposal.slots if slot.level == TARGET)
            last = known.trials.get(TARGET, ())
            length = last[-1].length_mean if last and last[-1].episodes else self.config.episode_limit / 2
            steps = envs * self.config.updates_per_cycle * self.config.learner.rollout_steps
            room = self.parts.trainer.sizes.pool_size - usual * (len(counts) - 1)
            counts[TARGET] = max(usual, min(ceil(steps / max(length, 1.0) / 2), room))
        return counts

    def _row(
        self,
        known: Snapshot,
        done: CycleResult,
        playables: Iterable[Playable],
        env_steps: int,
        trained: float,
        whole: float,
    ) -> dict[str, object]:
        """The cycle's line in metrics.jsonl."""
        cycle = env_steps // self.config.steps_per_cycle - 1
        success, target_return = target_profile(known, self.parts.method.room.game.achievements)
        fresh = [r for r in known.levels.values() if r.born == cycle and r.id != TARGET]
        statuses = [r.status.value for r in known.accepted().values()]
        return {
            "cycle": cycle,
            "env_steps": env_steps,
            "steps_per_s": round(self.config.steps_per_cycle / max(trained, 1e-9), 1),
            "cycle_steps_per_s": round(self.config.steps_per_cycle / max(whole, 1e-9), 1),
            "compile_s": {k: round(v, 2) for k, v in self.parts.trainer.programs.compile_seconds.items()},
            "target_return": target_return,
            "target_success": {name: rate for name, rate in success.items() if rate > 0},
            "levels": {
                "known": len(known.accepted()),
                "active": len(known.active()),
                "accepted": sum(isinstance(r.verdict, Accepted) for r in fresh),
                "rejected": sum(not isinstance(r.verdict, Accepted) for r in fresh),
                "fell_back": sum(p.fell_back for p in playables),
            },
            "status": {name: statuses.count(name) for name in "ABCD"},
            "learner": {name: round(value, 6) for name, value in done.metrics.items()},
        }

    def _commit(self, cycle: int, known: Snapshot, row: Mapping[str, object]) -> None:
        """Checkpoint and metrics first, then the one transaction that makes the cycle count."""
        assert self.learner is not None
        self.parts.observer.stage("writing")
        mark = {} if self.parts.archive.run is None else {"run": self.parts.archive.run}
        meta = {"seed": self.config.seed, "env_steps": row["env_steps"], **mark}
        checkpoint.save(self.parts.run.checkpoints, cycle, self.learner, meta, self.config.keep_checkpoints)
        write_files(known, self.parts.run.levels)
        for sink in self.parts.sinks:
            sink.write({**row, **mark})
        self.snapshot = self.parts.archive.commit(cycle, known)


def _with_compile(found: Iterable[Trial], playables: Mapping[str, Playable], seconds: float) -> tuple[Trial, ...]:
    """The trials, those of levels with hooks with the seconds that compiling the rollout anew took."""
    return tuple(replace(t, compile_s=round(seconds, 3)) if playables[t.level].hooks else t for t in found)


def _unless_known(known: Snapshot, outcome: Outcome) -> Outcome:
    """The outcome, rejected where a round that was under way at the same time has brought the same level."""
    if outcome.draft is None or not isinstance(outcome.verdict, Accepted):
        return outcome
    return replace(outcome, verdict=novelty.known(outcome.draft.id, known.levels.values()) or outcome.verdict)


def _with_answers(
    known: Snapshot, cycle: int, answers: Sequence[tuple[Brief, Outcome]], probes: Mapping[str, Trial] | None = None
) -> Snapshot:
    """The snapshot with a round's outcomes, and the levels that came of them, those in `probes` with what was measured."""
    records: list[LevelRecord] = []
    outcomes: list[DreamRecord] = []
    for brief, outcome in answers:
        draft, verdict = outcome.draft, outcome.verdict
        if draft is not None and isinstance(verdict, Accepted):
            verdict = novelty.known(draft.id, (*known.levels.values(), *records)) or verdict
        if draft is not None:
            records.append(record_of(draft, verdict, cycle, (probes or {}).get(draft.id)))
        outcomes.append(DreamRecord(cycle, brief.cycle, brief.index, draft.id if draft else None, verdict))
    return known.with_levels(records).with_outcomes(outcomes)
