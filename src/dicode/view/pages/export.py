"""Pages as a folder that opens from disk: nothing in it needs a server, a network or another file.

A page is written again only where its text has changed, every file whole or not at all, so that a folder can be
renewed while somebody looks at it.
"""

import hashlib
from collections.abc import Collection, Mapping, MutableMapping, MutableSet, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from dicode import files, games
from dicode.errors import ConfigError, RunError
from dicode.received import files as received
from dicode.received.shapes import record
from dicode.view.pages import site
from dicode.view.pages.data import RunData, read
from dicode.view.pages.game import Game, of

_LIST = "static/written.json"
_LARGEST = 64 << 20


@dataclass(frozen=True)
class _Written:
    """The list of an export: the hash of each file by its name below the folder."""

    files: Mapping[str, str] = field(default_factory=dict)


def export(paths: Sequence[Path | str], folder: Path | str) -> int:
    """Write the pages of the runs at `paths` into `folder`; returns how many pages there are.

    What an earlier export wrote there and this one does not is removed, unless somebody has changed it since.

    Raises RunError for what is no run, ConfigError where the folder holds something that is no page of ours.
    """
    target = files.output_path(str(folder))
    if target.exists() and not (target / "static/pages.css").is_file() and _holds_files(target):
        raise ConfigError(f"{folder} exists and holds other things than pages; name a new folder")
    datas = [read(path) for path in paths]
    put: set[Path] = set()
    game = of(game_named(datas))
    with files.output(target):
        count = write(datas, target, game, put=put)
        _renew(target, put)
    return count


def _holds_files(path: Path) -> bool:
    """Whether `path` is a file or a folder with more than empty folders in it, which an export that failed may leave."""
    return not path.is_dir() or any(not below.is_dir() or below.is_symlink() for below in path.rglob("*"))


def _renew(folder: Path, put: Collection[Path]) -> None:
    """Remove the files of the last export that are not in `put`, and list those for the next one."""
    now = {path.relative_to(folder).as_posix(): _hash(path.read_bytes()) for path in sorted(put)}
    try:
        before = record(_Written, files.read_json(folder / _LIST)).files
    except (OSError, RunError, ValueError):  # none yet, or not one of ours
        before = {}
    for name in before.keys() - now.keys():
        with suppress(OSError, RunError):
            if _hash(received.read(folder, *name.split("/"), most=_LARGEST)) == before[name]:
                _remove(folder, Path(folder, name))
    files.write_json(folder / _LIST, {"files": now})


def _remove(folder: Path, path: Path) -> None:
    path.unlink()
    for above in path.relative_to(folder).parents[:-1]:
        (folder / above).rmdir()  # OSError where something is left in it


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def game_named(datas: Sequence[RunData]) -> str:
    """The game of runs that are shown together. Raises ConfigError where they have several."""
    names = sorted({str(data.settings.get("game", games.DEFAULT)) for data in datas})
    if len(names) > 1:
        raise ConfigError(f"runs of several games ({', '.join(names)}) have nothing in common to show side by side")
    return names[0] if names else games.DEFAULT


def write(
    datas: Sequence[RunData],
    folder: Path,
    game: Game,
    written: MutableMapping[str, str] | None = None,
    put: MutableSet[Path] | None = None,
) -> int:
    """Write the pages of runs that were read; returns how many pages there are, and adds their files to `put`.

    `written` remembers between calls what each page was made from, so that a page that says nothing new costs little.
    Raises OSError where the disk refuses.
    """
    known: MutableMapping[str, str] = {} if written is None else written
    put = set() if put is None else put
    runs = places(datas, game)
    for name in site.STATIC:
        _put(folder / "static" / name, site.static(name), put)
    count = sum(_write_run(run, folder / prefix, known, put) for prefix, run in runs.items())
    if len(runs) > 1:
        _put(folder / "index.html", site.compare(runs).encode(), put)
        count += 1
    return count


def places(datas: Sequence[RunData], game: Game, live: bool = False) -> dict[str, site.Run]:
    """The runs by their place: the top for one alone, `run-1`, `run-2` and so on for several."""
    if len(datas) == 1:
        return {"": site.Run(datas[0], game, live=live)}
    return {f"run-{i}": site.Run(data, game, f"run-{i}/", live, True) for i, data in enumerate(datas, 1)}


def _write_run(run: site.Run, folder: Path, known: MutableMapping[str, str], put: MutableSet[Path]) -> int:
    count = 0
    for address, version, render in run.pages():
        if not version or known.get(run.prefix + address) != version:
            _put(folder / address, render().encode(), put)
            known[run.prefix + address] = version
        count += 1
    for level in run.levels.lines:
        if (picture := run.data.picture(level)) is not None:
            _put(folder / "pictures" / f"{level}.png", run.data.content(picture), put)
    for name in (*site.FIGURES, *site.GIFS):
        if (figure := run.data.file(name)) is not None:
            _put(folder / name, run.data.content(figure), put)
    return count


def _put(path: Path, content: bytes, put: MutableSet[Path]) -> None:
    """Write a file unless it holds this already, and add it to `put`."""
    put.add(path)
    if path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
