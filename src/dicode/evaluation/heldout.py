"""Success on the library's held-out levels: what an agent can do that it was never trained to do."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from dicode.environment.batch import Level
from dicode.errors import ConfigError, DicodeError
from dicode.evaluation.protocol import (
    Parts,
    Progress,
    Protocol,
    batch_size,
    first_episodes,
    header,
    joined,
    once,
    part_of,
    partial_key,
    result,
)
from dicode.evaluation.protocol import evaluate as evaluate_target
from dicode.evaluation.results import HELDOUT, SUITES, TARGET, Task
from dicode.games.host import HostGame
from dicode.games.level_text import parse_level
from dicode.sandbox import Sandbox
from dicode.sandbox.sandbox import Built
from dicode.streams import Streams
from dicode.training.builder import LevelBuilder
from dicode.training.trainer import OWN_ENGINE, Trainer
from dicode.types import Origin, Rejected, level_id

T = TypeVar("T")
Pool = Mapping[str, np.ndarray]
BLOCK = 64
"""Worlds of a level that are built together; which worlds they are does not depend on it below the first block."""
ATTEMPTS = 3
"""Draws of a block's worlds before a level that cannot be built on them is given up."""


GAME = Task()


@dataclass(frozen=True)
class Named:
    """Levels that somebody names, to be played once."""

    levels: tuple[tuple[str, str], ...]
    """(name, source) each."""
    foreign: bool = False
    """Some text is not this machine's own: the full wall, or nothing."""


def evaluate(
    trainer: Trainer,
    params: Any,
    protocol: Protocol,
    folder: Path,
    about: Mapping[str, Any],
    progress: Progress,
    target: Task = GAME,
) -> dict[str, Any]:
    """The evaluation that `protocol` names: the run's target, or the held-out suite; see `protocol.evaluate`."""
    require(protocol, trainer.game.host, target)
    if protocol.name in SUITES:
        suite = Named(_suite(trainer.game.host, protocol.name))
        return play_levels(trainer, params, protocol, suite, folder, about, progress)
    if not target.source:
        return evaluate_target(trainer, params, protocol, folder, about, progress)

    def play(kept: Parts) -> dict[str, Any]:
        with Sandbox(trainer.game.host, foreign=target.foreign) as sandbox:
            builder = LevelBuilder(trainer.game, sandbox, Streams(protocol.seed), protocol.worlds)
            _play_level(trainer, params, protocol, builder, TARGET, target.source, kept)
        progress(protocol.worlds, protocol.worlds)
        parts = kept.of(TARGET)
        solved = {"success": {TARGET: _rate(parts)}, "target": level_id(target.source)}
        return result(trainer.game.host, protocol, parts, params, about) | solved

    return once(folder, protocol, params, play, about)


def require(protocol: Protocol, game: HostGame, target: Task = GAME) -> None:
    """Raise ConfigError, before anything compiles, for a suite that the game has not, or an engine that can't play the target."""
    if protocol.name in SUITES:
        if not _suite(game, protocol.name):
            raise ConfigError(f"the game {game.name} has no suite {protocol.name}")
    elif target.source and protocol.engine != OWN_ENGINE:
        raise ConfigError(
            f"engine={protocol.engine} knows no rules but the game's own; a target that is a level needs own"
        )


def _suite(game: HostGame, name: str) -> tuple[tuple[str, str], ...]:
    """A suite's levels, each with its name."""
    return tuple(game.heldout() if name == HELDOUT else game.graded())


def play_levels(
    trainer: Trainer,
    params: Any,
    protocol: Protocol,
    named: Named,
    folder: Path,
    about: Mapping[str, Any],
    progress: Progress,
) -> dict[str, Any]:
    """Success rate by level of levels that somebody names, as for a suite; its parts are kept in `folder`.

    Raises DicodeError for a level that cannot be built, or that has hooks (before any is played).
    """
    game, levels = trainer.game, named.levels
    refuse_hooks(levels)

    def play(kept: Parts) -> dict[str, Any]:
        with Sandbox(game.host, foreign=named.foreign) as sandbox:
            builder = LevelBuilder(game, sandbox, Streams(protocol.seed), protocol.worlds)
            for number, (name, source) in enumerate(levels):
                progress(number, len(levels))
                _play_level(trainer, params, protocol, builder, name, source, kept)
        success = {name: _rate(kept.of(name)) for name, _ in levels}
        parts = [part for name, _ in levels for part in kept.of(name)]
        return {**header(game.host, protocol, params, about), "success": success, **joined(parts), "achievements": {}}

    return once(folder, protocol, params, play, about)


def _play_level(
    trainer: Trainer, params: Any, protocol: Protocol, builder: LevelBuilder, name: str, source: str, kept: Parts
) -> None:
    """The first episodes of one level's worlds, as many at once as there are environments."""
    streams, done = Streams(protocol.seed), kept.done(name)
    for built, pool in in_parts(_pools(builder, name, source, done, protocol.worlds), batch_size(trainer)):
        level = Level(pool, built.rules.to_json(), built.goal)
        key = partial_key(streams, "heldout", name, *([done] if done else []))
        first = first_episodes(trainer, params, level, protocol.steps, key)
        kept.add(done, part_of(first), name)
        done += len(first.done)


def _pools(
    builder: LevelBuilder, name: str, source: str, first: int, worlds: int
) -> Iterator[tuple[Built, Mapping[str, np.ndarray]]]:
    """Worlds `first` to `worlds` - 1 of a level, block by block; a world is the same however many are asked for."""
    for start in range(first - first % BLOCK, worlds, BLOCK):
        built = _block(builder, name, source, start, min(BLOCK, worlds - start))
        skipped = max(first - start, 0)
        yield built, {array: values[skipped:] for array, values in built.pool.items()}


def _block(builder: LevelBuilder, name: str, source: str, start: int, count: int) -> Built:
    """`count` worlds from world `start` on. Raises DicodeError if the level fails on them, and on other ones."""
    reason = ""
    for attempt in range(ATTEMPTS):
        when = "held-out" if not start + attempt else f"held-out/{start}/{attempt}"
        built = builder.attempt(source, level_id(source), Origin.LIBRARY, when, count)
        if not isinstance(built, Rejected):
            return built
        reason = built.reason
    raise DicodeError(f"the level {name} can't be built on worlds {start} to {start + count - 1}: {reason}")


def in_parts(pools: Iterable[tuple[T, Pool]], size: int) -> Iterator[tuple[T, Pool]]:
    """The same worlds in pools of `size`, the last one of what is left."""
    kept: dict[str, np.ndarray] = {}
    about = None
    for about, pool in pools:
        kept = {name: np.concatenate([kept[name], pool[name]]) if kept else pool[name] for name in pool}
        while _count(kept) >= size:
            yield about, {name: values[:size] for name, values in kept.items()}
            kept = {name: values[size:] for name, values in kept.items()}
    if about is not None and _count(kept):
        yield about, kept


def _count(pool: Pool) -> int:
    return len(next(iter(pool.values())))


def refuse_hooks(levels: Iterable[tuple[str, str]]) -> None:
    """Evaluation plays the rollout without hooks, so that one program serves every agent and every level."""
    for name, source in levels:
        text = parse_level(source)
        hooks = () if isinstance(text, Rejected) else text.hooks
        if hooks:
            raise DicodeError(
                f"the level {name} defines {', '.join(hooks)}, and evaluation plays the game without hooks; "
                "say it with GOAL, RULES and build, or keep the level for training"
            )


def _rate(parts: Iterable[Mapping[str, Any]]) -> float:
    rows = list(parts)
    rate: float = round(sum(row["successes"] for row in rows) / sum(len(row["returns"]) for row in rows), 6)
    return rate
