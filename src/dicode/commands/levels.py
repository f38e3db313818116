"""`dicode levels`: a run's archive as a table, as JSON, or as a folder of level files."""

import json

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from dicode import files, games
from dicode.curriculum.archive import Archive
from dicode.curriculum.archive import export as archive_export
from dicode.curriculum.snapshot import Snapshot
from dicode.errors import LevelError, RunError
from dicode.games.host import HostGame
from dicode.received.text import line
from dicode.runs import origin, withdrawn
from dicode.runs.directory import RunDirectory, open_run
from dicode.runs.level_files import write_files
from dicode.terminal import PlainConsole
from dicode.types import TARGET, Accepted, LevelRecord, level_id
from dicode.view import drafts
from dicode.view.pages.data import metrics_rows


def _goal(record: LevelRecord, game: HostGame) -> str:
    if not isinstance(record.verdict, Accepted):
        return f"rejected: {record.verdict.stage}"
    if not record.verdict.goal:
        return "all achievements"
    try:
        return str(game.read_goal(record.verdict.goal)).lower().replace("_", " ")
    except (LevelError, KeyError, TypeError, ValueError) as error:
        raise RunError(f"the goal of level {record.id} can't be read: {line(error, 120)}") from error


def _row(record: LevelRecord, snapshot: Snapshot, game: HostGame) -> tuple[str, ...]:
    trials = snapshot.trials.get(record.id, ())
    rate = trials[-1].success_rate if trials else None
    return (
        record.id,
        " ".join(parent[:6] for parent in record.parents) or "-",
        f"{record.origin.value} {record.move}".strip(),
        "withdrawn: its hooks hung" if record.id in snapshot.withdrawn else _goal(record, game),
        "-" if rate is None else f"{100 * rate:.0f} %",
        "-" if rate is None else f"{rate * (1 - rate):.2f}".removeprefix("0"),
        record.status.value,
        "-" if record.id == TARGET else "yes" if record.id in snapshot.active() else "no",
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
    if digest:
        with Archive(run.archive_file, read_only=True) as archive:
            print(archive.digest())
        return 0
    snapshot = withdrawn.snapshot_of(run)
    if as_json:
        print(json.dumps(archive_export(snapshot), indent=1, sort_keys=True))
        return 0
    game = games.load_host(run.config().game)
    title = f"{run.path.name}: {len(snapshot.levels)} levels after cycle {snapshot.cycle}; p: success rate when last trained"
    table = Table(title=title, box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("id", "parents", "origin", "goal", "p", "p(1-p)", "", "on", "ended"):
        right = name in ("p", "p(1-p)", "ended")
        table.add_column(
            name,
            justify="right" if right else "left",
            no_wrap=name not in ("origin", "goal"),
            min_width=12 * (name == "goal") or None,
        )
    hooked = any(_hooks(record, snapshot) != "-" for record in snapshot.levels.values())
    if hooked:
        table.add_column("hooks (compiled in)")
    for record in snapshot.levels.values():
        table.add_row(*_row(record, snapshot, game), *([_hooks(record, snapshot)] if hooked else []))
    PlainConsole().print(table)
    _print_drafts(snapshot, run)
    return 0


def _print_drafts(snapshot: Snapshot, run: RunDirectory) -> None:
    """What became of every draft, where there were any."""
    found = drafts.lines(snapshot, metrics_rows(run.metrics_file))
    if not found:
        return
    table = Table(title=f"{len(found)} drafts", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in drafts.HEAD:
        table.add_column(name, no_wrap=name in ("asked", "level", "attempts"))
    for one in found:
        table.add_row(*map(escape, one.cells()))
    PlainConsole().print(table)


def export(path: str, folder: str) -> int:
    """Write the run's accepted levels into `folder`, which `levels=` and `dreamer=library` can load.

    A target that is a level goes beside them as `_target.py`, which `target=` can load and those two leave out.
    """
    run = open_run(path)
    target = files.output_path(folder)
    if target.exists() and any(target.iterdir()):
        raise RunError(f"{folder} exists and is not empty; name a new folder")
    snapshot = withdrawn.snapshot_of(run)
    count = write_files(snapshot, files.output_folder(folder))
    sources = [level.source for level in snapshot.accepted().values() if level.source]
    measured = snapshot.levels.get(TARGET)
    if measured is not None and measured.source:
        files.write_text(target / "_target.py", measured.source)
        sources.append(measured.source)
    if origin.needs_mark(run, [level_id(source) for source in sources]):
        origin.mark_foreign(target)
    PlainConsole().print(f"{count} levels written to {folder}")
    return 0
