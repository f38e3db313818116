"""Checkpoints of the learner: written whole or not at all.

`save` writes under a temporary name, flushes every file to disk and renames; only then may the
archive say that the cycle is committed. Arrays are plain bytes (`dicode.runs.arrays`), everything else is in
`meta.json`, with the hash of every other file and of what it says itself, so that damage is found before anything compiles.
Process 0 writes and reads alone, host arrays, and waits for no other process.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dicode
from dicode.errors import RunError
from dicode.files import refusals, sync, sync_tree
from dicode.received import files as received
from dicode.received.shapes import record as record_of
from dicode.received.text import line
from dicode.received.values import from_json
from dicode.runs import arrays

_FORMAT = 2
_META = "meta.json"
_MAX_META = 4 << 20
_TRIES = 5
"""Checkpoints tried before copying from a run that trains is given up."""


def _name(cycle: int) -> str:
    return f"{cycle:06d}"


def save(folder: Path, cycle: int, state: Any, meta: Mapping[str, Any], keep: int) -> Path:
    """Write `state` (a pytree of arrays, whole on every device) for a finished cycle; older checkpoints beyond `keep` go.

    Raises RunError if the disk refuses; what was there before is then untouched.
    """
    from dicode.learner import distributed

    final, partial = folder / _name(cycle), folder / f"tmp-{_name(cycle)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        held = arrays.write(partial, distributed.fetch(state))
        about = {"format": _FORMAT, "dicode": dicode.__version__, "cycle": cycle, "arrays": held}
        record = {**about, "files": _hashes(partial), **meta}
        record["said"] = _hash_of(record)
        (partial / _META).write_text(json.dumps(record, indent=1, sort_keys=True))
        sync_tree(partial)
        shutil.rmtree(final, ignore_errors=True)
        partial.rename(final)
        sync(folder)
    except (OSError, ValueError) as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise RunError(
            f"the checkpoint of cycle {cycle} could not be written ({_short(error)}); the last committed one is untouched, "
            "so mend the disk and resume"
        ) from error
    # The one before the newest stays until the archive has committed, whatever `keep` says.
    for old in cycles(folder)[: -max(keep, 2)]:
        shutil.rmtree(folder / _name(old), ignore_errors=True)
    return final


def cycles(folder: Path) -> list[int]:
    """Cycles that have a checkpoint, whole or damaged, ascending."""
    return sorted(int(p.name) for p in folder.glob("[0-9]" * 6 + "*") if p.name.isdecimal() and p.is_dir())


def newest_whole(folder: Path, most: int | None = None) -> tuple[int | None, list[str]]:
    """The newest undamaged checkpoint, up to cycle `most`, and what is wrong with those after it, newest first."""
    wrong: list[str] = []
    for cycle in reversed([c for c in cycles(folder) if most is None or c <= most]):
        why = damage(folder, cycle)
        if why is None:
            return cycle, wrong
        wrong.append(f"the checkpoint of cycle {cycle} is damaged ({why})")
    return None, wrong


def damage(folder: Path, cycle: int) -> str | None:
    """What is wrong with a checkpoint, None if every file is as it was written. Raises RunError if it can't be read."""
    path = folder / _name(cycle)
    if not (path / _META).is_file():
        return f"its {_META} is missing"
    try:
        record = _record(path)
    except ValueError:
        return f"its {_META} can't be read"
    if record.format != _FORMAT:
        return None  # `meta` says which version wrote it
    if arrays.FILE not in record.files:
        return f"its {_META} names no {arrays.FILE}"
    with refusals("read", path):
        found = _hashes(path)
    different = sorted(name for name in record.files if found.get(name) != record.files[name])
    if not different:
        return None
    return f"{different[0]} is {'not as it was written' if different[0] in found else 'missing'}"


@dataclass(frozen=True)
class _Record:
    """A checkpoint's `meta.json`."""

    format: int
    dicode: str = "?"
    cycle: int = -1
    arrays: tuple[object, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0
    env_steps: float = 0.0
    run: int | None = None
    """`Archive.run`; None in those of earlier versions."""
    said: str = ""
    """Hash of all the rest; empty in those of earlier versions."""


def _record(path: Path) -> _Record:
    """Raises ValueError for what is no record, RunError or OSError for what can't be read."""
    with refusals("read", path):
        values = from_json(received.read(path, _META, most=_MAX_META))
    if isinstance(values, dict) and values.get("format") != _FORMAT:
        values = {name: values[name] for name in ("format", "dicode") if name in values}
    record = record_of(_Record, values)
    if record.said and record.said != _hash_of({name: value for name, value in values.items() if name != "said"}):
        raise ValueError("it says something else than was written")
    return record


def _hash_of(record: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def _hashes(path: Path) -> dict[str, str]:
    """SHA-256 of every file below `path` but its meta.json, by relative name."""
    files = sorted(p for p in path.rglob("*") if p.is_file() and not p.is_symlink() and p != path / _META)
    return {p.relative_to(path).as_posix(): _hash(p) for p in files}


def _hash(path: Path) -> str:
    with os.fdopen(received.open_file(path.parent, path.name), "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_newest(folder: Path, target: Path) -> int:
    """Copy the newest whole checkpoint into `target`, on disk; returns its cycle. The run it is of may be training."""
    for _ in range(_TRIES):
        cycle, wrong = newest_whole(folder)
        if cycle is None:
            break
        try:
            _copy(folder / _name(cycle), target / _name(cycle))
        except FileNotFoundError:
            continue  # its run has trained on and let it go
        if damage(target, cycle) is None:
            sync_tree(target)
            return cycle
    raise RunError(f"no whole checkpoint could be copied from {folder}{': ' + wrong[0] if wrong else ''}")


def _copy(source: Path, target: Path) -> None:
    """A folder's files, replacing `target`; links are left out."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for path in sorted(source.rglob("*")):
        if path.is_file() and not path.is_symlink():
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)


def discard_above(folder: Path, committed: int) -> None:
    """Remove what was written after the last commit (-1: everything)."""
    for cycle in cycles(folder):
        if cycle > committed:
            shutil.rmtree(folder / _name(cycle))
    for partial in folder.glob("tmp-*"):
        shutil.rmtree(partial)


def meta(folder: Path, cycle: int) -> dict[str, Any]:
    """What `save` was told beside the arrays. Raises RunError for another format or a missing file."""
    try:
        record = _record(folder / _name(cycle))
    except (ValueError, RunError) as error:
        have = cycles(folder)
        raise RunError(f"no readable checkpoint of cycle {cycle}; there are: {have or 'none'}") from error
    if record.format != _FORMAT:
        raise RunError(
            f"checkpoint of cycle {cycle} has format {record.format}, written by dicode "
            f"{line(record.dicode, 40)}; this is dicode {dicode.__version__} with format {_FORMAT}"
        )
    return {**vars(record), "arrays": list(record.arrays)}


def restore(folder: Path, cycle: int, template: Any) -> Any:
    """The pytree saved for `cycle`, as host arrays, in the shapes and dtypes of `template`.

    Raises RunError if the checkpoint is of another network.
    """
    held = meta(folder, cycle)["arrays"]
    try:
        return arrays.read(folder / _name(cycle), held, template)
    except (ValueError, OSError) as error:
        raise RunError(
            f"the checkpoint of cycle {cycle} does not fit this agent and learner ({_short(error)}); "
            "resume with the run's own configuration"
        ) from error


def _short(error: Exception) -> str:
    return line(error, 160) or type(error).__name__
