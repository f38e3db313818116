"""A run's directory: what lies where, who holds it, and what may be published.

Everything needed to resume, replay, evaluate and share is inside; nothing in it names a path of the
machine or holds a key.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from dicode.config import Config, DistributedConfig, from_yaml, to_yaml
from dicode.errors import RunError, nearest


@dataclass(frozen=True)
class RunDirectory:
    """The layout of one run."""

    path: Path

    @property
    def config_file(self) -> Path:
        """The composed configuration."""
        return self.path / "config.yaml"

    @property
    def archive_file(self) -> Path:
        """Every level, verdict and trial."""
        return self.path / "archive.sqlite"

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
    def metrics_file(self) -> Path:
        """One JSON object a cycle."""
        return self.path / "metrics.jsonl"

    @property
    def withdrawn_file(self) -> Path:
        """Levels whose hooks hung, and when."""
        return self.path / "withdrawn.jsonl"

    @property
    def report(self) -> Path:
        """Pictures."""
        return self.path / "report"

    @property
    def evaluation(self) -> Path:
        """Results of `dicode eval` by checkpoint."""
        return self.path / "evaluation"

    def config(self) -> Config:
        """The configuration the run was started with."""
        return from_yaml(self.config_file.read_text())

    def write_config(self, config: Config) -> None:
        """Replace the configuration, at once or not at all. Folders and addresses of this machine stay out: a run may be moved."""
        kept = replace(config, runs_dir="runs", levels=_base(config.levels), warm_start=_base(config.warm_start))
        kept = replace(kept, distributed=DistributedConfig())
        partial = self.config_file.with_suffix(".tmp")
        try:
            partial.write_text(to_yaml(kept))
            partial.replace(self.config_file)
        except OSError as error:
            raise RunError(f"cannot write {self.config_file}: {error.strerror or error}") from error

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the run; a second writer is refused, readers are not. The lock dies with the process."""
        with open(self.path / ".lock", "w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise RunError(f"another process is training {self.path}; wait for it or end it") from error
            yield


def path_of(config: Config) -> Path:
    """Where the run of a configuration lies."""
    return Path(config.runs_dir, config.name)


def create(config: Config) -> RunDirectory:
    """Make a new run directory with its configuration. Raises RunError if it exists or cannot be made."""
    path = path_of(config)
    if path.exists():
        raise RunError(f"{path} exists; continue it with `dicode resume {path}`, or choose another name with run=NAME")
    staging = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        staging.mkdir(parents=True)
        RunDirectory(staging).write_config(replace(config, run=config.name))
        if config.levels:
            shutil.copytree(config.levels, staging / "seeds", ignore=_all_but_levels)
        staging.rename(path)
    except OSError as error:
        raise RunError(f"cannot write to {path.parent}: {error.strerror or error}") from error
    return RunDirectory(path)


def _all_but_levels(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if not name.endswith(".py")]


def _base(path: str | None) -> str | None:
    return Path(path).name if path else None


def open_run(path: str | Path) -> RunDirectory:
    """An existing run. Raises RunError that names the nearest run beside it."""
    run = RunDirectory(Path(path))
    if not run.config_file.is_file():
        beside = run.path.parent
        names = [p.parent.name for p in beside.glob("*/config.yaml")] if beside.is_dir() else []
        hint = nearest(run.path.name, names)
        raise RunError(
            f"{path} is not a run{hint}"
            + ("" if hint or not names else f" (runs there: {', '.join(sorted(names)[:8])})")
        )
    return run
