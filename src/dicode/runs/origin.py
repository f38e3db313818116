"""Whose run is it? What this machine knows, and what follows for the run's code and for what it would send.

Two things of a run are sealed when they are written (`dicode.received.seal`): its configuration, and the origin of each
level and seed file. What a file says of itself counts for nothing. A run whose code is not sealed is foreign: every
level of it runs behind the full wall. A configuration that is not sealed names no model, no key and no service.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dicode import files
from dicode.config import Config
from dicode.curriculum.archive import SEALED, Archive
from dicode.errors import RunError
from dicode.received import seal
from dicode.received.files import check_tree
from dicode.received.places import MARK, folder_of, run_above
from dicode.received.text import line
from dicode.runs import seed_files
from dicode.runs.directory import RunDirectory
from dicode.runs.level_files import read_file
from dicode.types import level_id

_SEED_SEAL = "sealed"


@dataclass(frozen=True)
class Standing:
    """What this machine knows of a run."""

    settings: bool
    """config.yaml is, to the letter, one that was written here."""
    strangers: tuple[str, ...]
    """Levels and seed files that nothing here vouches for."""

    @property
    def foreign(self) -> bool:
        """Whether the run's code needs the full wall, all of it."""
        return bool(self.strangers)


def standing(run: RunDirectory) -> Standing:
    """What this machine knows of `run`. Raises RunError for an archive that can't be read."""
    with Archive(run.archive_file, read_only=True) as archive:
        strangers = archive.strangers()
    if run.seeds.is_dir() and not _seeds_fit(run.seeds):
        strangers += [f"seeds/{path.name}" for path in files.level_files(run.seeds)]
    if run.target_file.is_file() and not _seeds_fit(run.target_file.parent):
        strangers.append("target/target.py")
    return Standing(seal.text_fits(files.read_text(run.config_file, files.MAX_CONFIG)), tuple(strangers))


def admit(run: RunDirectory, config: Config, known: Standing) -> Config:
    """The configuration with which a run may go on here.

    Raises RunError where it would send anything on the word of a configuration that was not written here. A wall that
    such a configuration lowers stands again.
    """
    if known.settings:
        return replace(config, sandbox="auto") if known.foreign and config.sandbox == "weak" else config
    asked = sends(config)
    if asked:
        raise RunError(
            f"{run.config_file} was not written by you on this machine, or was changed since, and it {' and '.join(asked)}; "
            f"nothing is sent on its word. If you mean it: `dicode adopt {run.path} settings`"
        )
    return replace(config, sandbox="auto")


def sends(config: Config) -> list[str]:
    """What a configuration would send, start and import, in words; empty for a run that stays on this machine."""
    found = []
    if config.dreamer.name in ("foundation", "auto") and config.fm.journal != "replay":
        for model in (config.fm, *config.models.values()):
            if model.command:
                found.append(f"runs the program {line(model.command, 120)!r}")
            key = f" with the key in {line(model.key_env, 60)}" if model.key_env else ""
            found.append(f"asks the model {line(model.model, 60)!r} at {line(model.base_url, 120)!r}{key}")
    if "." in config.game:
        found.append(f"imports the package {line(config.game, 60)!r}")
    if config.logging.wandb:
        found.append(f"logs to the Weights & Biases project {line(config.logging.wandb_project, 60)!r}")
    return found


def seal_seeds(folder: Path) -> None:
    """Vouch for the level files of a run's `seeds/` or `target/`; does nothing where there is no such folder."""
    if not folder.is_dir():
        return
    made = seal.seal("seeds", *_seed_ids(folder))
    if made is not None:
        files.write_text(folder / _SEED_SEAL, f"{made}\n")


def _seeds_fit(folder: Path) -> bool:
    path = folder / _SEED_SEAL
    return path.is_file() and seal.fits(files.read_text(path, 1024).strip(), "seeds", *_seed_ids(folder))


def _seed_ids(folder: Path) -> list[str]:
    return [f"{name} {text}" for name, text in seed_files.ids(folder).items()]


def foreign_levels(path: Path) -> bool:
    """Whether level files at `path` (a folder or a file) are known to come from elsewhere, or from a model.

    So are those in a run, unless this machine recorded each as the grammar's, the library's or the person's own, and
    those beside a file `foreign`, which `dicode levels export` leaves there.
    """
    folder = folder_of(path)
    if (folder / MARK).exists():
        return True
    above = run_above(path)
    if above is None:
        return False
    check_tree(above)
    known = _vouched(RunDirectory(above))
    texts = files.level_files(folder) if path.is_dir() else [path]
    return any(level_id(read_file(text)) not in known for text in texts)


def _vouched(run: RunDirectory) -> set[str]:
    """Ids of the levels of a run of whose code this machine knows that it needs no more than limits."""
    with Archive(run.archive_file, read_only=True) as archive:
        strangers = set(archive.strangers())
        found = {r.id for r in archive.snapshot().levels.values() if r.origin in SEALED} - strangers
    for folder in (run.seeds, run.target_file.parent):
        if folder.is_dir() and _seeds_fit(folder):
            found |= set(seed_files.ids(folder).values())
    return found


def mark_foreign(folder: Path) -> None:
    """Note beside exported level files that they need the full wall, whoever loads them."""
    text = "These levels come from a run of another machine, or from a model; they run behind the full wall only.\n"
    files.write_text(folder / MARK, text)


def needs_mark(run: RunDirectory, ids: Sequence[str]) -> bool:
    """Whether files of these levels of `run` must be marked."""
    return bool(set(ids) - _vouched(run))
