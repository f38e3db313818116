"""The task that the agent is measured on: the game as it is, or a level whose text belongs to the run.

`target=` names it when a run is made: `game`, `library:NAME`, or a level file. From then on its text lies in the run's
folder, and neither the file nor the library is read again.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from dicode import files, games
from dicode.config import Config
from dicode.curriculum.archive import Archive
from dicode.curriculum.snapshot import target_record
from dicode.errors import ConfigError, RunError, nearest
from dicode.evaluation.results import Task
from dicode.games.level_text import parse_level
from dicode.received.files import MAX_LEVEL
from dicode.runs import origin
from dicode.runs.directory import RunDirectory
from dicode.runs.level_files import read_file
from dicode.types import TARGET, LevelRecord, Rejected

if TYPE_CHECKING:  # a target's text is read before JAX is worth importing
    from dicode.training.builder import LevelBuilder


def read(config: Config) -> str:
    """The text that `target=` names, empty for the game. Raises ConfigError for one that is no level."""
    if config.target == games.GAME:
        return ""
    if config.target.startswith(games.LIBRARY):
        return games.library_level(config.game, config.target)
    path = Path(config.target)
    if not path.is_file():
        beside = [other.name for other in path.parent.glob("*.py")] if path.parent.is_dir() else []
        raise ConfigError(f"target={config.target}: there is no such file{nearest(path.name, beside)}")
    source = read_file(path)
    text = parse_level(source)
    if isinstance(text, Rejected):
        raise ConfigError(f"target={config.target} is not a level: {text.reason}; {text.hint}")
    return source


def of(run: RunDirectory, config: Config) -> str:
    """The text of a run's target, empty for the game. Raises RunError where the run has lost it."""
    if config.target == games.GAME:
        return ""
    if not run.target_file.is_file():
        raise RunError(
            f"{run.target_file} is missing, the level that the agent of this run is measured on; copy it back"
        )
    source = files.read_text(run.target_file, MAX_LEVEL)
    if not source.strip():
        raise files.damaged(run.target_file, "it is empty")
    return source


def task(run: RunDirectory) -> Task:
    """What an evaluation of the run plays as its target. Raises RunError where the run was trained on another one."""
    source = of(run, run.config())
    if not source:
        return Task()
    with Archive(run.archive_file, read_only=True) as archive:
        _check_same(run, source, archive.snapshot().levels.get(TARGET))
    return Task(source, foreign=origin.standing(run).foreign)


def _check_same(run: RunDirectory, source: str, known: LevelRecord | None) -> None:
    if known is not None and known.source != source:
        raise RunError(
            f"{run.archive_file} was trained on another target than {run.target_file} holds: they are not of one run"
        )


def description(source: str) -> str:
    """What a target's text says of itself."""
    text = parse_level(source)
    return "A level." if isinstance(text, Rejected) else text.description


def record(run: RunDirectory, config: Config, archive: Archive, builder: "LevelBuilder") -> LevelRecord:
    """The target as the archive holds it, or, before the first cycle, checked like any level.

    Raises ConfigError for a level that is rejected, RunError where archive and folder hold different ones.
    """
    source, known = of(run, config), archive.snapshot().levels.get(TARGET)
    _check_same(run, source, known)
    if known is not None or not source:
        return known or target_record()
    verdict = builder.check_target(source)
    if isinstance(verdict, Rejected):
        raise ConfigError(f"target={config.target} {verdict.sentence}")
    return target_record(source, description(source), verdict)
