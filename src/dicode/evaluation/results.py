"""What a run leaves for others to compare: its configuration, its metrics and its evaluations, read back and checked.

Formats, all inside the run's directory:

`metrics.jsonl`: one JSON object a cycle with at least `cycle`, `env_steps`, `target_return` (null before the
first episode, or for a method that has no target slot) and `cycle_steps_per_s`.

`lengthened.jsonl`: from which cycle on the run was longer (`dicode.runs.lengthened`); without one it never was.

`evaluation/*.json`: one evaluation each, with

- `protocol`: `target` (the unmodified game), `heldout` or `graded` (suites of levels); `engine`: `own` or `package`;
- `worlds`, `steps`, `seed`: how many held-out worlds, steps of each at most, and the key they come from;
- `num_envs`: environments that played them, where these were not as many as the run trained with;
- `checkpoint`: hash of the parameters; `cycle` and `env_steps`: how far training had come (the name of a file whose
  parameters an earlier cycle had, too, ends in `-cCYCLE`);
- `versions`: package name -> version;
- `returns`, `lengths`, `floor`: a number per world, from its first episode (deepest floor reached);
- `achievements`: success rate by name over the worlds; `max_return`: the return of 100 %;
- `success`: for a suite, success rate by level (`graded`: by `family/rung`); for a target that is a level, of its goal;
- `target`: the id of the target's text, empty for the game;
- `policy`: `random` where no agent played; such files lie in `evaluation/random/`, which nothing compares.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from dicode import files, games, lines
from dicode.errors import RunError
from dicode.learner.settings import MOST_UPDATES
from dicode.received import places
from dicode.received.shapes import record
from dicode.received.text import line
from dicode.runs import lengthened

TARGET = "target"
"""The protocol of what the run's agent is measured on: the unmodified game, or a level."""
HELDOUT = "heldout"
"""The protocol of a suite of levels that nobody trained on."""
GRADED = "graded"
"""The protocol of a suite of families of levels, each with rungs that get harder."""
SUITES = (HELDOUT, GRADED)
LEVELS = "levels"
"""The protocol of whatever levels somebody names; nothing is kept of it."""
SOLVED = 0.5
"""Share of the tries in which a rung must be solved to count as reached."""

_LARGEST = 1e18
"""Beyond any number of steps, worlds or points."""


@dataclass(frozen=True)
class Task:
    """The target of a run, as it is evaluated."""

    source: str = ""
    """Empty: the unmodified game."""
    foreign: bool = False
    """The text is not this machine's own: the full wall, or nothing."""


@dataclass(frozen=True)
class Evaluation:
    """One `evaluation/*.json`."""

    protocol: str
    worlds: int
    steps: int
    checkpoint: str
    env_steps: float
    returns: np.ndarray
    lengths: np.ndarray
    floor: np.ndarray
    achievements: Mapping[str, float]
    engine: str = "own"
    seed: int | None = None
    num_envs: int = 0
    """0: as many as the run trained with."""
    cycle: int = -1
    max_return: float = field(kw_only=True)
    """The return of 100 %."""
    versions: Mapping[str, str] = field(default_factory=dict)
    success: Mapping[str, float] = field(default_factory=dict)
    target: str = ""
    """The id of the target's text; empty: the game."""
    policy: str = ""
    """`random`: no agent played; empty: the run's agent did."""

    @property
    def conditions(self) -> dict[str, object]:
        """What must agree before two evaluations may be compared."""
        names = ("engine", "worlds", "steps", "seed", "target")
        more = {"num_envs": self.num_envs or "the run's own", "max_return": float(self.max_return)}
        return {name: getattr(self, name) for name in names} | more


@dataclass(frozen=True)
class RunResult:
    """One run as the comparison sees it."""

    path: Path
    config: Mapping[str, object]
    """Every setting by its dotted name, and as `lengthened` when the run was made longer, if it was."""
    metrics: tuple[Mapping[str, Any], ...]
    evaluations: tuple[Evaluation, ...]
    """By steps trained, then by name of protocol."""

    @property
    def name(self) -> str:
        """The run directory's name."""
        return self.path.name

    @property
    def env_steps(self) -> float:
        """Environment steps that training took."""
        return float(self.metrics[-1]["env_steps"]) if self.metrics else 0.0

    @property
    def total_steps(self) -> float:
        """Environment steps that the run took, those that measured dreams included."""
        measured = [row["probe"].get("steps_so_far") for row in self.metrics if isinstance(row.get("probe"), Mapping)]
        return self.env_steps + max((float(steps) for steps in measured if _is_number(steps, True)), default=0.0)

    @property
    def hours(self) -> float:
        """Wall-clock of the cycles, compilation left out."""
        before, seconds = 0.0, 0.0
        for row in self.metrics:
            steps = float(row["env_steps"]) - before
            before = float(row["env_steps"])
            rate = row.get("cycle_steps_per_s") or row.get("steps_per_s")
            seconds += steps / float(rate) if rate else 0.0
        return seconds / 3600.0

    def final(self, protocol: str) -> Evaluation | None:
        """The evaluation of the most trained checkpoint under `protocol`."""
        found = [evaluation for evaluation in self.evaluations if evaluation.protocol == protocol]
        return found[-1] if found else None


def rungs(success: Mapping[str, float]) -> dict[str, dict[int, float]]:
    """Success by family, then by rung, of a graded suite's rates by `family/rung`."""
    found: dict[str, dict[int, float]] = {}
    for name, rate in success.items():
        family, _, rung = name.rpartition("/")
        found.setdefault(family, {})[int(rung)] = rate
    return found


def furthest(success: Mapping[str, float]) -> dict[str, int]:
    """The hardest rung of each family that is solved in half of the tries, 0 where none is."""
    return {
        family: max((rung for rung, rate in rates.items() if rate >= SOLVED), default=0)
        for family, rates in rungs(success).items()
    }


def load_run(path: Path | str) -> RunResult:
    """Read one run's directory. Raises `RunError` that names the file when something is missing or broken."""
    folder = places.named(path)
    with files.refusals("open", folder):
        try:
            (folder / "config.yaml").lstat()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise RunError(f"{folder} is not a run's directory: it has no config.yaml") from error
    paths = sorted((folder / "evaluation").glob("*.json"))
    evaluations = [load_evaluation(file) for file in paths]
    for file, evaluation in zip(paths, evaluations, strict=True):
        if evaluation.policy:
            raise RunError(
                f"{file} is the {line(evaluation.policy, 40)} policy's, not the agent's; move it out of there"
            )
    evaluations.sort(key=lambda evaluation: (evaluation.env_steps, evaluation.protocol))
    rows = _metrics(folder / "metrics.jsonl")
    return RunResult(folder, settings(folder) | _lengthened(folder, rows), rows, tuple(evaluations))


@dataclass(frozen=True)
class _Body:
    """The JSON values of an evaluation that count here."""

    protocol: str
    worlds: int
    steps: int
    checkpoint: str
    env_steps: float
    returns: tuple[float, ...]
    lengths: tuple[float, ...] = ()
    floor: tuple[float, ...] = ()
    achievements: Mapping[str, float] = field(default_factory=dict)
    engine: str = "own"
    seed: int | None = None
    num_envs: int = 0
    cycle: int = -1
    max_return: float = games.load_host(games.DEFAULT).max_return
    versions: Mapping[str, str] = field(default_factory=dict)
    success: Mapping[str, float] = field(default_factory=dict)
    finished: int = 0
    target: str = ""
    policy: str = ""


def load_evaluation(path: Path) -> Evaluation:
    """Read and check one evaluation file."""
    return evaluation_of(path, files.read_json(path, _REMEDY), f"; {_REMEDY}")


_REMEDY = "delete it and run `dicode eval` again"


def evaluation_of(path: Path, body: Mapping[str, Any], remedy: str = "") -> Evaluation:
    """The evaluation that a file's JSON values are. Raises RunError that names the file and what is wrong with it."""
    known = {f.name for f in fields(_Body)}
    try:
        read = record(_Body, {name: value for name, value in body.items() if name in known})
        _check_ranges(read)
    except ValueError as error:
        raise RunError(f"{path} is not an evaluation: {line(error, 200)}{remedy}") from error
    if wrong := discrepancy(body):
        raise RunError(f"{path} {wrong}{remedy}")
    arrays: dict[str, Any] = {
        name: np.asarray(getattr(read, name), np.float64) for name in ("returns", "lengths", "floor")
    }
    plain: dict[str, Any] = {f.name: getattr(read, f.name) for f in fields(Evaluation) if f.name not in arrays}
    return Evaluation(**plain, **arrays)


def _check_ranges(body: _Body) -> None:
    """Raise ValueError for figures that no evaluation has."""
    positive = {"worlds": body.worlds, "steps": body.steps, "max_return": body.max_return, "returns": len(body.returns)}
    small = next((name for name, value in positive.items() if value <= 0), None)
    if small is not None:
        raise ValueError(f"{small} is {positive[small]}")
    if body.num_envs < 0:
        raise ValueError(f"num_envs is {body.num_envs}")
    numbers = (body.env_steps, body.max_return, *body.returns, *body.lengths, *body.floor)
    if max(map(abs, numbers)) > _LARGEST:
        raise ValueError(f"it holds a number beyond {_LARGEST:g}")


def settings(folder: Path) -> dict[str, object]:
    """A run's settings by dotted name. Raises `RunError` where `config.yaml` can't be read."""
    return _flat(files.read_yaml(folder / "config.yaml"))


def discrepancy(body: Mapping[str, Any]) -> str | None:
    """Why an evaluation's figures are not those of its worlds, each counted once; None where they are."""
    levels = len(body.get("success", ())) if body["protocol"] in SUITES else 1
    wanted = int(body["worlds"]) * levels
    for name in ("returns", "lengths", "floor"):
        found = len(body.get(name) or ())
        if found != wanted and (found or name == "returns"):
            of = f"{levels} levels with {body['worlds']} worlds each" if levels != 1 else f"{body['worlds']} worlds"
            return f"says {of} and holds {name} of {found} first episodes"
    for kind in ("achievements", "success"):
        for name, rate in body.get(kind, {}).items():
            if not 0.0 <= rate <= 1.0:
                return f"holds a success rate of {rate:g} for {name}"
            if kind == "success" and body["protocol"] == TARGET and name != TARGET:
                return f"holds a success rate of {line(name, 40)!r}, and was played on the target"
            if kind == "success" and body["protocol"] == GRADED and not re.fullmatch(r"[a-z_]+/[1-9]", name):
                return f"holds a success rate of {line(name, 40)!r}, which is no family/rung"
    return None


def _lengthened(folder: Path, rows: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    """When the run was made longer, in words; a stretch whose cycle was never trained changed nothing."""
    known = lengthened.stretches(folder / "lengthened.jsonl", MOST_UPDATES)
    came = [one for one in known if any(row.get("cycle", -1) >= one.cycle for row in rows)]
    how = ("anew" if one.restart else "on" for one in came)
    texts = [f"from cycle {one.cycle} {way} to update {one.updates}" for one, way in zip(came, how, strict=True)]
    return {"lengthened": "; ".join(texts)} if texts else {}


def _flat(tree: Mapping[Any, Any], prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _metrics(path: Path) -> tuple[Mapping[str, Any], ...]:
    rows = [row for row in lines.read(path) if "env_steps" in row]
    for row in rows:
        strange = next((name for name in _NUMBERS if not _is_number(row.get(name), name == "env_steps")), None)
        if strange:
            raise RunError(f"{path}: {strange} is {line(repr(row[strange]), 40)} in a row, not a number")
    return tuple(sorted(rows, key=lambda row: row["env_steps"]))


_NUMBERS = ("env_steps", "target_return", "steps_per_s", "cycle_steps_per_s")


def _is_number(value: object, needed: bool) -> bool:
    """Whether a row's value can be counted with, or is missing and may be."""
    if value is None:
        return not needed
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST
