"""The evaluation protocol: the first episode of each held-out world, stochastic policy, the run's own `rollout`.

The published numbers come from 1024 worlds and at most 8192 steps. An evaluation is written to
`evaluation/` under a name made of the parameters' hash and the protocol, so it is done once, and its
parts are kept as they come, so it goes on where it was broken off. A cycle that trained nothing has the
parameters of an earlier one: its figures are written again, under a name with its cycle. One process
evaluates at a time.
"""

import hashlib
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jax
import numpy as np

from dicode import __version__, files, lines
from dicode.environment.batch import Level
from dicode.errors import RunError
from dicode.evaluation.results import Evaluation, evaluation_of
from dicode.games.device import DeviceGame
from dicode.games.host import HostGame
from dicode.received.shapes import record
from dicode.streams import Streams
from dicode.training.trainer import Trainer

_log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Told (worlds done, worlds in all)."""


@dataclass(frozen=True)
class Protocol:
    """What is asked of an agent."""

    worlds: int
    steps: int
    seed: int
    engine: str = "own"
    """`own`: this project's step; `package`: the craftax package's."""
    name: str = "target"
    """`target`: what the run is measured on; `heldout`, `graded`: success on a suite of levels."""
    num_envs: int = 0
    """Environments, 0 for as many as the run trained with. The worlds are the same whatever it is, but each part of so
    many worlds has its own draws, so that beyond the first part other episodes are played in them."""

    @property
    def label(self) -> str:
        """Part of the file's name."""
        few = f"-{self.num_envs}envs" if self.num_envs else ""
        return f"{self.name}-{self.worlds}x{self.steps}-{self.seed}-{self.engine}{few}"


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
    """The evaluation of `params` on the unmodified game under `protocol`, from its file if it was made before.

    `trainer` must be compiled; `about` (cycle, env_steps) goes into the file.
    """

    def play(kept: "Parts") -> dict[str, Any]:
        streams, size = Streams(protocol.seed), batch_size(trainer)
        while (done := kept.done()) < protocol.worlds:
            progress(done, protocol.worlds)
            level = Level(target_worlds(trainer.game, protocol, done, min(size, protocol.worlds - done)))
            key = partial_key(streams, "evaluation", done)
            kept.add(done, part_of(first_episodes(trainer, params, level, protocol.steps, key)))
        progress(protocol.worlds, protocol.worlds)
        return result(trainer.game.host, protocol, kept.of(), params, about)

    return once(folder, protocol, params, play, about)


def batch_size(trainer: Trainer) -> int:
    """Worlds that are played at once."""
    return min(trainer.sizes.num_envs, trainer.sizes.pool_size)


class Parts:
    """The parts of an evaluation that have been played, in a file of lines: worlds in order, each counted once."""

    def __init__(self, path: Path, worlds: int) -> None:
        """Go on with the parts in `path`; those that are damaged or do not follow each other are played anew."""
        try:
            rows = lines.read(path)
            wrong = "" if _consecutive(rows, worlds) else f"the parts in {path} do not follow each other"
        except RunError as error:
            wrong = str(error).partition(";")[0]
        if wrong:
            _log.warning("%s; they are played anew", wrong)
            path.unlink()
            rows = []
        self._rows, self._lines = rows, lines.Lines(path)

    def add(self, first: int, part: Mapping[str, Any], level: str = "") -> None:
        """Keep what was played on worlds `first`, `first` + 1, ... (of a level, where there are several)."""
        row = {"level": level, "first": first, **part}
        self._lines.append(row)
        self._rows.append(row)

    def of(self, level: str = "") -> list[dict[str, Any]]:
        """The parts, in the order of their worlds."""
        return [row for row in self._rows if row["level"] == level]

    def done(self, level: str = "") -> int:
        """Worlds played."""
        return sum(len(row["returns"]) for row in self.of(level))

    def close(self) -> None:
        """Let go of the file."""
        self._lines.close()


@dataclass(frozen=True)
class _Part:
    """One line of such a file."""

    level: str
    first: int
    returns: tuple[float, ...]
    lengths: tuple[int, ...]
    floor: tuple[int, ...]
    reached: tuple[int, ...]
    finished: int
    successes: int = 0


def _consecutive(rows: list[dict[str, Any]], worlds: int) -> bool:
    try:
        parts = [record(_Part, row) for row in rows]
    except ValueError:
        return False
    done: dict[str, int] = {}
    for part in parts:
        if not len(part.returns) == len(part.lengths) == len(part.floor) or part.first != done.get(part.level, 0):
            return False
        done[part.level] = part.first + len(part.returns)
    return all(count <= worlds for count in done.values()) and len({len(part.reached) for part in parts}) <= 1


def once(
    folder: Path,
    protocol: Protocol,
    params: Any,
    play: Callable[[Parts], dict[str, Any]],
    about: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Any]:
    """The evaluation in `folder`, or else what `play` makes of its parts; one process at a time plays in a folder.

    One of the same parameters that was made in another cycle than `about` says is kept for this cycle, too.
    """
    final = folder / f"{_stem(protocol, parameters_hash(params))}.json"
    if (known := _kept(final, about)) is not None:
        return known
    with files.refusals("write to", folder):
        folder.mkdir(parents=True, exist_ok=True)
    waiting = "another process evaluates in %s; waiting until it has ended"
    with files.held(folder / ".lock", lambda: _log.warning(waiting, folder)):
        if (known := _kept(final, about)) is not None:
            return known
        partial = final.with_suffix(".partial")
        with closing(Parts(partial, protocol.worlds)) as kept:
            result = play(kept)
        files.write_json(final, result)
        partial.unlink(missing_ok=True)
    return result


def _kept(final: Path, about: Mapping[str, Any]) -> dict[str, Any] | None:
    """The evaluation at `final`, or the one of `about`'s cycle beside it, written now where it is not there."""
    made = _made(final)
    if made is None or made.get("cycle", -1) == about.get("cycle", made.get("cycle", -1)):
        return made
    again = final.with_stem(f"{final.stem}{_of_cycle(about['cycle'])}")
    if (known := _made(again)) is not None:
        return known
    files.write_json(again, made := {**made, **about})
    return made


def _made(final: Path) -> dict[str, Any] | None:
    """An evaluation that was made before, unless it is damaged, another one than its name says, or not of its worlds."""
    if not os.path.lexists(final):
        return None
    try:
        body = files.read_json(final, remedy="")
        known = evaluation_of(final, body)
        if not len(known.lengths) == len(known.floor) == len(known.returns):
            raise RunError(f"{final} lacks lengths or floors")
        if final.stem.removesuffix(_of_cycle(known.cycle)) != _stem(_protocol_of(known), known.checkpoint):
            raise RunError(f"{final} holds another evaluation than its name says")
    except RunError as error:
        _log.warning("%s; it is made anew", error)
        return None
    return {"finished": 0, "max_return": known.max_return, "achievements": {}, **body}


def _protocol_of(made: Evaluation) -> Protocol:
    return Protocol(made.worlds, made.steps, made.seed or 0, made.engine, made.protocol, made.num_envs)


def _stem(protocol: Protocol, checkpoint: str) -> str:
    return f"{protocol.label}-{checkpoint}"


def _of_cycle(cycle: int) -> str:
    """The end of the name of an evaluation whose parameters an earlier cycle had, too."""
    return f"-c{cycle}"


def part_of(first: Any) -> dict[str, Any]:
    """What is kept of first episodes: a number a world, and how many had what."""
    return {
        "returns": [round(float(x), 4) for x in first.total_reward],
        "lengths": first.length.tolist(),
        "floor": first.deepest.tolist(),
        "reached": first.achievements.sum(axis=0).tolist(),
        "successes": int(first.success.sum()),
        "finished": int(first.done.sum()),
    }


def joined(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What parts say of their worlds, one entry a world, and how many episodes ended."""
    rows = list(parts)
    whole: dict[str, Any] = {name: [x for row in rows for x in row[name]] for name in ("returns", "lengths", "floor")}
    return whole | {"finished": sum(row["finished"] for row in rows)}


def result(
    game: HostGame, protocol: Protocol, parts: list[dict[str, Any]], params: Any, about: Mapping[str, Any]
) -> dict[str, Any]:
    """The file's body: what identifies the evaluation, every world's figures, success by achievement."""
    reached = np.sum([part["reached"] for part in parts], axis=0)
    return {
        **header(game, protocol, params, about),
        **joined(parts),
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
        **({"num_envs": protocol.num_envs} if protocol.num_envs else {}),
        "checkpoint": parameters_hash(params),
        "versions": {"dicode": __version__} | {package: version(package) for package in ("jax", *game.packages)},
        "max_return": game.max_return,
        **about,
    }
