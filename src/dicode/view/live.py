"""The terminal while a run trains: one `Progress` record in, a live picture or plain lines out.

`render` is a pure function of the record, so that tests look at what a person sees. On anything but a
terminal `LiveView` writes one line a stage and one a cycle instead.
"""

import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from dicode.curriculum.snapshot import Snapshot
from dicode.dreaming.dreamer import Progress as Round
from dicode.terminal import PlainConsole
from dicode.types import TARGET, Accepted, Brief, LevelRecord, Proposal, Trial
from dicode.view import words

_SPARKS = "▁▂▃▄▅▆▇█"
_STYLES = {"A": "bold green", "B": "green", "C": "yellow", "D": "red", "-": "dim"}
_REFRESH = 4.0
_PLAIN_EVERY_S = 10.0
"""Seconds between two lines of a counted stage, where there is no live picture."""
CYCLE_DONE, _WRITING = "cycle done", "writing"
"""Stages of a cycle that the view tells apart: after the first, its numbers are whole."""


@dataclass(frozen=True)
class LevelLine:
    """A level that is trained now."""

    text: str
    rate: float | None
    """Success rate at its last trial, None before the first."""
    status: str
    note: str = ""
    """`new`, `replayed`, `scored only` or how its rate changed."""


@dataclass(frozen=True)
class DreamLine:
    """A dream under way or just come in."""

    text: str
    why: str
    state: str = "dreaming"
    """`dreaming`, `accepted` or `rejected`."""
    count: int = 1


@dataclass(frozen=True)
class Progress:
    """All that the live view shows."""

    run: str
    cycle: int
    cycles: int
    update: int
    """Updates done in this cycle."""
    updates: int
    env_steps: int
    total_steps: int
    stage: str = "training"
    stage_done: int = 0
    stage_of: int = 0
    """How much the stage has to do, 0 where that is not counted."""
    stage_left: float | None = None
    """Seconds that the stage still takes."""
    steps_per_s: float | None = None
    seconds_left: float | None = None
    target_return: float | None = None
    returns: tuple[float, ...] = ()
    """Mean return on the target, cycle by cycle."""
    levels: tuple[LevelLine, ...] = ()
    dreams: tuple[DreamLine, ...] = ()
    known: int = 0
    active: int = 0
    cost: str = ""
    """What the foundation model has cost so far, in words; empty: no such line."""
    notes: tuple[str, ...] = field(default_factory=tuple)
    round: str = ""
    """How far the round of dreams under way is at this moment, in words; empty: no such line."""


def render(progress: Progress, width: int = 100, rows: int = 12) -> RenderableType:
    """The picture for a terminal of `width` columns; at most `rows` levels and as many dreams."""
    parts: list[RenderableType] = [_header(progress), _bars(progress, width)]
    if progress.cost:
        parts.append(Text.assemble(("cost  ", "dim"), words.printable(progress.cost)))
    if progress.round:
        parts.append(Text.assemble(("round ", "dim"), progress.round))
    if progress.levels:
        parts.append(_levels(progress.levels, rows))
    if progress.dreams:
        parts.append(_dreams(progress.dreams, max(rows // 2, 3)))
    parts += [Text(words.printable(note), style="yellow") for note in progress.notes]
    title = Text(f" {progress.run} ", style="bold")
    return Panel(Group(*parts), title=title, title_align="left", border_style="blue", width=min(width, 110))


def stage_words(progress: Progress) -> str:
    """What is done now: `checking seed levels: 3 of 8, 20 s left`."""
    counted = f": {progress.stage_done} of {progress.stage_of}" if progress.stage_of else ""
    left = "" if progress.stage_left is None else f", {duration(progress.stage_left)} left"
    return f"{words.printable(progress.stage)}{counted}{left}"


def plain_line(progress: Progress) -> str:
    """The same in one line, for logs."""
    parts = [f"cycle {progress.cycle + 1}/{progress.cycles}", f"{progress.env_steps:,} steps"]
    if progress.steps_per_s:
        parts.append(f"{progress.steps_per_s:,.0f} steps/s")
    parts.append(f"return {_number(progress.target_return)}")
    parts.append(f"{progress.active} of {progress.known} levels active")
    rates = [line.rate for line in progress.levels if line.rate is not None]
    if rates:
        parts.append(f"success {words.percent(min(rates))} to {words.percent(max(rates))}")
    dreaming = sum(dream.count for dream in progress.dreams if dream.state == "dreaming")
    if dreaming:
        parts.append(f"dreaming {dreaming}")
    if progress.seconds_left is not None:
        parts.append(f"{duration(progress.seconds_left)} left")
    if progress.round:
        parts.append(progress.round)
    return ", ".join([*parts, *([progress.cost] if progress.cost else []), *progress.notes])


def evaluation_line(result: Mapping[str, Any]) -> str:
    """An evaluation in one line."""
    of = f"{result['worlds']} worlds after {result['env_steps']:,} steps"
    returns, rates = result["returns"], list(result.get("success", {}).values())
    success = f", success {words.percent(sum(rates) / len(rates))}" if rates else ""
    return f"evaluated ({result['protocol']}) on {of}: return {sum(returns) / len(returns):.2f}{success}"


def round_line(progress: Round | None) -> str:
    """`dreams of cycle 4: 2 of 6 under way, 3 accepted, 1 rejected`; empty for none."""
    if progress is None:
        return ""
    named = {"accepted": progress.accepted, "rejected": progress.rejected, "lost": progress.lost}
    ended = [f"{count} {name}" for name, count in named.items() if count]
    under_way = (
        f"{progress.under_way} of {progress.dreams} under way"
        if progress.under_way
        else f"all {progress.dreams} answered"
    )
    return f"dreams of cycle {progress.cycle}: {', '.join([under_way, *ended])}"


def duration(seconds: float) -> str:
    """Seconds as `45 s`, `12 min`, `3 h 05 min` or `2 d 4 h`."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    if minutes < 90:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{minutes // 1440} d {minutes % 1440 // 60} h"


def sparkline(values: Sequence[float], width: int = 24) -> str:
    """The last `width` values as a row of bars, lowest to highest."""
    shown = list(values)[-width:]
    low, high = min(shown, default=0.0), max(shown, default=0.0)
    scale = (len(_SPARKS) - 1) / (high - low) if high > low else 0.0
    return "".join(_SPARKS[round((value - low) * scale)] for value in shown)


def level_lines(snapshot: Snapshot, proposal: Proposal) -> tuple[LevelLine, ...]:
    """The levels of a cycle as the view shows them: the target, new ones, then by falling success rate."""
    lines = []
    for slot in proposal.slots:
        record, trials = snapshot.levels[slot.level], snapshot.trials.get(slot.level, ())
        if slot.level == TARGET:
            mean_return = next((trial.return_mean for trial in reversed(trials) if trial.episodes), None)
            lines.append(LevelLine("the target", None, "-", f"return {_number(mean_return)}"))
            continue
        note = (_change(trials) if trials else "new") + ("" if slot.train else ", scored only")
        lines.append(LevelLine(words.level_words(record, 60), words.last_rate(trials), record.status.value, note))
    return tuple(sorted(lines, key=lambda line: (line.text != "the target", line.rate is not None, -(line.rate or 0))))


def dream_lines(briefs: Iterable[Brief], arrived: Iterable[LevelRecord] = ()) -> tuple[DreamLine, ...]:
    """Levels that just came in, then briefs under way with the parent and its success rate as the reason."""
    lines = []
    for record in arrived:
        if isinstance(record.verdict, Accepted):
            lines.append(DreamLine(words.level_words(record, 60), record.move or record.origin.value, "accepted"))
        else:
            lines.append(
                DreamLine(words.clip(record.description, 60), words.clip(record.verdict.reason, 60), "rejected")
            )
    counted: dict[tuple[str, str], int] = {}
    for brief in briefs:
        key = _brief_words(brief)
        counted[key] = counted.get(key, 0) + 1
    lines += [DreamLine(text, why, count=count) for (text, why), count in counted.items()]
    return tuple(lines)


class LiveView:
    """Shows `Progress` records as they come. A context manager; `show` returns at once."""

    def __init__(self, console: Console | None = None, live: bool = True) -> None:
        """`live=False`, or a console that is no terminal, gives plain lines."""
        self.console = console or PlainConsole()
        self._live = (
            Live(
                console=self.console,
                refresh_per_second=_REFRESH,
                transient=False,
                # A log that somebody reads from a file must not end up in the picture.
                redirect_stderr=sys.stderr.isatty(),
            )
            if live and self.console.is_terminal
            else None
        )
        self._shown = ("", -1)
        self._drawn = 0.0
        self._first_cycle = True

    def __enter__(self) -> Self:
        """Take the terminal."""
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the terminal back; the last picture stays."""
        if self._live:
            self._live.stop()

    def show(self, progress: Progress) -> None:
        """Draw the record. In plain mode a line a cycle, with that cycle's numbers; before the first one a line a stage."""
        stage = (progress.stage, progress.cycle)
        if self._live is not None:
            now = time.monotonic()
            if stage != self._shown or now - self._drawn > 1.0 / _REFRESH:
                self._live.update(render(progress, self.console.width, max(self.console.height // 2 - 4, 4)))
                self._drawn = now
        else:
            self._plain(progress, new=stage != self._shown)
        self._shown = stage

    def _plain(self, progress: Progress, new: bool) -> None:
        now = time.monotonic()
        if new and progress.stage == CYCLE_DONE:
            self._line(plain_line(progress))
            self._first_cycle = False
        elif (new and self._first_cycle and progress.stage != _WRITING) or (
            progress.stage_of and not new and now - self._drawn > _PLAIN_EVERY_S
        ):
            self._line(stage_words(progress))
        else:
            return
        self._drawn = now

    def note(self, text: str) -> None:
        """A line that stays, above the live picture where there is one."""
        self._line(text)

    def _line(self, text: str) -> None:
        self.console.print(words.printable(text), highlight=False, markup=False, soft_wrap=True)


def _header(progress: Progress) -> Table:
    grid = Table.grid(expand=True, padding=(0, 2))
    for _ in range(4):
        grid.add_column()
    rate = "-" if progress.steps_per_s is None else f"{progress.steps_per_s:,.0f}"
    left = "-" if progress.seconds_left is None else duration(progress.seconds_left)
    grid.add_row(
        Text.assemble(("steps/s  ", "dim"), (rate, "bold")),
        Text.assemble(
            ("return on the target  ", "dim"),
            (_number(progress.target_return), "bold cyan"),
            ("  " + sparkline(progress.returns), "cyan"),
        ),
        Text.assemble(("levels  ", "dim"), (f"{progress.active} of {progress.known} active", "bold")),
        Text.assemble(("left  ", "dim"), (left, "bold")),
    )
    return grid


def _bars(progress: Progress, width: int) -> Table:
    grid = Table.grid(expand=True, padding=(0, 1))
    grid.add_column(width=8)
    grid.add_column(ratio=1)
    grid.add_column(justify="right")
    bar = max(min(width, 110) - 46, 10)
    steps = f"{progress.env_steps:,} of {progress.total_steps:,} steps"
    grid.add_row(
        Text("run", style="dim"),
        ProgressBar(total=progress.total_steps, completed=progress.env_steps, width=bar),
        steps,
    )
    grid.add_row(
        Text(f"cycle {progress.cycle + 1}", style="dim"),
        ProgressBar(total=max(progress.updates, 1), completed=progress.update, width=bar),
        Text.assemble(stage_words(progress), f"  {progress.update} of {progress.updates} updates"),
    )
    return grid


def _levels(lines: Sequence[LevelLine], rows: int) -> Table:
    table = Table(box=None, expand=True, header_style="dim", padding=(0, 1), pad_edge=False)
    table.add_column("level", ratio=1, no_wrap=True)
    table.add_column("", width=12)
    table.add_column("success", justify="right", width=8)
    table.add_column("status", justify="center", width=6)
    table.add_column("", width=22, no_wrap=True, style="dim")
    for line in lines[:rows]:
        shade = _STYLES.get(line.status, "")
        bar = Text("━" * round(12 * (line.rate or 0.0)), style=shade)
        status = Text(line.status, style=shade)
        table.add_row(Text(words.printable(line.text)), bar, words.percent(line.rate), status, Text(line.note))
    if len(lines) > rows:
        table.add_row(Text(f"and {len(lines) - rows} more", style="dim"), "", "", "", "")
    return table


def _dreams(lines: Sequence[DreamLine], rows: int) -> Table:
    table = Table(box=None, expand=True, header_style="dim", padding=(0, 1), pad_edge=False)
    table.add_column("dreams", width=9)
    table.add_column("", ratio=1, no_wrap=True)
    table.add_column("why", ratio=1, no_wrap=True, style="dim")
    shades = {"accepted": "green", "rejected": "red", "dreaming": "magenta"}
    for line in lines[:rows]:
        text = f"{line.count} x {line.text}" if line.count > 1 else line.text
        state = Text(line.state, style=shades.get(line.state, ""))
        table.add_row(state, Text(words.printable(text)), Text(words.printable(line.why)))
    if len(lines) > rows:
        table.add_row("", Text(f"and {len(lines) - rows} more", style="dim"), "")
    return table


def _brief_words(brief: Brief) -> tuple[str, str]:
    if brief.parent is None:
        return "a new level", "without feedback" if not brief.target_success else "nothing to start from yet"
    level = brief.parent.level
    rate = words.percent(words.last_rate(brief.parent.trials))
    return f"from {words.level_words(level, 50)}", f"status {level.status.value}, {rate} solved"


def _change(trials: Sequence[Trial]) -> str:
    rates = [trial.success_rate for trial in trials if trial.episodes]
    if len(rates) < 2 or rates[-1] is None or rates[0] is None:
        return "replayed"
    return f"was {words.percent(rates[0])} at first"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
