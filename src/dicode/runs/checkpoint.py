"""Checkpoints of the learner: written whole or not at all.

`save` writes under a temporary name, flushes every file to disk and renames; only then may the
archive say that the cycle is committed. Arrays are kept by Orbax, everything else in `meta.json`.
Process 0 writes and reads alone, host arrays, and waits for no other process.
"""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dicode
from dicode.errors import RunError

_FORMAT = 1


def _name(cycle: int) -> str:
    return f"{cycle:06d}"


def _sync(path: Path) -> None:
    """Flush a file or directory to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_tree(path: Path) -> None:
    for folder, _, files in os.walk(path):
        for file in files:
            _sync(Path(folder, file))
        _sync(Path(folder))


def _checkpointer() -> Any:
    """Orbax's checkpointer, taking part in no barrier of several processes."""
    import orbax.checkpoint as ocp

    alone = ocp.options.MultiprocessingOptions(primary_host=0, active_processes={0}, barrier_sync_key_prefix="writer")
    return ocp.StandardCheckpointer(multiprocessing_options=alone)


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
        with _checkpointer() as checkpointer:
            checkpointer.save((partial / "state").absolute(), distributed.fetch(state))
        # Orbax notes the absolute path in this marker; a run's directory names no path of the machine.
        for marker in partial.rglob("commit_success.txt"):
            marker.write_text("committed")
        record = {"format": _FORMAT, "dicode": dicode.__version__, "cycle": cycle, **meta}
        (partial / "meta.json").write_text(json.dumps(record, indent=1, sort_keys=True))
        _sync_tree(partial)
        shutil.rmtree(final, ignore_errors=True)
        partial.rename(final)
        _sync(folder)
    except (OSError, ValueError) as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise RunError(
            f"the checkpoint of cycle {cycle} could not be written ({error}); the last committed one is untouched, "
            "so mend the disk and resume"
        ) from error
    # The one before the newest stays until the archive has committed, whatever `keep` says.
    for old in cycles(folder)[: -max(keep, 2)]:
        shutil.rmtree(folder / _name(old), ignore_errors=True)
    return final


def cycles(folder: Path) -> list[int]:
    """Cycles that have a whole checkpoint, ascending."""
    return sorted(int(p.name) for p in folder.glob("[0-9]" * 6) if (p / "meta.json").is_file())


def discard_above(folder: Path, committed: int) -> None:
    """Remove what was written after the last commit (-1: everything)."""
    for cycle in cycles(folder):
        if cycle > committed:
            shutil.rmtree(folder / _name(cycle))
    for partial in folder.glob("tmp-*"):
        shutil.rmtree(partial)


def meta(folder: Path, cycle: int) -> dict[str, Any]:
    """What `save` was told beside the arrays. Raises RunError for another format or a missing file."""
    path = folder / _name(cycle) / "meta.json"
    try:
        record = json.loads(path.read_text())
    except (OSError, json.JSONDecodeError) as error:
        have = cycles(folder)
        raise RunError(f"no readable checkpoint of cycle {cycle}; there are: {have or 'none'}") from error
    if record.get("format") != _FORMAT:
        raise RunError(
            f"checkpoint of cycle {cycle} has format {record.get('format')}, written by dicode "
            f"{record.get('dicode', '?')}; this is dicode {dicode.__version__} with format {_FORMAT}"
        )
    return record


def restore(folder: Path, cycle: int, template: Any) -> Any:
    """The pytree saved for `cycle`, as host arrays, in the shapes and dtypes of `template`.

    Raises RunError if the checkpoint is of another network.
    """
    import jax
    import numpy as np

    meta(folder, cycle)
    abstract = jax.tree.map(lambda x: np.empty(x.shape, x.dtype), template)
    try:
        with _checkpointer() as checkpointer:
            return checkpointer.restore((folder / _name(cycle) / "state").absolute(), abstract)
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise RunError(
            f"the checkpoint of cycle {cycle} does not fit this agent and learner ({str(error).splitlines()[0]}); "
            "resume with the run's own configuration"
        ) from error
