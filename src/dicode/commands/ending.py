"""The first and the last lines of a run: where it is, how it ended, where to look, what to do next."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from dicode import lines
from dicode.config import Config
from dicode.curriculum.archive import Archive
from dicode.curriculum.snapshot import Snapshot
from dicode.errors import DicodeError, RunError
from dicode.evaluation.results import TARGET, load_run
from dicode.runs import restore, withdrawn
from dicode.runs.directory import RunDirectory
from dicode.terminal import PlainConsole
from dicode.types import TARGET as UNMODIFIED
from dicode.types import Rejected
from dicode.view.live import duration

_log = logging.getLogger(__name__)


@contextmanager
def told(run: RunDirectory, config: Config) -> Iterator[None]:
    """Say where the run is, and, whatever becomes of it, how it ended."""
    console, began = PlainConsole(), time.monotonic()
    console.print(opening(run, config), soft_wrap=True)
    try:
        yield
    except BrokenPipeError as error:
        raise RunError(
            f"nobody reads what is printed any more, so {'; '.join(_read(run, stopped)) or 'the run stopped'}"
        ) from error
    except (Exception, KeyboardInterrupt):
        for text in _read(run, stopped):
            console.print(text, soft_wrap=True)
        raise
    for text in _read(run, lambda run: ended(run, config, time.monotonic() - began)):
        console.print(text, soft_wrap=True)


def opening(run: RunDirectory, config: Config) -> str:
    """The first line."""
    size = f"{config.num_cycles} cycles of {config.steps_per_cycle:,} steps"
    return f"{run.path}: {config.method.name}, preset {config.preset}, seed {config.seed}, {size}"


def stopped(run: RunDirectory) -> list[str]:
    """What is left of a run that was broken off."""
    if not run.archive_file.exists():
        return []
    with Archive(run.archive_file, read_only=True) as archive:
        done = archive.committed_cycle() + 1
    of = run.config().num_cycles
    if not done:
        return [f"{run.path}: stopped before its first cycle was done; `dicode resume {run.path}` starts it again"]
    return [f"{run.path}: stopped after {done} of {of} cycles; `dicode resume {run.path}` goes on from there"]


def ended(run: RunDirectory, config: Config, seconds: float) -> list[str]:
    """Return, levels, where to look and what to do next."""
    snapshot = withdrawn.snapshot_of(run)
    if snapshot.cycle + 1 < config.num_cycles:  # the replay of a run that has not ended
        return stopped(run)
    rows, steps = lines.read(run.metrics_file), config.num_cycles * config.steps_per_cycle
    where = f"{run.report / 'index.html'}, or `dicode view {run.path}`"
    onward = f"`dicode eval {run.path}`, `{restore.longer(run, config)}`"
    return [
        f"{run.path}: done, {len(rows)} of {config.num_cycles} cycles, {steps:,} steps; this took {duration(seconds)}",
        f"  return  {_returns(run, config, rows)}",
        f"  levels  {_levels(snapshot, config)}",
        f"  look    {where}",
        f"  next    {onward}",
    ]


def _returns(run: RunDirectory, config: Config, rows: Sequence[Mapping[str, Any]]) -> str:
    known = [float(row["target_return"]) for row in rows if row.get("target_return") is not None]
    none = "no episode ended on the target" if config.target_share else "the target was not trained (target_share=0)"
    trained = f"{known[-1]:.2f} on the target at the end, {known[0]:.2f} at first" if known else none
    made = [e for e in load_run(run.path).evaluations if e.protocol == TARGET]
    last = max(made, key=lambda e: e.env_steps, default=None)
    if last is None:
        return trained
    solved = f", solved in {100 * last.success[UNMODIFIED]:.0f} %" if UNMODIFIED in last.success else ""
    return f"{trained}; {last.returns.mean():.2f} on {last.worlds} held-out worlds{solved}"


def _levels(snapshot: Snapshot, config: Config) -> str:
    if config.method.name == "ppo":
        return "none beside the target"
    own = [record for record in snapshot.levels.values() if record.id != UNMODIFIED]
    accepted = snapshot.accepted().values()
    mastered = [f"{sum(r.status.value == name for r in accepted)} {name}" for name in "ABCD"]
    turned_down = Counter(record.verdict.code.value for record in own if isinstance(record.verdict, Rejected))
    why = " (most often {}: {})".format(*turned_down.most_common(1)[0]) if turned_down else ""
    return (
        f"{len(accepted)} accepted, {turned_down.total()} rejected{why}, {len(snapshot.active())} active; "
        f"by status: {', '.join(mastered)}"
    )


def _read(run: RunDirectory, what: Callable[[RunDirectory], list[str]]) -> list[str]:
    """The lines, or none where the run's files can't be read: then the error that is on its way says more."""
    try:
        return what(run)
    except (DicodeError, OSError, ValueError) as error:
        _log.debug("no last lines: %s", error)
        return []
