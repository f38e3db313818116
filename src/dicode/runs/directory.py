"""A run's directory: what lies where, who holds it, and what may be published.

Everything needed to resume, replay, evaluate and share is inside, whatever becomes of what it was made from; nothing
in it names a path of the machine or holds a key.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path

from dicode import files
from dicode.config import Config, DistributedConfig, from_yaml, to_yaml
from dicode.curriculum.archive import Archive
from dicode.errors import ConfigError, RunError, nearest
from dicode.received import files as received
from dicode.received import places, seal
from dicode.runs import checkpoint, seed_files

MOST_NAME = 200
"""Bytes of a run's name at most: what file systems take, with room for what stands before it while it is made."""


@dataclass(frozen=True)
class RunDirectory:
    """The layout of one run."""

    path: Path

    @property
    def config_file(self) -> Path:
        """The composed configuration."""
        return self.path / places.CONFIG

    @property
    def archive_file(self) -> Path:
        """Every level, verdict and trial."""
        return self.path / places.ARCHIVE

    @property
    def checkpoints(self) -> Path:
        """Learner states by cycle."""
        return self.path / "checkpoints"

    @property
    def journal(self) -> Path:
        """Every foundation-model call."""
        return self.path / "journal"

    @property
    def levels(self) -> Path:
        """Accepted levels as files."""
        return self.path / "levels"

    @property
    def seeds(self) -> Path:
        """The level files that `levels=` named, copied when the run was made."""
        return self.path / "seeds"

    @property
    def target_file(self) -> Path:
        """The text of the target where that is a level, copied when the run was made."""
        return self.path / "target" / "target.py"

    @property
    def start(self) -> Path:
        """The checkpoint that `from=` named, copied when the run was made."""
        return self.path / "start"

    @property
    def metrics_file(self) -> Path:
        """One JSON object a cycle."""
        return self.path / "metrics.jsonl"

    @property
    def wandb_file(self) -> Path:
        """The id of the run at W&B."""
        return self.path / "wandb.id"

    @property
    def withdrawn_file(self) -> Path:
        """Levels whose hooks hung, and when."""
        return self.path / "withdrawn.jsonl"

    @property
    def lengthened_file(self) -> Path:
        """When the run was made longer."""
        return self.path / "lengthened.jsonl"

    @property
    def report(self) -> Path:
        """Pictures."""
        return self.path / "report"

    @property
    def evaluation(self) -> Path:
        """Results of `dicode eval` by checkpoint."""
        return self.path / "evaluation"

    def config(self, believed: bool = False) -> Config:
        """The configuration the run was started with. Raises RunError that names the file, and the line where it can.

        A game of another package is imported only on the word of a configuration that was written here, or `believed`.
        """
        text = files.read_text(self.config_file, files.MAX_CONFIG)
        last = fields(Config)[-1].name
        if last not in files.read_yaml(self.config_file):
            raise files.damaged(self.config_file, f"it ends before {last}, its last section")
        try:
            config = from_yaml(text)
        except (ConfigError, ValueError, TypeError) as error:
            raise RunError(f"{self.config_file}: {str(error).splitlines()[0]}") from error
        if "." in config.game and not (believed or seal.text_fits(text)):
            raise RunError(
                f"{self.config_file} was not written by you on this machine, and it imports the package {config.game!r}; "
                f"if you mean it: `dicode adopt {self.path} settings`"
            )
        return config

    def write_config(self, config: Config, sealed: bool = False) -> None:
        """Replace the configuration, at once or not at all. Folders and addresses of this machine stay out: a run may be moved.

        `sealed`: this machine will know it again as its own (`dicode.received.seal`).
        """
        kept = replace(config, runs_dir="runs", levels=_base(config.levels), warm_start=_base(config.warm_start))
        kept = replace(kept, target=Path(config.target).name)
        text = to_yaml(replace(kept, distributed=DistributedConfig()))
        files.write_text(self.config_file, seal.seal_text(text) if sealed else text)

    def require_writable(self) -> None:
        """Raise RunError, before anything long begins, if this process may not write what training writes."""
        folders = (self.checkpoints, self.journal, self.levels, self.report, self.evaluation)
        notes = (self.withdrawn_file, self.lengthened_file)
        written = (self.config_file, self.archive_file, self.metrics_file, self.journal / "calls.jsonl", *notes)
        files.require_writable(self.path, *folders, written=written)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the run; a second writer is refused, readers are not. The lock dies with the process."""

        def refuse() -> None:
            raise RunError(f"another process is training {self.path}; wait for it or end it")

        with files.held(self.path / ".lock", refuse):
            yield


def path_of(config: Config) -> Path:
    """Where the run of a configuration lies."""
    return Path(config.runs_dir, config.name)


def require_free(config: Config) -> Path:
    """Where the run of a configuration will lie. Raises RunError if something lies there, or it can't have that name."""
    path = path_of(config)
    if len(path.name.encode()) > MOST_NAME:
        raise RunError(f"run={path.name[:20]}... has {len(path.name)} characters; use at most {MOST_NAME}")
    if path.exists():
        raise RunError(f"{path} exists; continue it with `dicode resume {path}`, or choose another name with run=NAME")
    if path.parent.exists() and not path.parent.is_dir():
        raise RunError(f"runs_dir={path.parent} is a file; name a folder")
    return path


def create(config: Config, start: Path | None = None, sealed: bool = True, target: str = "") -> RunDirectory:
    """Make a new run directory with all that the run depends on: configuration, seed levels, an empty archive.

    `start`: the folder of checkpoints of which the newest is copied, to begin with its parameters. `sealed`: the
    configuration is the person's own. `target`: the text of a target that is a level. Raises RunError if the run exists or cannot be made.
    """
    path = require_free(config)
    staging = path.with_name(f".{path.name}.{os.getpid()}")
    with files.refusals("write to", path.parent):
        try:
            _fill(RunDirectory(staging), config, start, sealed, target)
            files.sync_tree(staging)
            staging.rename(path)
            files.sync(path.parent)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise
    return RunDirectory(path)


def _fill(run: RunDirectory, config: Config, start: Path | None, sealed: bool, target: str) -> None:
    run.path.mkdir(parents=True)
    if start is not None:
        checkpoint.copy_newest(start, run.start)
    run.write_config(replace(config, run=config.name), sealed)
    if config.levels:
        seed_files.copy(Path(config.levels), run.seeds)
    if target:
        run.target_file.parent.mkdir()
        files.write_text(run.target_file, target)
    Archive(run.archive_file).close()


def _base(path: str | None) -> str | None:
    return places.named(path).name if path else None


def open_run(path: str | Path, writing: bool = False) -> RunDirectory:
    """An existing run, of plain files and folders only (`received.files.check_tree`).

    Raises RunError that names the nearest run beside it, what the run has lost, or what does not belong in one.
    """
    run = RunDirectory(places.named(path))
    with files.refusals("open", path):
        if run.config_file.is_symlink() or run.config_file.exists():
            received.check_tree(run.path, writing)
            return run
        if run.archive_file.exists():
            raise RunError(f"{run.config_file} is missing, which says how the run is made; copy it back")
    raise RunError(_no_run(str(path)))


def _no_run(path: str) -> str:
    """What is wrong with the path of a run, and what was meant: in `runs`, above, inside, or of nearly that name."""
    if not path.strip():
        return "no run is named; write runs/NAME"
    given = Path(path)
    for other in (Path("runs", path), *given.parents):
        if other != Path() and (other / places.CONFIG).is_file():
            return f"{path} is not a run; did you mean {str(other)!r}?"
    inside = sorted(p.parent.name for p in given.glob(f"*/{places.CONFIG}")) if given.is_dir() else []
    if inside:
        return f"{path} is not a run, but holds some: {', '.join(inside[:8])}"
    names = sorted(p.parent.name for p in given.parent.glob(f"*/{places.CONFIG}")) if given.parent.is_dir() else []
    hint = nearest(given.name, names)
    return f"{path} is not a run{hint}" + (f" (runs there: {', '.join(names[:8])})" if names and not hint else "")
