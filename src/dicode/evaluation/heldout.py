"""Success on the library's held-out levels: what an agent can do that it was never trained to do."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dicode.environment.batch import Level
from dicode.errors import DicodeError
from dicode.evaluation.protocol import Progress, Protocol, first_episodes, header, parameters_hash, partial_key
from dicode.evaluation.protocol import evaluate as evaluate_target
from dicode.evaluation.results import HELDOUT
from dicode.games.craftax.levels.parse import parse_level
from dicode.sandbox import Sandbox
from dicode.streams import Streams
from dicode.training.builder import LevelBuilder
from dicode.training.trainer import Trainer
from dicode.types import Draft, Origin, Rejected, level_id


def evaluate(
    trainer: Trainer, params: Any, protocol: Protocol, folder: Path, about: Mapping[str, Any], progress: Progress
) -> dict[str, Any]:
    """The evaluation that `protocol` names: the unmodified game, or the held-out suite; see `protocol.evaluate`."""
    play = _evaluate_suite if protocol.name == HELDOUT else evaluate_target
    return play(trainer, params, protocol, folder, about, progress)


def _evaluate_suite(
    trainer: Trainer, params: Any, protocol: Protocol, folder: Path, about: Mapping[str, Any], progress: Progress
) -> dict[str, Any]:
    """Success rate by level over the first episodes of `protocol.worlds` worlds each, from the file if made before.

    Raises DicodeError for a held-out level that cannot be built, or that has hooks (before any is played).
    """
    final = folder / f"{protocol.label}-{parameters_hash(params)}.json"
    if final.exists():
        return json.loads(final.read_text())
    levels, streams = trainer.game.host.heldout(), Streams(protocol.seed)
    refuse_hooks(levels)
    folder.mkdir(parents=True, exist_ok=True)
    firsts = {}
    with Sandbox() as sandbox:
        builder = LevelBuilder(trainer.game, sandbox, streams, protocol.worlds)
        for done, (name, source) in enumerate(levels):
            progress(done, len(levels))
            draft = Draft(source, name, Origin.LIBRARY)
            playable = builder.build(
                draft.source, level_id(source), draft.origin, "held-out", _count(trainer, protocol)
            )
            level = Level(playable.pool, playable.rules, playable.goal)
            firsts[name] = first_episodes(trainer, params, level, protocol.steps, partial_key(streams, "heldout", name))
    result = {**header(trainer.game.host, protocol, params, about), **_sums(firsts)}
    partial = final.with_suffix(".tmp")
    partial.write_text(json.dumps(result))
    partial.replace(final)
    return result


def refuse_hooks(levels: Iterable[tuple[str, str]]) -> None:
    """Evaluation plays the rollout without hooks, so that one program serves every agent and every level."""
    for name, source in levels:
        text = parse_level(source)
        hooks = () if isinstance(text, Rejected) else text.hooks
        if hooks:
            raise DicodeError(
                f"the held-out level {name} defines {', '.join(hooks)}, and evaluation plays the game without hooks; "
                "say it with GOAL, RULES and build, or keep the level for training"
            )


def _count(trainer: Trainer, protocol: Protocol) -> int:
    return min(protocol.worlds, trainer.sizes.num_envs, trainer.sizes.pool_size)


def _sums(firsts: Mapping[str, Any]) -> dict[str, Any]:
    def joined(name: str) -> list[Any]:
        return np.concatenate([getattr(first, name) for first in firsts.values()]).tolist()

    return {
        "success": {name: round(float(first.success.mean()), 6) for name, first in firsts.items()},
        "returns": joined("total_reward"),
        "lengths": joined("length"),
        "floor": joined("deepest"),
        "finished": int(sum(first.done.sum() for first in firsts.values())),
        "achievements": {},
    }
