"""The archive's rows as a snapshot, each checked: a row that can't be one of a run is a sentence, not a crash."""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from dicode.curriculum import codec
from dicode.curriculum.snapshot import Activation, DreamRecord, Snapshot
from dicode.errors import RunError
from dicode.received import database
from dicode.received.shapes import shaped
from dicode.received.text import line
from dicode.received.values import from_json
from dicode.types import LevelRecord, Status, Trial

T = TypeVar("T")


def has_table(db: sqlite3.Connection, name: str) -> bool:
    """Whether there is such a table."""
    return bool(db.execute("SELECT count(*) FROM sqlite_master WHERE name = ?", (name,)).fetchone()[0])


def load(db: sqlite3.Connection, path: Path, cycle: int) -> Snapshot:
    """Everything in the tables, the states being those after `cycle`. Raises RunError that names a row that can't be read."""
    # The order of insertion (rowid) is part of the snapshot only for display; nothing may depend on it.
    read = _Reader(db, path)
    levels = dict(read("levels", "rowid", _level))
    compiled = dict(read("compiles", "rowid", _compiled)) if has_table(db, "compiles") else {}
    trials = _trials(read, levels, compiled)
    activations = tuple(read("activations", "cycle, position", lambda row: _activation(row, levels)))
    for change in activations:
        levels[change.level] = replace(levels[change.level], active=change.active)
    briefs = tuple(
        read(
            "briefs",
            "cycle, position",
            lambda row: codec.brief_from_json(
                _json(row, "body"), _whole(row, "cycle"), _whole(row, "position"), levels, trials
            ),
        )
    )
    outcomes = tuple(read("outcomes", "rowid", _outcome))
    states = [state for at, *state in read("cycles", "cycle", _states) if at == cycle]
    method, run = states[0] if states else ({}, {})
    return Snapshot(cycle, levels, trials, activations, briefs, outcomes, method, run)


def seals(db: sqlite3.Connection, path: Path) -> Iterator[tuple[str, str]]:
    """(level, seal) of every row of `seals`. Raises RunError that names a row that can't be read."""
    if has_table(db, "seals"):
        yield from _Reader(db, path)("seals", "rowid", lambda row: (_text(row, "level"), _text(row, "seal")))


class _Reader:
    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        self._db, self._path = db, path

    def __call__(self, table: str, order: str, parse: Callable[[sqlite3.Row], T]) -> Iterator[T]:
        for number, row in enumerate(database.rows(self._db, self._path, f"SELECT * FROM {table} ORDER BY {order}"), 1):
            try:
                yield parse(row)
            except KeyError as error:
                said = f"{line(error.args[0], 60)!r} is not in it"
                raise RunError(f"{self._path}: row {number} of {table} can't be read: {said}") from error
            except (ValueError, TypeError, RecursionError) as error:
                raise RunError(f"{self._path}: row {number} of {table} can't be read: {line(error, 200)}") from error


def _level(row: sqlite3.Row) -> tuple[str, LevelRecord]:
    record = codec.level_from_json(_json(row, "body"), _real(row, "seconds"))
    if (record.id, record.born) != (row["id"], row["cycle"]):
        raise ValueError(f"it is filed under another level or cycle than it says ({record.id} of cycle {record.born})")
    return record.id, record


def _compiled(row: sqlite3.Row) -> tuple[tuple[str, int], float]:
    return (_text(row, "level"), _whole(row, "cycle")), _real(row, "seconds")


def _trials(
    read: _Reader, levels: dict[str, LevelRecord], compiled: dict[tuple[str, int], float]
) -> dict[str, tuple[Trial, ...]]:
    """Trials by level; `levels` are changed to what they were after each."""

    def parse(row: sqlite3.Row) -> tuple[Trial, Status]:
        key = _text(row, "level"), _whole(row, "cycle")
        trial = codec.trial_from_json(_json(row, "body"), compiled.get(key, 0.0))
        if (trial.level, trial.cycle) != key:
            raise ValueError(f"it is filed under another level or cycle than it says ({line(trial.level, 20)})")
        levels[trial.level] = _after_trial(levels[trial.level], trial, status := Status(_text(row, "status")))
        return trial, status

    found: dict[str, list[Trial]] = {}
    for trial, _ in read("trials", "cycle, rowid", parse):
        found.setdefault(trial.level, []).append(trial)
    return {level: tuple(several) for level, several in found.items()}


def _activation(row: sqlite3.Row, levels: dict[str, LevelRecord]) -> Activation:
    return Activation(_whole(row, "cycle"), levels[_text(row, "level")].id, bool(_whole(row, "active")))


def _outcome(row: sqlite3.Row) -> DreamRecord:
    level = shaped(str | None, row["level"], "level")
    if level is not None and not codec.is_id(level):
        raise ValueError(f"{line(level, 40)!r} is not the id of a level")
    verdict = codec.verdict_from_json(_json(row, "verdict"), _real(row, "seconds"))
    return DreamRecord(_whole(row, "cycle"), _whole(row, "asked"), _whole(row, "position"), level, verdict)


def _states(row: sqlite3.Row) -> tuple[int, dict[str, Any], dict[str, Any]]:
    method, run = _json(row, "method"), _json(row, "run")
    if not isinstance(method, dict) or not isinstance(run, dict):
        raise ValueError("a state is not an object")
    return _whole(row, "cycle"), method, run


def _json(row: sqlite3.Row, name: str) -> Any:
    return from_json(_text(row, name))


def _text(row: sqlite3.Row, name: str) -> str:
    value: str = shaped(str, row[name], name)
    return value


def _whole(row: sqlite3.Row, name: str) -> int:
    value: int = shaped(int, row[name], name)
    return value


def _real(row: sqlite3.Row, name: str) -> float:
    seconds: float = shaped(float, row[name], name)
    if not 0.0 <= seconds < 1e12:
        raise ValueError(f"{name} is {seconds}")
    return seconds


def _after_trial(level: LevelRecord, trial: Trial, status: Status) -> LevelRecord:
    score = level.score if trial.score is None else trial.score
    return replace(level, status=status, score=score, last_trained=trial.cycle)
