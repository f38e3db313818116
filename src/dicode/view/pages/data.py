"""A run's folder, read for showing and never written: archive, metrics, evaluations, journal, settings.

The folder may be somebody else's. What has the wrong form is left out and named in `RunData.notes`, so that the rest
can be looked at; only a folder that is no run at all, or an archive that can't be opened, raises.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from dicode.curriculum.archive import Archive
from dicode.curriculum.snapshot import Snapshot
from dicode.dreaming.journal import Call, Fate, Journal
from dicode.errors import DicodeError, RunError
from dicode.evaluation.results import Evaluation, load_evaluation
from dicode.evaluation.results import settings as settings_of
from dicode.types import TARGET, Accepted, LevelRecord, Trial
from dicode.view.pages.text import is_id, line

T = TypeVar("T")
_MALFORMED = (AttributeError, KeyError, TypeError, ValueError, RecursionError, OverflowError)
"""What reading a value of the wrong form raises."""


@dataclass(frozen=True)
class RunData:
    """All that pages are made from."""

    name: str
    snapshot: Snapshot
    rows: tuple[Mapping[str, Any], ...] = ()
    """Lines of `metrics.jsonl`, by cycle; `cycle` and `env_steps` are whole numbers."""
    evaluations: tuple[Evaluation, ...] = ()
    baseline: tuple[Evaluation, ...] = ()
    """Evaluations of a policy that acts at random."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """`config.yaml` by dotted name."""
    calls: Mapping[str, Call] = field(default_factory=dict)
    """Calls of a foundation model by key."""
    fates: tuple[Fate, ...] = ()
    folder: Path | None = None
    notes: tuple[str, ...] = ()
    """What could not be read, a sentence each."""

    def picture(self, level: str) -> Path | None:
        """The file with a level's picture, if there is one that is a PNG of bearable size."""
        path = None if self.folder is None or not is_id(level) else picture_file(self.folder, level)
        return path if path is not None and is_png(path) else None


def picture_file(folder: Path, level: str) -> Path:
    """Where a run keeps the picture of a level."""
    return folder / "report" / "pictures" / f"{level}.png"


def is_png(path: Path, most: int = 4_000_000) -> bool:
    """Whether `path` is a plain file that begins like a PNG and is not large."""
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > most:
            return False
        with path.open("rb") as file:
            return file.read(8) == b"\x89PNG\r\n\x1a\n"
    except OSError:
        return False


def read(path: Path | str, snapshot: Snapshot | None = None) -> RunData:
    """The run at `path`, with `snapshot` where the caller holds it already.

    Raises RunError where there is no run or its archive can't be opened.
    """
    from dicode.runs.directory import open_run

    run = open_run(path)
    notes: list[str] = []
    no_settings: dict[str, object] = {}
    no_calls: tuple[dict[str, Call], tuple[Fate, ...]] = ({}, ())
    settings = _tried(lambda: settings_of(run.path), no_settings, "config.yaml", notes)
    calls, fates = _tried(lambda: _journal(run.journal), no_calls, "the journal", notes)
    data = RunData(
        name=run.path.resolve().name,
        snapshot=snapshot or _snapshot(run.archive_file),
        rows=_rows(run.metrics_file),
        evaluations=_evaluations(run.evaluation, notes),
        baseline=_evaluations(run.evaluation / "random", notes),
        settings=settings,
        calls=calls,
        fates=fates,
        folder=run.path,
        notes=tuple(notes),
    )
    return tidy(data)


def _snapshot(path: Path) -> Snapshot:
    with Archive(path, read_only=True) as archive:
        try:
            return archive.snapshot()
        except _MALFORMED as error:
            raise RunError(f"{path} holds a row that can't be read: {line(str(error), 100)}") from error


def tidy(data: RunData) -> RunData:
    """The run with only those levels and trials that have the form of such; how many were left out is noted."""
    levels = {level: record for level, record in data.snapshot.levels.items() if _is_level(level, record)}
    trials = {
        level: tuple(sorted(filter(_is_trial, found), key=lambda trial: trial.cycle))
        for level, found in data.snapshot.trials.items()
        if level in levels
    }
    notes = list(data.notes)
    odd = len(data.snapshot.levels) - len(levels)
    if odd:
        notes.append(f"{odd} levels of the archive have no form that can be shown and are left out")
    odd = sum(map(len, data.snapshot.trials.values())) - sum(map(len, trials.values()))
    if odd:
        notes.append(f"{odd} trials of the archive hold no finite numbers and are left out")
    rows = tuple(sorted(filter(_is_row, data.rows), key=lambda row: row["cycle"]))
    snapshot = replace(data.snapshot, levels=levels, trials={level: found for level, found in trials.items() if found})
    return replace(data, snapshot=snapshot, rows=rows, notes=tuple(notes))


def finite(value: Any) -> bool:
    """Whether `value` is a number with an end."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**12


def _is_level(level: object, record: LevelRecord) -> bool:
    texts = isinstance(record.source, str) and isinstance(record.description, str) and isinstance(record.move, str)
    parents = all(isinstance(parent, str) for parent in record.parents)
    if not (is_id(level) and record.id == level and texts and parents and _whole(record.born)):
        return False
    if record.score is not None and not finite(record.score):
        return False
    verdict = record.verdict
    if isinstance(verdict, Accepted):
        return isinstance(verdict.goal, Mapping) and isinstance(verdict.rules, Mapping)
    return all(isinstance(text, str) for text in (verdict.stage, verdict.reason, verdict.hint))


def _is_trial(trial: Trial) -> bool:
    counts = _whole(trial.cycle) and _whole(trial.episodes) and _whole(trial.successes)
    if not counts or not 0 <= trial.successes <= trial.episodes:
        return False
    numbers = (trial.return_mean, trial.length_mean, trial.score or 0.0, trial.compile_s)
    return all(map(finite, numbers)) and isinstance(trial.achievements, Mapping)


def _is_row(row: Any) -> bool:
    return isinstance(row, Mapping) and _whole(row.get("cycle")) and finite(row.get("env_steps"))


def _rows(path: Path) -> tuple[Any, ...]:
    rows = []
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
    except OSError:
        lines = []
    for text in lines:
        try:
            rows.append(json.loads(text))
        except (ValueError, RecursionError):  # a torn line
            continue
    return tuple(rows)


def _evaluations(folder: Path, notes: list[str]) -> tuple[Evaluation, ...]:
    found: list[Evaluation] = []
    for file in sorted(folder.glob("*.json")):
        what = f"the evaluation {line(file.name, 60)}"
        found += _tried(partial(_evaluation, file), [], what, notes)
    return tuple(sorted(found, key=lambda one: (one.env_steps, one.protocol)))


def _evaluation(file: Path) -> list[Evaluation]:
    return [load_evaluation(file)]


def _journal(folder: Path) -> tuple[dict[str, Call], tuple[Fate, ...]]:
    if not (folder / "calls.jsonl").is_file():
        return {}, ()
    journal = Journal(folder, mode="replay")
    return {call.key: call for call in journal.calls()}, tuple(journal.fates())


def _tried(read_it: Callable[[], T], otherwise: T, what: str, notes: list[str]) -> T:
    try:
        return read_it()
    except (DicodeError, OSError, *_MALFORMED) as error:
        notes.append(f"{what} can't be read: {line(str(error), 160)}")
        return otherwise


def last_return(data: RunData) -> float | None:
    """The latest mean return on the target while training."""
    values = [row.get("target_return") for row in data.rows]
    return next((value for value in reversed(values) if finite(value)), None)


def final(evaluations: tuple[Evaluation, ...], protocol: str = TARGET) -> Evaluation | None:
    """The evaluation of the most trained checkpoint under `protocol`."""
    found = [one for one in evaluations if one.protocol == protocol]
    return found[-1] if found else None
