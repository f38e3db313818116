"""The library dreamer: proposes levels that exist already, the readiest first.

The levels are the game's own or a folder of files (`dicode levels export`, or written by hand). It
draws no randomness: which level comes next follows from what the agent can do and what the archive holds.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dicode import files
from dicode.dreaming.dreamer import Dreamer, Outcome, Validate, lost
from dicode.errors import LevelError, RunError
from dicode.games.host import HostGame
from dicode.games.level_text import decode, parse_level
from dicode.received import files as received
from dicode.types import Brief, Draft, Origin, Rejected

_log = logging.getLogger(__name__)

MAX_BYTES = 1 << 20
"""Bytes of a level file."""


@dataclass(frozen=True)
class Volume:
    """One level of the library."""

    name: str
    draft: Draft
    path: Path | None = None
    """Its file, where it is one of a folder."""

    @property
    def called(self) -> str:
        """What a person knows it by: the file's path, or its name."""
        return str(self.path or self.name)


def read_folder(folder: Path, origin: Origin) -> tuple[Volume, ...]:
    """Every level file of a folder, by name; files that begin with an underscore are left out.

    Raises RunError for a folder without levels and for a file that isn't a level, with its name and why.
    """
    paths = [path for path in files.level_files(Path(folder)) if not path.name.startswith("_")]
    if not paths:
        raise RunError(f"{folder} holds no level files (*.py); `dicode levels export RUN DIR` writes some")
    return tuple(_read(path, origin) for path in paths)


def _read(path: Path, origin: Origin) -> Volume:
    try:
        source = decode(received.read(path.parent, path.name, most=MAX_BYTES))
    except (LevelError, FileNotFoundError) as error:
        raise RunError(f"{path} can't be read: {error}") from error
    return volume(path.stem, source, origin, path)


def volume(name: str, source: str, origin: Origin, path: Path | None = None) -> Volume:
    """A level of the library from its text. Raises RunError, with the level's path or name, where it is none."""
    text = parse_level(source)
    if isinstance(text, Rejected):
        raise RunError(f"{path or name} is not a level: {text.reason}; {text.hint}")
    return Volume(name, Draft(source, text.description, origin, move="library"), path)


class LibraryDreamer(Dreamer):
    """Answers each brief with the readiest level that the archive doesn't hold."""

    name = "library"

    def __init__(self, game: HostGame, folder: Path | None = None) -> None:
        """`folder`: a folder of level files; the game's own library if None."""
        own = [volume(name, source, Origin.LIBRARY) for name, source in game.library()] if folder is None else []
        self._volumes = tuple(own) if folder is None else read_folder(folder, Origin.FILE)
        self._readiness, self._serves = game.dreams().readiness, game.dreams().serves

    def dream(self, briefs: Sequence[Brief], validate: Validate) -> list[Outcome]:
        """One outcome per brief; `lost` once every level is in the archive. A library level has no parents."""
        taken: set[str] = set()
        return [self._answer(brief, validate, taken) for brief in briefs]

    def _answer(self, brief: Brief, validate: Validate, taken: set[str]) -> Outcome:
        allowed = _filter(brief)
        fresh = [v for v in self._volumes if v.draft.id not in brief.known | taken and allowed(v)]
        if not fresh:
            return lost("every level of the library is in the archive already")
        aim = brief.target
        near = [v for v in fresh if aim and self._serves(v.draft.source, aim.source)] or fresh
        first = min(near, key=lambda v: (self._readiness(v.draft.source, brief.target_success), v.name))
        draft = first.draft
        taken.add(draft.id)
        verdict = validate(draft)
        if isinstance(verdict, Rejected):
            _log.warning("%s %s", first.called, verdict.sentence)
        return Outcome(draft, verdict)


def _filter(brief: Brief) -> Callable[[Volume], bool]:
    """What a brief leaves out: levels with hooks where none are allowed."""

    def allowed(volume: Volume) -> bool:
        text = parse_level(volume.draft.source)
        return brief.allow_hooks or isinstance(text, Rejected) or not text.hooks

    return allowed
