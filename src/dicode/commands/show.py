"""What a person sees of a run: the live view while it goes on, and the report after a cycle.

Nothing here changes a run: a picture that can't be drawn is a warning, never the end of training.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from dicode import games
from dicode.config import Config
from dicode.curriculum.snapshot import Snapshot
from dicode.dreaming.dreamer import Progress as Round
from dicode.environment.batch import Level
from dicode.errors import DicodeError
from dicode.evaluation.heldout import evaluate
from dicode.evaluation.protocol import Protocol
from dicode.learner.types import LearnerState
from dicode.received.text import line
from dicode.runs.dashboards import Dashboard
from dicode.runs.directory import RunDirectory
from dicode.runs.loop import CycleReport, Observer
from dicode.runs.target import task
from dicode.terminal import PlainConsole
from dicode.training.builder import LevelBuilder
from dicode.training.trainer import Trainer
from dicode.types import TARGET, Accepted, LevelRecord, Proposal, Slot, level_id
from dicode.view import report as pictures
from dicode.view import spending as spent
from dicode.view.live import CYCLE_DONE, LiveView, Progress, dream_lines, evaluation_line, level_lines, round_line
from dicode.view.pages import data as pages
from dicode.view.pages.data import picture_file
from dicode.view.pages.export import write as write_pages
from dicode.view.pages.game import Game, of
from dicode.view.words import level_words

_log = logging.getLogger(__name__)

NEWEST, LARGE = 8, 4
"""Levels that the report shows in pictures, and of those the ones that it draws for a paper."""
REPORT_SHARE = 0.05
"""Share of a run's time that pictures and reports may take, the last report aside: short cycles would be drawn longer than trained."""
PICTURES = 8
"""New levels of a cycle that are drawn however long it takes."""


class Screen:
    """An `Observer` that keeps a `Progress` record, shows it, and writes the report."""

    def __init__(
        self,
        config: Config,
        run: RunDirectory,
        trainer: Trainer,
        builder: LevelBuilder,
        view: LiveView,
        dashboards: Sequence[Dashboard] = (),
    ) -> None:
        self._config, self._run, self._trainer, self._builder, self._view = config, run, trainer, builder, view
        self._began = self._stage_began = self._started = time.monotonic()
        self._drawing = 0.0
        self._dashboards = dashboards
        self._pages: dict[str, str] = {}
        self._game = of(config.game)
        self._progress = Progress(
            run=run.path.name,
            cycle=0,
            cycles=config.num_cycles,
            update=0,
            updates=config.updates_per_cycle,
            env_steps=0,
            total_steps=config.num_cycles * config.steps_per_cycle,
        )

    def stage(self, text: str, done: int = 0, of: int = 0) -> None:
        """What the run is doing now; how long it still takes follows from what is done of it."""
        now = time.monotonic()
        if text != self._progress.stage:
            self._stage_began = now
        if text == "training":
            self._began = now
        left = (now - self._stage_began) / done * (of - done) if done else None
        self._show(stage=text, stage_done=done, stage_of=of, stage_left=left)

    def update(self, cycle: int, update: int, env_steps: int) -> None:
        """One more update was dispatched."""
        speed = self._progress.steps_per_s
        if update > 1:  # the newest update is only dispatched; those before it are done
            done = update * self._config.steps_per_update
            speed = done / max(time.monotonic() - self._began, 1e-9)
        left = (self._progress.total_steps - env_steps) / speed if speed else None
        self._show(cycle=cycle, update=update + 1, env_steps=env_steps, steps_per_s=speed, seconds_left=left)

    def dreaming(self, progress: Round | None) -> None:
        """How far the round of dreams under way is at this moment."""
        self._progress = replace(self._progress, round=round_line(progress))

    def cycle(self, report: CycleReport) -> None:
        """A cycle was committed."""
        row, snapshot = report.row, report.snapshot
        value = row["target_return"]
        returns = (*self._progress.returns, value) if isinstance(value, float) else self._progress.returns
        slots = Proposal(tuple(Slot(trial.level, 0) for trial in report.trials))
        arrived = [r for r in snapshot.levels.values() if r.born == report.cycle and r.id != TARGET and report.cycle]
        self._show(
            stage=CYCLE_DONE,
            stage_done=0,
            stage_of=0,
            stage_left=None,
            steps_per_s=row["cycle_steps_per_s"],
            env_steps=row["env_steps"],
            cycle=report.cycle,
            update=self._config.updates_per_cycle,
            target_return=value,
            returns=returns,
            levels=level_lines(snapshot, slots),
            dreams=dream_lines(report.briefs, arrived),
            known=len(snapshot.accepted()),
            active=len(snapshot.active()),
            cost=spent.line(row),
            notes=tuple(filter(None, [spent.silence(row), spent.stopped(row)])),
        )
        self._picture(report)
        self.evaluate(report.cycle, report.learner)
        self.draw(report)

    def draw(self, report: CycleReport) -> None:
        """The report, if it is due and reports have not taken too much of the time; always after the last cycle."""
        every, last = self._config.logging.report_every, report.cycle == self._config.num_cycles - 1
        due = every and (report.cycle + 1) % every == 0
        began = time.monotonic()
        if last or (due and self._drawing <= REPORT_SHARE * (began - self._started)):
            self._report(report)
            self._drawing += time.monotonic() - began

    def _show(self, **changes: object) -> None:
        self._progress = replace(self._progress, **changes)  # type: ignore[arg-type]
        self._view.show(self._progress)

    def evaluate(self, cycle: int, learner: LearnerState) -> None:
        """The evaluations that are due after a cycle; those that were made before are not played again."""
        asked, last = self._config.evaluation, cycle == self._config.num_cycles - 1
        about = {"cycle": cycle, "env_steps": (cycle + 1) * self._config.steps_per_cycle}
        with_params = partial(evaluate, self._trainer, learner.params)
        if asked.every_steps and (last or self._crosses(cycle, asked.every_steps)):
            protocol = Protocol(asked.worlds, asked.steps, asked.seed)
            self._evaluated(
                with_params(protocol, self._run.evaluation, about, self._counting("evaluating"), task(self._run))
            )
        if asked.heldout_worlds and last:
            protocol = Protocol(asked.heldout_worlds, asked.heldout_steps, asked.seed, name=asked.heldout_suite)
            counting = self._counting("evaluating held-out levels")
            self._evaluated(with_params(protocol, self._run.evaluation, about, counting))

    def _evaluated(self, result: Mapping[str, Any]) -> None:
        for dashboard in self._dashboards:
            try:
                dashboard.evaluated(result)
            except Exception as error:  # noqa: BLE001 - as for the report
                _failed("an evaluation could not be sent to a dashboard", error)
        self._view.note(evaluation_line(result))

    def _crosses(self, cycle: int, steps: float) -> bool:
        """Whether a multiple of `steps` lies in this cycle."""
        size = self._config.steps_per_cycle
        return (cycle + 1) * size // steps > cycle * size // steps

    def _counting(self, stage: str) -> Callable[[int, int], None]:
        return lambda done, of: self.stage(stage, done, of)

    def _report(self, report: CycleReport) -> None:
        self.stage("drawing the report")
        try:
            data = pages.read(self._run.path, report.snapshot)
            pictures.write(data, self._game, self._run.report)
            newest = _newest(report.snapshot)
            for place, record in enumerate(newest):
                self._draw_newest(record, report.cycle, place)
            if self._config.logging.video and self._game.film is not None:
                self._animate(report, None)
                if newest:
                    self._animate(report, newest[0])
            write_pages([data], self._run.report, self._game, self._pages)
            for dashboard in self._dashboards:
                dashboard.drawn(self._run.report, report.snapshot, self._progress.env_steps)
        except Exception as error:  # noqa: BLE001 - nothing that is drawn from files, or elsewhere, ends a training
            _failed(f"the report of cycle {report.cycle} could not be drawn", error)

    def _picture(self, report: CycleReport) -> None:
        """A picture of the levels that have none yet, from the worlds that they were trained on.

        Methods with many new levels a cycle would draw longer than they train: what is left over is drawn when it trains again.
        """
        sheet, files = self._game.sheet, {level: picture_file(self._run.path, level) for level in report.playables}
        if sheet is None:
            return
        new = [level for level, path in files.items() if level != TARGET and not path.exists()]
        for place, level in enumerate(new):
            began = time.monotonic()
            if place >= PICTURES and self._drawing > REPORT_SHARE * (began - self._started):
                break
            world = {name: array[0] for name, array in report.playables[level].pool.items()}
            try:
                sheet(world, level, level_words(report.snapshot.levels[level]), files[level])
            except Exception as error:  # noqa: BLE001 - as for the report
                _failed(f"level {level} could not be drawn", error)
            self._drawing += time.monotonic() - began

    def _draw_newest(self, record: LevelRecord, cycle: int, place: int) -> None:
        """The start of one of the newest levels: for the pages unless that was drawn, and the first ones for a paper."""
        sheet, known = self._game.sheet, picture_file(self._run.path, record.id)
        if sheet is None or (place >= LARGE and known.exists()):
            return
        pool = self._builder.playable(record, cycle, 1).pool
        world, goal = {name: array[0] for name, array in pool.items()}, level_words(record)
        path = self._run.report / f"newest_{place + 1}"
        files = [path.with_suffix(".png"), path.with_suffix(".svg")] if place < LARGE else []
        for file in [*files, *([] if known.exists() else [known])]:
            sheet(world, record.id, goal, file)
        if files:
            caption = f"Where an episode of level {record.id} starts (goal: {goal}); a frame marks the player, numbers are rows and columns."
            path.with_suffix(".txt").write_text(f"{caption}\n", encoding="utf-8")

    def _animate(self, report: CycleReport, record: LevelRecord | None) -> None:
        """The agent on the target, or on a level, played by the compiled rollout."""
        name = "target" if record is None else "newest"
        playable = self._builder.playable(record or report.snapshot.levels[TARGET], report.cycle, 2)
        level = Level(playable.pool, playable.rules, playable.goal)
        own = self._config.target != games.GAME
        goal = level_words(record) if record else "the target's" if own else "everything, in the unmodified game"
        path = self._run.report / f"{name}.gif"
        animate(self._trainer, report.learner.params, level, self._config, self._game, path, goal)


def _failed(what: str, error: Exception) -> None:
    """Say that something could not be shown; an error that is none of ours is told with its class."""
    known = isinstance(error, DicodeError | OSError | ValueError)
    said = line(str(error), 300)
    _log.warning("%s: %s", what, said if known else f"{type(error).__name__}: {said}")
    _log.debug("%s", what, exc_info=error)


def animate(
    trainer: Trainer, params: object, level: Level, config: Config, game: Game, path: Path, goal: str, most: int = 512
) -> Path:
    """A GIF of the first episode of environment 0 on `level`, at most `most` steps; returns the path."""
    assert game.film is not None, "a game without pictures has no film"
    batch, _ = trainer.evaluation_batch(level, config.episode_limit)
    return game.film(path, trainer.watch(params, batch, path.stem, most), goal)


def _newest(snapshot: Snapshot) -> list[LevelRecord]:
    """The accepted levels that were born last, without hooks, newest first."""
    born = [
        r
        for r in snapshot.accepted().values()
        if r.born > 0 and isinstance(r.verdict, Accepted) and not r.verdict.hooks
    ]
    return sorted(born, key=lambda r: (-r.born, level_id(r.source)))[:NEWEST]


@contextmanager
def observer(
    config: Config,
    run: RunDirectory,
    quiet: bool,
    trainer: Trainer,
    builder: LevelBuilder,
    dashboards: Sequence[Dashboard] = (),
) -> Iterator[Observer]:
    """The observer that suits the terminal; `quiet` keeps the report and shows nothing."""
    with LiveView(PlainConsole(quiet=quiet), live=config.logging.live and not quiet) as view:
        yield Screen(config, run, trainer, builder, view, dashboards)
