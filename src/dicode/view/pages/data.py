"""A run's folder, read for showing and never written: archive, metrics, evaluations, journal, settings.

The folder may be somebody else's. What has the wrong form is left out and named in `RunData.notes`, so that the rest
can be looked at; only a folder that is no run at all, or an archive that can't be opened, raises.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from dicode.curriculum.archive import Archive
from dicode.curriculum.snapshot import Snapshot
from dicode.dreaming.journal import Call, Fate, Journal
from dicode.errors import DicodeError, RunError
from dicode.evaluation.results import Evaluation, load_evaluation
from dicode.evaluation.results import settings as settings_of
from dicode.received import files
from dicode.received.text import line
from dicode.runs import withdrawn
from dicode.runs.metrics import lost
from dicode.types import TARGET
from dicode.view.pages.text import is_id

if TYPE_CHECKING:
    from dicode.runs.directory import RunDirectory

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

    def picture(self, level: str) -> tuple[str, ...] | None:
        """The file with a level's picture, below the run's folder, if there is one that begins like a PNG."""
        return self.file("pictures", f"{level}.png") if is_id(level) else None

    def file(self, *parts: str) -> tuple[str, ...] | None:
        """A picture in the run's report, if it is a plain file that begins like what its name says."""
        head = _HEADS[parts[-1].rpartition(".")[2]]
        if self.folder is None:
            return None
        try:
            with os.fdopen(files.open_file(self.folder, "report", *parts), "rb") as file:
                return ("report", *parts) if file.read(len(head)) == head else None
        except (OSError, RunError):
            return None

    def content(self, parts: tuple[str, ...]) -> bytes:
        """The bytes of such a file. Raises RunError where it can't be read or is too large."""
        assert self.folder is not None
        return files.read(self.folder, *parts, most=_MOST_BYTES)


_HEADS = {"png": b"\x89PNG\r\n\x1a\n", "gif": b"GIF8"}
"""Pictures that pages show. What can hold a script (SVG, PDF) is left where it is."""
_MOST_BYTES = 32 << 20


def picture_file(folder: Path, level: str) -> Path:
    """Where a run keeps the picture of a level."""
    return folder / "report" / "pictures" / f"{level}.png"


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
    snapshot = snapshot or _snapshot(run, notes)
    return RunData(
        name=run.path.resolve().name,
        snapshot=snapshot,
        rows=_finished_rows(run.metrics_file, snapshot.cycle, notes),  # a row is on disk before its cycle is finished
        evaluations=_evaluations(run.evaluation, notes),
        baseline=_evaluations(run.evaluation / "random", notes),
        settings=settings,
        calls=calls,
        fates=fates,
        folder=run.path,
        notes=tuple(notes),
    )


def _snapshot(run: "RunDirectory", notes: list[str]) -> Snapshot:
    none: frozenset[str] = frozenset()
    with Archive(run.archive_file, read_only=True) as archive:
        snapshot = archive.snapshot()
    named = run.withdrawn_file.name
    hung = _tried(lambda: withdrawn.levels(run.withdrawn_file, snapshot.cycle + 1), none, named, notes)
    return snapshot.without(hung)


def finite(value: Any) -> bool:
    """Whether `value` is a number with an end."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _is_row(row: Any) -> bool:
    return isinstance(row, Mapping) and type(row.get("cycle")) is int and finite(row.get("env_steps"))


def _are_numbers(value: Any) -> bool:
    return isinstance(value, Mapping) and all(map(finite, value.values()))


def _are_sums(value: Any) -> bool:
    counts = ("calls", "tokens_in", "tokens_cached", "tokens_out", "estimated")
    known = isinstance(value, Mapping) and all(finite(value.get(name)) for name in counts)
    return known and "usd" in value and (value["usd"] is None or finite(value["usd"]))


def _is_spending(value: Any) -> bool:
    """Whether this is what `runs.dreams.spending` makes."""
    if not isinstance(value, Mapping):
        return False
    each, cap, silence = value.get("levels"), value.get("stopped"), value.get("silence")
    whole = isinstance(each, list) and all(_are_sums(one) and isinstance(one.get("level"), str) for one in each)
    stopped = not cap or (isinstance(cap, Mapping) and {"cycle", "reason", "dreams"} <= cap.keys())
    told = finite(value.get("accepted")) and (not silence or isinstance(silence, str))
    return whole and stopped and told and _are_sums(value.get("total"))


_FIELDS: Mapping[str, Callable[[Any], bool]] = {
    "target_return": finite,
    "target_success": _are_numbers,
    "status": _are_numbers,
    "fm": _is_spending,
}
"""What is drawn of a row, and whether it has its form; null is as good as none."""


def metrics_rows(path: Path, notes: list[str] | None = None) -> tuple[Any, ...]:
    """Lines of a `metrics.jsonl`, by cycle; what is none is left out, and noted unless it is a torn last line."""
    told: list[str] = [] if notes is None else notes
    text = _tried(lambda: _text(path), "", line(path.name, 60), told)
    *whole, torn = text.split("\n")
    read = [_row(each) for each in whole]
    if odd := [number for number, row in enumerate(read, 1) if row is None]:
        more = f" and {len(odd) - 1} more" if len(odd) > 1 else ""
        told.append(f"line {odd[0]}{more} of {line(path.name, 60)} can't be read and is left out")
    rows = sorted((row for row in (*read, _row(torn)) if row is not None), key=lambda row: row["cycle"])
    if wrong := sorted({name for row in rows for name in _wrong(row)}):
        told.append(f"{', '.join(wrong)} of some cycles in {line(path.name, 60)} can't be read and is left out")
    return tuple({name: value for name, value in row.items() if name not in _wrong(row)} for row in rows)


def _wrong(row: Mapping[str, Any]) -> set[str]:
    """Fields of a row that have not their form."""
    return {name for name, fits in _FIELDS.items() if row.get(name) is not None and not fits(row[name])}


def _text(path: Path) -> str:
    if not os.path.lexists(path):
        return ""
    return files.read(path.parent, path.name, most=1 << 30).decode("utf-8", "replace")


def _row(text: str) -> Any:
    """The row that a line holds, None where it holds none."""
    try:
        row = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return row if _is_row(row) else None


def _finished_rows(path: Path, cycle: int, notes: list[str]) -> tuple[Any, ...]:
    """`metrics_rows` of a run whose last finished cycle is `cycle`; rows that are gone are noted, too."""
    before = len(notes)
    rows = metrics_rows(path, notes)
    if len(notes) == before and (what := lost(rows, cycle)):
        notes.append(f"{line(path.name, 60)} {what}")
    return rows


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
