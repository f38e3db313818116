"""The evaluation protocol: the first episode of each held-out world, stochastic policy, the run's own `rollout`.

The published numbers come from 1024 worlds and at most 8192 steps. An evaluation is written to
`evaluation/` under a name made of the parameters' hash and the protocol, so it is done once, and its
parts are kept as they come, so it goes on where it was broken off.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import numpy as np

from dicode.environment.batch import Level
from dicode.games.device import DeviceGame
from dicode.games.host import HostGame
from dicode.streams import Streams
from dicode.training.trainer import Trainer

Progress = Callable[[int, int], None]
"""Told (worlds done, worlds in all)."""

_VERSIONS = ("dicode", "jax")


@dataclass(frozen=True)
class Protocol:
    """What is asked of an agent."""

    worlds: int = 1024
    steps: int = 8192
    seed: int = 20_000
    engine: str = "own"
    """`own`: this project's step; `package`: the craftax package's."""
    name: str = "target"
    """`target`: the unmodified game; `heldout`: success on the library's held-out levels."""

    @property
    def label(self) -> str:
        """Part of the file's name."""
        return f"{self.name}-{self.worlds}x{self.steps}-{self.seed}-{self.engine}"


def parameters_hash(params: Any) -> str:
    """Twelve hex digits over every parameter's bytes."""
    digest = hashlib.sha256()
    for path, leaf in jax.tree_util.tree_flatten_with_path(params)[0]:
        digest.update(jax.tree_util.keystr(path).encode())
        digest.update(np.ascontiguousarray(np.asarray(leaf)).tobytes())
    return digest.hexdigest()[:12]


def first_episodes(trainer: Trainer, params: Any, level: Level, steps: int, key: Callable[..., jax.Array]) -> Any:
    """Play world e of `level` in environment e until every first episode has ended, at most `steps` steps.

    `key(name, *indices)` gives the draws. Returns `FirstEpisode` arrays [worlds] on the host.
    """
    batch, count = trainer.evaluation_batch(level, steps)
    return trainer.first_episodes(params, batch, count, steps, key)


@dataclass(frozen=True)
class Keys:
    """Keys of a seed below a name; a value, so that it can be sent to other processes."""

    streams: Streams
    name: str

    def __call__(self, *rest: int | str) -> jax.Array:
        """The key of `rest`."""
        return self.streams.key(self.name, *rest)


def partial_key(streams: Streams, *name: int | str) -> Keys:
    """Keys of `streams` below `name`."""
    return Keys(streams, "/".join(map(str, name)))


def target_worlds(game: DeviceGame, protocol: Protocol, first: int, count: int) -> Mapping[str, np.ndarray]:
    """Held-out worlds `first` to `first + count - 1` of the unmodified game."""
    return game.generate(Streams(protocol.seed).key("held-out worlds"), count, first)


def evaluate(
    trainer: Trainer, params: Any, protocol: Protocol, folder: Path, about: Mapping[str, Any], progress: Progress
) -> dict[str, Any]:
    """The evaluation of `params` under `protocol`, from its file if it was made before.

    `trainer` must be compiled; `about` (cycle, env_steps) goes into the file.
    """
    name = f"{protocol.label}-{parameters_hash(params)}"
    final, partial = folder / f"{name}.json", folder / f"{name}.partial"
    if final.exists():
        return json.loads(final.read_text())
    folder.mkdir(parents=True, exist_ok=True)
    size = min(trainer.sizes.num_envs, trainer.sizes.pool_size)
    parts = [json.loads(line) for line in partial.read_text().splitlines()] if partial.exists() else []
    done = sum(len(part["returns"]) for part in parts)
    streams = Streams(protocol.seed)
    while done < protocol.worlds:
        progress(done, protocol.worlds)
        count = min(size, protocol.worlds - done)
        level = Level(target_worlds(trainer.game, protocol, done, count))
        first = first_episodes(trainer, params, level, protocol.steps, partial_key(streams, "evaluation", done))
        parts.append(_part(first))
        with partial.open("a") as file:
            file.write(json.dumps(parts[-1]) + "\n")
        done += count
    progress(done, protocol.worlds)
    result = _result(trainer.game.host, protocol, parts, params, about)
    _write(final, result)
    partial.unlink(missing_ok=True)
    return result


def _part(first: Any) -> dict[str, Any]:
    return {
        "returns": [round(float(x), 4) for x in first.total_reward],
        "lengths": first.length.tolist(),
        "floor": first.deepest.tolist(),
        "reached": first.achievements.sum(axis=0).tolist(),
        "finished": int(first.done.sum()),
    }


def _result(
    game: HostGame, protocol: Protocol, parts: list[dict[str, Any]], params: Any, about: Mapping[str, Any]
) -> dict[str, Any]:
    reached = np.sum([part["reached"] for part in parts], axis=0)
    joined = {name: [x for part in parts for x in part[name]] for name in ("returns", "lengths", "floor")}
    return {
        **header(game, protocol, params, about),
        **joined,
        "finished": sum(part["finished"] for part in parts),
        "achievements": {
            name: round(float(count) / protocol.worlds, 6)
            for name, count in zip(game.achievements, reached, strict=True)
        },
    }


def header(game: HostGame, protocol: Protocol, params: Any, about: Mapping[str, Any]) -> dict[str, Any]:
    """What identifies an evaluation, in its file."""
    return {
        "protocol": protocol.name,
        "engine": protocol.engine,
        "worlds": protocol.worlds,
        "steps": protocol.steps,
        "seed": protocol.seed,
        "checkpoint": parameters_hash(params),
        "versions": {package: version(package) for package in (*_VERSIONS, *game.packages)},
        "max_return": game.max_return,
        **about,
    }


def _write(path: Path, result: Mapping[str, Any]) -> None:
    partial = path.with_suffix(".tmp")
    partial.write_text(json.dumps(result))
    partial.replace(path)
