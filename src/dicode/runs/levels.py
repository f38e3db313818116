"""`dicode levels`: a run's archive as a table, as JSON, or as a folder of level files."""

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from dicode.curriculum.archive import Archive
from dicode.curriculum.archive import export as archive_export
from dicode.curriculum.snapshot import Snapshot
from dicode.errors import RunError
from dicode.runs.directory import open_run
from dicode.types import TARGET, Accepted, LevelRecord


def _goal(record: LevelRecord) -> str:
    if not isinstance(record.verdict, Accepted):
        return f"rejected: {record.verdict.stage}"
    from dicode.levels.goal import Goal

    return str(Goal.from_json(record.verdict.goal)) if record.verdict.goal else "all achievements"


def _row(record: LevelRecord, snapshot: Snapshot) -> tuple[str, ...]:
    trials = snapshot.trials.get(record.id, ())
    rate = trials[-1].success_rate if trials else None
    return (
        record.id,
        " ".join(record.parents) or "-",
        record.origin.value + (f" ({record.move})" if record.move else ""),
        _goal(record),
        "-" if rate is None else f"{100 * rate:.0f} %",
        "-" if rate is None else f"{rate * (1 - rate):.3f}",
        record.status.value,
        "target" if record.id == TARGET else "yes" if record.active else "no",
        str(sum(t.episodes for t in trials)),
    )


def _hooks(record: LevelRecord, snapshot: Snapshot) -> str:
    """A level's mechanics and the seconds that compiling them took, over all cycles; `-` without hooks."""
    names = record.verdict.hooks if isinstance(record.verdict, Accepted) else ()
    seconds = sum(trial.compile_s for trial in snapshot.trials.get(record.id, ()))
    return f"{', '.join(names)} ({seconds:.1f} s)" if names else "-"


def show(path: str, as_json: bool, digest: bool) -> int:
    """Print the archive of the run at `path`. Raises RunError if there is none."""
    run = open_run(path)
    with Archive(run.archive_file, read_only=True) as archive:
        if digest:
            print(archive.digest())
            return 0
        snapshot = archive.snapshot()
    if as_json:
        print(json.dumps(archive_export(snapshot), indent=1, sort_keys=True))
        return 0
    table = Table(title=f"{run.path.name}: {len(snapshot.levels)} levels after cycle {snapshot.cycle}")
    for name in ("id", "parents", "origin", "goal", "success", "learnability", "status", "active", "episodes"):
        table.add_column(name, justify="right" if name in ("success", "learnability", "episodes") else "left")
    hooked = any(_hooks(record, snapshot) != "-" for record in snapshot.levels.values())
    if hooked:
        table.add_column("hooks (compiled in)")
    for record in snapshot.levels.values():
        table.add_row(*_row(record, snapshot), *([_hooks(record, snapshot)] if hooked else []))
    Console().print(table)
    return 0


def write_files(snapshot: Snapshot, folder: Path) -> int:
    """Every accepted level as `<id>.py`; files that are there already stay. Returns how many were written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for record in snapshot.accepted().values():
        path = folder / f"{record.id}.py"
        if record.source and not path.exists():
            partial = path.with_suffix(".tmp")
            partial.write_text(record.source)
            partial.replace(path)
            written += 1
    return written


def export(path: str, folder: str) -> int:
    """Write the run's accepted levels into `folder`, which `levels=` and `dreamer=library` can load."""
    run = open_run(path)
    target = Path(folder)
    if target.exists() and any(target.iterdir()):
        raise RunError(f"{folder} exists and is not empty; name a new folder")
    with Archive(run.archive_file, read_only=True) as archive:
        count = write_files(archive.snapshot(), target)
    Console().print(f"{count} levels written to {folder}")
    return 0
