"""The device side of a run: environment, agent, the compiled programs, and one cycle of training on them."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import ceil
from typing import Any

import jax
import numpy as np

from dicode import games
from dicode.agent.make import make_agent
from dicode.agent.settings import computing_in
from dicode.config import Config
from dicode.counting import FOREVER, Counting
from dicode.environment import batch as batches
from dicode.environment.batch import Level, LevelBatch, Sizes
from dicode.environment.env import EnvState, LevelEnv
from dicode.environment.hooks import Hook
from dicode.errors import ConfigError, nearest
from dicode.games.device import DeviceGame, GameStep
from dicode.games.hook_state import to_values
from dicode.learner import distributed, schedule
from dicode.learner.programs import Programs, compile_programs
from dicode.learner.types import LearnerState, Statistics
from dicode.sandbox.hooks import load_hook
from dicode.streams import Streams
from dicode.training import sizes
from dicode.training.builder import Playable
from dicode.types import TARGET, Proposal, Slot

OWN_ENGINE = "own"

OnUpdate = Callable[[int, Mapping[str, float] | None], None]
"""Called after each dispatched update with its number within the cycle, and its metrics where they are there."""


Announce = Callable[..., None]
"""Called with an operation's name and its arguments, but for the learner, which every process has."""


LOOKS = 8
"""Moments of a cycle at which states on the target are looked at, where the run keeps any."""
WATCHED = 64
"""Environments that are looked at, at most."""


@dataclass(frozen=True)
class Sightings:
    """States on the target in which something was achieved since the episode's start, in order of time; N of them."""

    states: Mapping[str, np.ndarray]
    """Arrays [N, ...] by the names of `HostGame.fields`."""
    achieved: np.ndarray
    """bool[N, A]"""


@dataclass(frozen=True)
class CycleResult:
    """What one cycle of training leaves behind, on the host."""

    learner: LearnerState
    stats: Statistics
    metrics: dict[str, float]
    """Means over the cycle's updates that had gradient; only `trained` and `learning_rate` where none had."""
    sightings: Sightings | None = None
    """None where nothing was looked at."""


class Trainer:
    """Builds batches, compiles once, trains cycle after cycle. One for a run."""

    def __init__(self, config: Config, engine: str = "own", announce: Announce | None = None) -> None:
        """One trainer.

        `engine`: whose step the environment takes, `own` or one of `DeviceGame.engines` (slow, for evaluation).
        `announce`: of the process that leads others; told of every operation on the devices before it begins.
        """
        self.config, self._announce = config, announce
        self._newest: Any = None
        self.streams = Streams(config.seed)
        game = games.load_device(config.game)
        self.game = game if engine == OWN_ENGINE else replace(game, step=_engine(game, engine))
        self.env = LevelEnv(
            self.game,
            bootstrap_time_limit=config.learner.bootstrap_time_limit,
            conditioning=config.agent.conditioning,
        )
        self.agent = make_agent(self.env.spec, computing_in(config.agent, config.learner.precision))
        self.sizes = Sizes(config.num_envs, config.level_slots, sizes.pool_size(config), config.min_envs)
        self._programs: Programs | None = None
        self._hooked: tuple[str, Programs] | None = None

    @property
    def programs(self) -> Programs:
        """The compiled programs, without hooks. Raises RuntimeError before `compile`."""
        if self._programs is None:
            raise RuntimeError("the programs are compiled with the first batch")
        return self._programs

    @property
    def compiled(self) -> bool:
        """Whether `compile` has run."""
        return self._programs is not None

    def batch(
        self, proposal: Proposal, levels: Mapping[str, Playable], bonus: float, steps: int | None = None
    ) -> LevelBatch:
        """The device batch of a proposal; `bonus` is paid by every level but the unmodified game.

        `steps`: of an environment, where these are not a cycle's; all episodes that are sure to end in them count.
        """
        parts = [self._part(slot, levels[slot.level], bonus) for slot in proposal.slots]
        groups = [
            (i, sizes.hook_group(self.config)) for i, slot in enumerate(proposal.slots) if levels[slot.level].hooks
        ]
        return batches.build(
            self.game,
            parts,
            [slot.num_envs for slot in proposal.slots],
            self.sizes,
            episode_limit=self.config.episode_limit,
            counting=sizes.counting(self.config) if steps is None else Counting(steps),
            conditioning_kind=self.config.agent.conditioning,
            groups=groups,
            shards=len(distributed.mesh_devices(self.config.devices)) if groups else 1,
        )

    def _part(self, slot: Slot, playable: Playable, bonus: float) -> Level:
        """One level of a batch, as the run plays it; a target that is a level pays like one, but keeps its rules and its end."""
        limit, goal = slot.episode_limit or FOREVER, playable.goal
        asked = self.config
        game_reward = 1.0 if asked.reward == "game" else 0.0
        if slot.level == TARGET:
            whole = Level(playable.pool, playable.rules, goal, train=slot.train, episode_limit=limit)
            return whole if asked.target == games.GAME else replace(whole, bonus=bonus, game_reward=game_reward)
        rules = playable.rules
        if asked.level_rules == "game":
            length = self.game.host.rule_arrays(rules).get("episode_length", FOREVER)
            rules, limit = {}, min(limit, FOREVER if asked.level_length == "run" else int(length))
        return Level(
            playable.pool,
            rules,
            goal,
            bonus,
            slot.train,
            limit,
            own_length=asked.level_length == "own",
            ends=asked.after_goal == "end",
            game_reward=game_reward,
        )

    def evaluation_batch(self, level: Level, limit: int) -> tuple[LevelBatch, int]:
        """A batch of the same shapes in which environment e plays world e first, and how many count."""
        return batches.evaluation(
            self.game, level, self.sizes, episode_limit=limit, conditioning_kind=self.config.agent.conditioning
        )

    def compile(self, batch: LevelBatch, progress: Callable[[str], None] = lambda text: None) -> None:
        """Compile the run's programs for the shapes of `batch`, once."""
        self._tell("compile", batch)
        devices = distributed.mesh_devices(self.config.devices)
        self._programs = compile_programs(
            self.agent, self.env, self.config.learner, batch, devices=devices, progress=progress
        )

    def use_hooks(self, hooks: Sequence[Mapping[str, bytes]], progress: Callable[[str], None]) -> float:
        """Train with these hooks, one mapping of exported modules for each hook slot in use; () for none.

        `rollout` alone is compiled anew, and only where the hooks differ from the last call's; evaluation and
        pictures keep the one without. Returns the seconds of compilation.
        """
        name = _digest(hooks)
        if not hooks or (self._hooked is not None and self._hooked[0] == name):
            self._hooked = self._hooked if hooks else None
            return 0.0
        group = sizes.hook_group(self.config)
        slots = tuple(
            Hook(group, **{kind: load_hook(module, self.game.host.fields) for kind, module in each.items()})
            for each in hooks
        )
        programs = self.programs.with_env(replace(self.env, hooks=slots), progress)
        self._hooked = (name, programs)
        return programs.rollout_program.seconds

    def new_learner(self) -> LearnerState:
        """A learner that has learnt nothing, its rate falling over the whole run."""
        self._tell("new_learner")
        c = self.config
        rates = schedule.linear(c.learner.lr, c.learner.lr_final, 0, c.num_updates)
        return self._hold(self.programs.init(self.streams.key("init"), rates))

    def place_learner(self, learner: LearnerState) -> LearnerState:
        """A learner from a checkpoint (host arrays), on all devices; raises `ShapeError` if it is another network's."""
        self._tell("place_learner", learner)
        return self._hold(self.programs.place_learner(learner))

    def stretched(self, learner: LearnerState, end_update: int, restart: bool) -> LearnerState:
        """The learner whose rate falls to another update than before, from where it is or from the first rate again."""
        c, host = self.config.learner, distributed.fetch(learner)
        start = c.lr if restart else None
        rates = schedule.stretched(host.schedule, int(host.update), c.lr_final, end_update, start)
        return self.place_learner(host.replace(schedule=rates))

    def train(
        self, learner: LearnerState, batch: LevelBatch, cycle: int, on_update: OnUpdate, watched: Sequence[int] = ()
    ) -> CycleResult:
        """One cycle: environments and memory afresh, then `updates_per_cycle` rollouts and updates.

        The states of the `watched` environments are looked at `LOOKS` times.

        The host runs ahead of the device by one update at most, so that Ctrl-C and the live view stay prompt.
        """
        self._tell("train", batch, cycle, watched, params=learner.params)
        programs, history, stats = self._hooked[1] if self._hooked else self.programs, [], None
        looks, seen = self._looks(cycle) if watched else frozenset(), []
        batch = programs.place_batch(batch)
        carry = programs.start(self.streams.key("start", cycle), batch)
        for update in range(self.config.updates_per_cycle):
            carry, trajectory, stats = programs.rollout(
                learner.params, carry, batch, self.streams.key("rollout", cycle, update)
            )
            if update in looks:
                seen.append(self._seen(carry.env_state, np.asarray(watched, np.int32)))
            learner, metrics = programs.update(learner, trajectory, self.streams.key("update", cycle, update))
            history.append(metrics)
            on_update(update, _floats(history[-2]) if update else None)
        assert stats is not None
        sightings = _joined(seen) if seen else None
        means = _means([_floats(m) for m in history])
        return CycleResult(self._hold(learner), distributed.fetch(stats), means, sightings)

    def _looks(self, cycle: int) -> frozenset[int]:
        """The updates of a cycle after whose rollouts states are looked at.

        At random: evenly spaced ones could fall on the very steps in which all episodes run out of time.
        """
        updates = self.config.updates_per_cycle
        drawn = self.streams.rng("looks", cycle).choice(updates, min(LOOKS, updates), replace=False)
        return frozenset(drawn.tolist())

    def _seen(self, state: EnvState, watched: np.ndarray) -> Sightings:
        """The states of the watched environments at this moment, those in which nothing was achieved left out."""
        everywhere = distributed.replicated(self.programs.mesh)
        here = _of_environments((state.game, state.counters), watched, everywhere)
        achieved = distributed.fetch(self.game.achievements(here[0]))
        game, counters = distributed.fetch(here)
        some = (achieved & ~counters.initial_achievements).any(axis=-1)
        names = self.game.host.fields
        arrays = dict(zip(names, to_values(names, game), strict=True))
        return Sightings({name: array[some] for name, array in arrays.items()}, achieved[some])

    def probe(self, params: Any, batch: LevelBatch, rollouts: int, cycle: int, part: int) -> Statistics:
        """Play a batch without learning from it: so many rollouts from the start, with the draws of (cycle, part)."""
        self._tell("probe", batch, rollouts, cycle, part, params=params)
        batch, stats = self.programs.place_batch(batch), None
        carry = self.programs.start(self.streams.key("probe", cycle, part), batch)
        for number in range(rollouts):
            key = self.streams.key("probe", cycle, part, number)
            carry, _, stats = self.programs.rollout(params, carry, batch, key)
        assert stats is not None
        fetched: Statistics = distributed.fetch(stats)
        return fetched

    def first_episodes(self, params: Any, batch: LevelBatch, count: int, steps: int, key: Callable[..., Any]) -> Any:
        """Play a batch of `evaluation_batch` until the first episodes of `count` environments have ended.

        At most `steps` steps, in whole rollouts; `key(name, *indices)` gives the draws. Returns `FirstEpisode` arrays
        [count] on the host.
        """
        self._tell("first_episodes", batch, count, steps, key, params=params)
        batch = self.programs.place_batch(batch)
        carry = self.programs.start(key("start"), batch)
        for part in range(ceil(steps / self.config.learner.rollout_steps)):
            carry, _, _ = self.programs.rollout(params, carry, batch, key("rollout", part))
            if bool(np.all(distributed.gather(carry.env_state.first.done)[:count])):
                break
        return jax.tree.map(lambda x: x[:count], distributed.gather(carry.env_state.first))

    def watch(self, params: Any, batch: LevelBatch, title: str, most: int) -> dict[str, np.ndarray]:
        """What environment 0 sees and gets in its first episode, in whole rollouts, at most `most` steps (one rollout).

        Returns `cells`, `scalars`, `rewards`, `done`, each [T, ...], and `success` [1] of that episode, on the host.
        """
        self._tell("watch", batch, title, most, params=params)
        batch = self.programs.place_batch(batch)
        carry = self.programs.start(self.streams.key("video", title), batch)
        parts: list[dict[str, np.ndarray]] = []
        for part in range(max(1, most // self.config.learner.rollout_steps)):
            carry, seen, _ = self.programs.rollout(params, carry, batch, self.streams.key("video", title, part))
            names = {"cells": seen.observation.cells, "scalars": seen.observation.scalars}
            names |= {"rewards": seen.reward, "done": seen.done}
            parts.append(distributed.fetch(_first_environment(names, distributed.replicated(self.programs.mesh))))
            if parts[-1]["done"].any():
                break
        success = distributed.gather(carry.env_state.first.success)[:1]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} | {"success": success}

    def _tell(self, operation: str, *arguments: Any, params: Any = None) -> None:
        """Announce an operation to the other processes, which use the newest learner where one is needed."""
        if self._announce is None:
            return
        if params is not None and params is not self._newest:
            raise RuntimeError(f"{operation}: the other processes hold the newest learner only")
        self._announce(operation, *arguments)

    def _hold(self, learner: LearnerState) -> LearnerState:
        self._newest = learner.params
        return learner


def _engine(game: DeviceGame, name: str) -> GameStep:
    if name not in game.engines:
        known = [OWN_ENGINE, *game.engines]
        raise ConfigError(f"engine={name} is not known{nearest(name, known)} (engines: {', '.join(known)})")
    return game.engines[name]


def _joined(seen: Sequence[Sightings]) -> Sightings:
    states = {name: np.concatenate([each.states[name] for each in seen]) for name in seen[0].states}
    return Sightings(states, np.concatenate([each.achieved for each in seen]))


@partial(jax.jit, static_argnums=2)
def _of_environments(tree: Any, chosen: jax.Array, everywhere: Any) -> Any:
    """The chosen environments of arrays [E, ...], on every device."""
    return jax.tree.map(lambda x: jax.lax.with_sharding_constraint(x[chosen], everywhere), tree)


@partial(jax.jit, static_argnums=1)
def _first_environment(trajectory: Mapping[str, jax.Array], everywhere: Any) -> Any:
    """Environment 0 of arrays [T, E, ...], on every device."""
    return jax.tree.map(lambda x: jax.lax.with_sharding_constraint(x[:, 0], everywhere), trajectory)


def _digest(hooks: Sequence[Mapping[str, bytes]]) -> str:
    digest = hashlib.sha256()
    for each in hooks:
        for name in sorted(each):
            digest.update(name.encode() + hashlib.sha256(each[name]).digest())
        digest.update(b"|")
    return digest.hexdigest()


def _means(history: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Means over updates. What an update without gradient says of the loss stands for nothing and is left out."""
    trained = [metrics for metrics in history if metrics["trained"] > 0]
    of = {name: history if name in ("trained", "learning_rate") else trained for name in history[0]}
    return {name: float(np.mean([metrics[name] for metrics in rows])) for name, rows in of.items() if rows}


def _floats(metrics: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in metrics.items()}
