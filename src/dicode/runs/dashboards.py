"""TensorBoard and Weights & Biases: a run's numbers under one set of names, its evaluations, pictures and levels.

Names begin with what they are of: `train/` the learner, `target/` the unmodified game as trained, `eval/` held-out worlds,
`levels/` the archive, `fm/` the foundation model. The step is `env_steps` everywhere.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from dicode import files, games
from dicode.config import Config
from dicode.curriculum.snapshot import Snapshot
from dicode.errors import ConfigError, missing_extra
from dicode.received.text import line
from dicode.runs.directory import RunDirectory
from dicode.settings import to_tree
from dicode.types import TARGET, Accepted, LevelRecord, Rejected
from dicode.view import words

COLUMNS = ("id", "parents", "author", "born", "state", "status", "success", "episodes", "goal", "description", "source")
"""Of the table of levels; the lineage is in `parents`."""
_NEWEST = 24
"""Levels that TensorBoard's table shows; it lays out Markdown, and slowly."""


class Dashboard(Protocol):
    """Shows a run elsewhere. `write` takes one row a cycle; the others come as they are made."""

    def write(self, row: Mapping[str, Any]) -> None:
        """Record a row; `cycle` and `env_steps` are always in it."""
        ...

    def evaluated(self, result: Mapping[str, Any]) -> None:
        """Record an evaluation, as `evaluation/*.json` holds it."""
        ...

    def drawn(self, report: Path, snapshot: Snapshot, env_steps: int) -> None:
        """Record the pictures of the report and the levels of the archive."""
        ...

    def close(self) -> None:
        """Flush."""
        ...


class TensorBoard:
    """Events under the run's `tensorboard/`."""

    def __init__(self, config: Config, run: RunDirectory) -> None:
        try:
            from tensorboardX import SummaryWriter
        except ImportError as error:
            raise missing_extra("tensorboard") from error
        self._writer = SummaryWriter(str(run.path / "tensorboard"))
        self._names = games.load_host(config.game).achievements

    def write(self, row: Mapping[str, Any]) -> None:
        """One scalar a name."""
        self._scalars(of_row(row, self._names), int(row["env_steps"]))

    def evaluated(self, result: Mapping[str, Any]) -> None:
        """One scalar a name."""
        self._scalars(of_evaluation(result), int(result["env_steps"]))

    def drawn(self, report: Path, snapshot: Snapshot, env_steps: int) -> None:
        """Pictures, films among them, as they are in the report; the newest levels as text."""
        from tensorboardX.proto.summary_pb2 import Summary

        for name, path in pictures(report).items():
            image = Summary.Image(encoded_image_string=path.read_bytes(), colorspace=3)
            self._writer.file_writer.add_summary(Summary(value=[Summary.Value(tag=name, image=image)]), env_steps)
        shown = list(level_rows(snapshot))[-_NEWEST:]
        self._writer.add_text("levels/table", _markdown(shown), env_steps)
        self._writer.flush()

    def close(self) -> None:
        """Flush."""
        self._writer.close()

    def _scalars(self, scalars: Mapping[str, float], step: int) -> None:
        for name, value in scalars.items():
            self._writer.add_scalar(name, value, step)
        self._writer.flush()


class WeightsAndBiases:
    """A W&B run of the same name, one for the run's whole life; `WANDB_MODE=offline` needs no network.

    Its id is kept in the run's `wandb.id` before W&B hears of it, so that a resumed run goes on in the same one.
    """

    def __init__(self, config: Config, run: RunDirectory) -> None:
        try:
            import wandb
        except ImportError as error:
            raise missing_extra("wandb") from error
        if not run.wandb_file.exists() or not files.read_text(run.wandb_file).strip():
            files.write_text(run.wandb_file, secrets.token_hex(4))
        self._wandb, self._names = wandb, games.load_host(config.game).achievements
        self._run = self._begun(config, run)

    def _begun(self, config: Config, run: RunDirectory) -> Any:
        try:
            return self._wandb.init(
                project=config.logging.wandb_project,
                name=config.name,
                group=group_of(config),
                job_type="train",
                tags=[config.preset, config.method.name, config.agent.kind, config.dreamer.name, config.game],
                dir=str(run.path),
                config=to_tree(config),
                id=files.read_text(run.wandb_file).strip(),
                resume="allow",
            )
        except Exception as error:  # the package has no class that all of its errors are of
            raise ConfigError(
                f"Weights & Biases can't be begun ({type(error).__name__}: {line(str(error), 160)}); `wandb login` "
                "gives it a key, WANDB_MODE=offline needs none"
            ) from error

    def write(self, row: Mapping[str, Any]) -> None:
        """Log the row at env_steps."""
        self._run.log(of_row(row, self._names), step=int(row["env_steps"]))

    def evaluated(self, result: Mapping[str, Any]) -> None:
        """Log the evaluation at env_steps."""
        self._run.log(of_evaluation(result), step=int(result["env_steps"]))

    def drawn(self, report: Path, snapshot: Snapshot, env_steps: int) -> None:
        """Pictures and films of the report, and every level with its source as a table."""
        media: dict[str, Any] = {}
        for name, path in pictures(report).items():
            film = path.suffix == ".gif"
            media[name] = self._wandb.Video(str(path), format="gif") if film else self._wandb.Image(str(path))
        rows = [[row[column] for column in COLUMNS] for row in level_rows(snapshot)]
        media["levels/table"] = self._wandb.Table(columns=list(COLUMNS), data=rows)
        self._run.log(media, step=env_steps)

    def close(self) -> None:
        """Finish the W&B run."""
        self._run.finish()


def open_dashboards(config: Config, run: RunDirectory) -> list[Dashboard]:
    """Those that the configuration asks for. Raises ConfigError for a missing extra."""
    dashboards: list[Dashboard] = []
    if config.logging.tensorboard:
        dashboards.append(TensorBoard(config, run))
    if config.logging.wandb:
        dashboards.append(WeightsAndBiases(config, run))
    return dashboards


def group_of(config: Config) -> str:
    """The name that runs have in common which differ by their seed: the run's own without it.

    Only the seed of a name that a run has by itself, or `-seed-N` at the end of a given one, is taken for one.
    """
    default = replace(config, run="").name
    stem = default.removesuffix(f"-{config.seed}")
    own = re.sub(rf"^{re.escape(default)}(?=-|$)", stem, config.name)
    return config.logging.wandb_group or own.removesuffix(f"-seed-{config.seed}")


def of_row(row: Mapping[str, Any], achievements: Sequence[str]) -> dict[str, float]:
    """A cycle's scalars by name. What never succeeded on a target that was played is 0, not missing."""
    flat: dict[str, float] = {"cycle": row["cycle"], "env_steps": row["env_steps"]}
    known = row.get("target_success") or {}
    if row.get("target_return") is not None:
        flat["target/return"] = row["target_return"]
        flat |= {f"target/success/{name}": known.get(name, 0.0) for name in achievements}
    flat |= {f"train/{name}": row[name] for name in ("steps_per_s", "cycle_steps_per_s") if name in row}
    flat |= _numbers(row.get("compile_s"), "train/compile_s/")
    flat |= _numbers(row.get("learner"), "train/")
    flat |= _numbers(row.get("levels"), "levels/")
    flat |= _numbers(row.get("status"), "levels/status/")
    flat |= _numbers(row.get("hooks"), "levels/hooks/")
    flat |= _numbers(row.get("fm"), "fm/")
    return flat


def of_evaluation(result: Mapping[str, Any]) -> dict[str, float]:
    """An evaluation's scalars by name: means over its worlds, achievements, successes by level where levels were played."""
    prefix, flat = f"eval/{result['protocol']}", dict[str, float]()
    for name, key in (("return", "returns"), ("length", "lengths"), ("depth", "floor")):
        if key in result:
            flat[f"{prefix}/{name}"] = float(np.mean(result[key]))
    if rates := result.get("success"):
        flat[f"{prefix}/success"] = float(np.mean(list(rates.values())))
        flat |= {f"{prefix}/success/{name}": rate for name, rate in rates.items()}
    return flat | {f"{prefix}/achievements/{name}": rate for name, rate in result.get("achievements", {}).items()}


def pictures(report: Path) -> dict[str, Path]:
    """The report's pictures and films by name."""
    found = sorted(path for path in report.iterdir() if path.suffix in (".png", ".gif"))
    return {f"report/{path.stem}{'_film' * (path.suffix == '.gif')}": path for path in found}


def level_rows(snapshot: Snapshot) -> list[dict[str, Any]]:
    """Every level of the archive but the target, oldest first, by the names of `COLUMNS`."""
    return [_level_row(record, snapshot) for record in snapshot.levels.values() if record.id != TARGET]


def _level_row(record: LevelRecord, snapshot: Snapshot) -> dict[str, Any]:
    trials, verdict = snapshot.trials.get(record.id, ()), record.verdict
    accepted = isinstance(verdict, Accepted)
    rejected = f"rejected: {verdict.reason}" if isinstance(verdict, Rejected) else ""
    return {
        "id": record.id,
        "parents": " ".join(record.parents),
        "author": f"{record.origin.value} {record.move}".strip(),
        "born": record.born,
        "state": rejected or ("active" if record.active else "accepted"),
        "status": record.status.value,
        "success": words.last_rate(trials),
        "episodes": sum(trial.episodes for trial in trials),
        "goal": words.level_words(record, 200) if accepted else "",
        "description": record.description,
        "source": record.source,
    }


def _markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    """A table without the sources, which a cell can't hold."""
    shown = [column for column in COLUMNS if column not in ("source", "description")]
    cells = [[words.printable(str(row[column])).replace("|", "\\|") for column in shown] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in [shown, ["---"] * len(shown), *cells])


def _numbers(tree: Mapping[str, Any] | None, prefix: str) -> dict[str, float]:
    flat: dict[str, float] = {}
    for name, value in (tree or {}).items():
        if isinstance(value, Mapping):
            flat |= _numbers(value, f"{prefix}{name}/")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            flat[f"{prefix}{name}"] = value
    return flat
