"""Where level files lie: in a run, beside a mark, or nowhere in particular, told by names of files alone.

What follows for a level's code is `dicode.runs.origin`'s to say; it reads archives, and is asked where there is something to read.
"""

from pathlib import Path

CONFIG, ARCHIVE = "config.yaml", "archive.sqlite"
"""Two files that make a folder a run."""
MARK = "foreign"
"""A file of this name beside level files says that they are of a run that this machine did not make, or a model's."""


def named(path: Path | str) -> Path:
    """`path`, in full where it ends in `.` or `..`: then it has no name by which something could be called."""
    given = Path(path)
    return given.resolve() if given.name in ("", "..") else given


def folder_of(path: Path) -> Path:
    """The folder of level files at `path`, which is a folder or a file."""
    return path if path.is_dir() else path.parent


def run_above(path: Path) -> Path | None:
    """The innermost run that holds `path`."""
    folder = folder_of(path).resolve()
    return next((f for f in (folder, *folder.parents) if (f / ARCHIVE).is_file() and (f / CONFIG).is_file()), None)


def is_a_persons_own(path: Path) -> bool:
    """Whether level files at `path` are in no run and beside no mark."""
    return not (folder_of(path) / MARK).exists() and run_above(path) is None
