"""The level files that a run begins with: copied when it is made, with a list by which it knows what it has lost.

`seeds/files.json` holds the id of each file's text by the file's name. A run that was made before there was such a list is
believed to hold what it began with.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dicode import files
from dicode.config import Config
from dicode.errors import RunError
from dicode.received.files import MAX_LEVEL
from dicode.received.text import line
from dicode.runs.level_files import read_file
from dicode.types import level_id

if TYPE_CHECKING:
    from dicode.runs.directory import RunDirectory

LIST = "files.json"
_NAMED = 3
"""Files that a sentence names."""


def copy(source: Path, folder: Path) -> None:
    """Copy the level files of `source` into the new folder `folder`, and list them."""
    folder.mkdir()
    for file in files.level_files(source):
        files.write_text(folder / file.name, read_file(file))
    files.write_json(folder / LIST, ids(folder))


def ids(folder: Path, read: Callable[[Path], str] | None = None) -> dict[str, str]:
    """The id of each level file's text by the file's name, as `read` reads it (default: a run's own)."""
    text = read or (lambda path: files.read_text(path, MAX_LEVEL))
    return {path.name: level_id(text(path)) for path in files.level_files(folder)}


def of(run: "RunDirectory", config: Config) -> Path | None:
    """The folder of the level files that a run begins with, None where it begins without.

    Raises RunError where they, or some of them, are lost or others than they were.
    """
    if not run.seeds.is_dir():
        if config.levels:
            raise RunError(f"{run.seeds} is missing, the level files that this run begins with; copy it back")
        return None
    if (run.seeds / LIST).exists():
        _check_whole(run.seeds, files.read_json(run.seeds / LIST))
    return run.seeds


def _check_whole(folder: Path, listed: Mapping[str, object]) -> None:
    found = ids(folder)
    lost, strange = sorted(listed.keys() - found.keys()), sorted(found.keys() - listed.keys())
    changed = sorted(name for name in found.keys() & listed.keys() if found[name] != listed[name])
    for names, what, remedy in (
        (lost, "lacks {}, with which this run begins", "copy what is missing back"),
        (changed, "holds another {} than this run was made with", "copy the first one back"),
        (strange, "holds {}, with which this run was not made", "take that out of there"),
    ):
        if names:
            raise RunError(f"{folder} {what.format(_named(names))}; {remedy}")


def _named(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(line(name, 60) for name in names[:_NAMED]) + more
