"""Numbers for machines: `metrics.jsonl` always, TensorBoard and Weights & Biases when asked."""

import json
import logging
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from dicode import files, lines
from dicode.config import Config
from dicode.errors import missing_extra
from dicode.runs.directory import RunDirectory
from dicode.settings import to_tree

_log = logging.getLogger(__name__)


class Sink(Protocol):
    """Takes one row of scalars a cycle."""

    def write(self, row: Mapping[str, Any]) -> None:
        """Record a row; `cycle` and `env_steps` are always in it."""
        ...

    def close(self) -> None:
        """Flush."""
        ...


class JsonLines:
    """One JSON object a line, on disk before the cycle is committed; rows above the commit are cut on start."""

    def __init__(self, path: Path, committed: int):
        rows = lines.read(path)
        odd = next((n for n, row in enumerate(rows, 1) if type(row.get("cycle", -1)) is not int), None)
        if odd:
            raise lines.damaged(path, odd, "says no cycle")
        kept = [row for row in rows if row.get("cycle", -1) <= committed]
        if len(kept) < len(rows):
            files.write_text(path, "".join(json.dumps(row) + "\n" for row in kept))
        missing = sorted({*range(committed + 1)} - {row.get("cycle") for row in kept})
        if missing:
            _log.warning(
                "%s lacks %d finished cycles (from cycle %d on); they are lost", path, len(missing), missing[0]
            )
        self._lines = lines.Lines(path)

    def write(self, row: Mapping[str, Any]) -> None:
        """Append and flush to disk."""
        self._lines.append(row)

    def close(self) -> None:
        """Close the file."""
        self._lines.close()


class TensorBoard:
    """Scalars under the run's `tensorboard/`."""

    def __init__(self, folder: Path):
        try:
            from tensorboardX import SummaryWriter
        except ImportError as error:
            raise missing_extra("tensorboard") from error
        self._writer = SummaryWriter(str(folder))

    def write(self, row: Mapping[str, Any]) -> None:
        """One scalar a key, at env_steps."""
        for name, value in _scalars(row).items():
            self._writer.add_scalar(name, value, int(row["env_steps"]))
        self._writer.flush()

    def close(self) -> None:
        """Flush."""
        self._writer.close()


class WeightsAndBiases:
    """A W&B run of the same name, one for the run's whole life; `WANDB_MODE=offline` needs no network.

    Its id is kept in the run's `wandb.id` before W&B hears of it, so that a resumed run goes on in the same one.
    """

    def __init__(self, config: Config, run: RunDirectory):
        try:
            import wandb
        except ImportError as error:
            raise missing_extra("wandb") from error
        if not run.wandb_file.exists():
            files.write_text(run.wandb_file, secrets.token_hex(4))
        self._run = wandb.init(
            project=config.logging.wandb_project,
            name=config.name,
            dir=str(run.path),
            config=to_tree(config),
            id=files.read_text(run.wandb_file).strip(),
            resume="allow",
        )

    def write(self, row: Mapping[str, Any]) -> None:
        """Log the row at env_steps."""
        self._run.log(_scalars(row), step=int(row["env_steps"]))

    def close(self) -> None:
        """Finish the W&B run."""
        self._run.finish()


def _scalars(row: Mapping[str, Any], prefix: str = "") -> dict[str, float]:
    flat: dict[str, float] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            flat |= _scalars(value, f"{prefix}{name}/")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            flat[f"{prefix}{name}"] = value
    return flat


def open_sinks(config: Config, run: RunDirectory, committed: int) -> list[Sink]:
    """Every sink that the configuration asks for. Raises ConfigError for a missing extra."""
    sinks: list[Sink] = [JsonLines(run.metrics_file, committed)]
    if config.logging.tensorboard:
        sinks.append(TensorBoard(run.path / "tensorboard"))
    if config.logging.wandb:
        sinks.append(WeightsAndBiases(config, run))
    return sinks
