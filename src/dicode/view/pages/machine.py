"""A level at play on this machine: its worlds built behind the wall, the step compiled once, the agent's own episode.

The level's text came from a run's folder, so it runs behind the full wall whoever is said to have written it.
"""

import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np

from dicode.types import LevelRecord

Say = Callable[[str], None]
_ENVS = 2
"""Environments of the compiled step; only the first is looked at."""
_MOST_STEPS = 1024


@dataclass(frozen=True)
class Moment:
    """One step of an episode as it is seen."""

    cells: np.ndarray
    scalars: np.ndarray
    step: int
    reward: float
    total: float
    unlocked: tuple[int, ...] = ()
    """Achievements of this episode by number."""
    ended: str = ""
    """`solved`, `time is up` or `died`; empty while the episode goes on."""


class Machine:
    """What plays the levels of one run. A context manager; one caller at a time (`lock`)."""

    def __init__(self, folder: Path) -> None:
        from dicode.runs.directory import open_run

        self.run, self.lock = open_run(folder), threading.Lock()
        self.config = self.run.config()
        self.game: Any = None
        self._stack = ExitStack()
        self._builder: Any = None
        self._compiled: dict[tuple[str, ...], Any] = {}
        self._agents: dict[tuple[str, ...], Any] = {}
        self._params: tuple[int, Any] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def table(self, record: LevelRecord, say: Say) -> "Table":
        """The level, ready to be played. `say` is told what takes time; raises DicodeError where it can't be built."""
        from dicode.environment import batch
        from dicode.environment.batch import Level, Sizes

        say("building the level's worlds")
        playable = self._levels().playable(record, 0, _ENVS)
        worlds = self.game.host.num_worlds(playable.pool)
        level = Level(playable.pool, playable.rules, playable.goal, bonus=self.config.bonus_value)
        made, _ = batch.evaluation(
            self.game,
            level,
            Sizes(_ENVS, level_slots=1, pool_size=worlds),
            episode_limit=self.config.episode_limit,
            conditioning_kind=self.config.agent.conditioning,
        )
        name = (
            str(worlds),
            *(hook_name(module) for _, module in sorted(playable.hooks.items())),
        )
        if name not in self._compiled:
            self._compiled[name] = _compile(self._env(playable.hooks), made, say)
        return Table(self, name, playable.hooks, made)

    def agent(self, name: tuple[str, ...], hooks: Mapping[str, bytes], made: Any, say: Say) -> tuple[Any, Any, Any]:
        """(start, rollout, params): the run's agent on the same environment; compiled once."""
        import jax

        from dicode.learner import rollout
        from dicode.learner.types import PpoConfig
        from dicode.training.trainer import Trainer

        trainer, env, learner = Trainer(self.config), self._env(hooks), self.config.learner
        ppo = PpoConfig(**{f.name: getattr(learner, f.name) for f in fields(PpoConfig) if hasattr(learner, f.name)})
        params = self._newest(trainer, say)
        if name not in self._agents:
            say("compiling the agent's steps (half a minute, or seconds if they were compiled before)")
            start = jax.jit(partial(rollout.start, trainer.agent, env))
            carry = jax.eval_shape(start, jax.random.PRNGKey(0), made)
            play = jax.jit(partial(rollout.rollout, trainer.agent, env, ppo))
            key = jax.eval_shape(lambda: jax.random.PRNGKey(0))
            self._agents[name] = start, play.lower(params, carry, made, key).compile()
        return (*self._agents[name], params)

    def step(self, name: tuple[str, ...]) -> Any:
        """The compiled (reset, step) of an environment."""
        return self._compiled[name]

    def _env(self, hooks: Mapping[str, bytes]) -> Any:
        from dicode.environment.env import LevelEnv
        from dicode.environment.hooks import Hook
        from dicode.sandbox.hooks import load_hook

        slots = (
            (Hook(_ENVS, **{kind: load_hook(module, self.game.host.fields) for kind, module in hooks.items()}),)
            if hooks
            else ()
        )
        return LevelEnv(
            self.game,
            bootstrap_time_limit=self.config.learner.bootstrap_time_limit,
            conditioning=self.config.agent.conditioning,
            hooks=slots,
        )

    def _levels(self) -> Any:
        if self._builder is None:
            from dicode import games
            from dicode.cache import enable_compile_cache
            from dicode.runs import frontier
            from dicode.sandbox import Sandbox
            from dicode.streams import Streams
            from dicode.training.builder import LevelBuilder

            enable_compile_cache()
            self.game = games.load_device(self.config.game)
            sandbox = self._stack.enter_context(
                Sandbox(self.game.host, wall=self.config.sandbox, hook_group=_ENVS, foreign=True)  # type: ignore[arg-type]
            )
            c = self.config
            self._builder = LevelBuilder(
                self.game,
                sandbox,
                Streams(c.seed),
                c.worlds_per_level,
                world_bank=c.world_bank,
                reached=partial(frontier.read, self.run.path, self.game.host),
            )
        return self._builder

    def _newest(self, trainer: Any, say: Say) -> Any:
        from dicode.runs import restore

        cycle = restore.newest_cycle(self.run)
        if self._params is None or self._params[0] != cycle:
            say("reading the newest checkpoint")
            self._params = cycle, restore.parameters(self.run, self.config, trainer, cycle)
        return self._params[1]


def hook_name(module: bytes) -> str:
    """What tells one exported hook from another."""
    import hashlib

    return hashlib.sha256(module).hexdigest()


def _compile(env: Any, made: Any, say: Say) -> tuple[Any, Any]:
    import jax
    import jax.numpy as jnp

    say("compiling the game's step (half a minute, or seconds if it was compiled before)")
    key, action = jax.random.PRNGKey(0), jnp.zeros(_ENVS, jnp.int32)

    def begin(key: Any, batch: Any) -> Any:
        state = env.reset(key, batch)
        return state, env.observe(state)

    state, _ = jax.eval_shape(begin, key, made)
    return jax.jit(begin), jax.jit(env.step).lower(key, state, action, made).compile()


class Table:
    """One level at play: `start`, then `act` until a moment has `ended`; or the agent's episode, whole."""

    def __init__(self, machine: Machine, name: tuple[str, ...], hooks: Mapping[str, bytes], made: Any) -> None:
        self._machine, self._name, self._hooks, self._batch = machine, name, hooks, made
        self._state: Any = None
        self._games = 0
        self.moment: Moment | None = None

    def start(self) -> Moment:
        """A new episode, in the level's first world."""
        import jax

        self._games += 1
        self._key = jax.random.fold_in(jax.random.PRNGKey(self._machine.config.seed), self._games)
        begin, _ = self._machine.step(self._name)
        self._state, seen = begin(self._key, self._batch)
        self.moment = Moment(np.asarray(seen.cells[0]), np.asarray(seen.scalars[0]), 0, 0.0, 0.0)
        return self.moment

    def act(self, action: int) -> Moment:
        """One step; nothing after the episode's end."""
        import jax
        import jax.numpy as jnp

        before = self.moment or self.start()
        if before.ended:
            return before
        _, step = self._machine.step(self._name)
        key = jax.random.fold_in(self._key, before.step)
        self._state, seen = step(key, self._state, jnp.full(_ENVS, action, jnp.int32), self._batch)
        done, reward = bool(seen.done[0]), float(seen.reward[0])
        unlocked = self._unlocked(done)
        shown = before if done else None  # the observation is that of the next episode then
        self.moment = Moment(
            shown.cells if shown else np.asarray(seen.observation.cells[0]),
            shown.scalars if shown else np.asarray(seen.observation.scalars[0]),
            before.step + 1,
            reward,
            before.total + reward,
            unlocked,
            _ended(done, bool(seen.success[0]), bool(seen.time_limit[0])),
        )
        return self.moment

    def _unlocked(self, done: bool) -> tuple[int, ...]:
        state = self._state
        now = (
            state.first.achievements[0]
            if done
            else state.game.achievements[0] & ~state.counters.initial_achievements[0]
        )
        return tuple(int(number) for number in np.flatnonzero(np.asarray(now)))

    def watch(self, say: Say) -> list[Moment]:
        """The run's agent in the same world, its first episode or what it does in `_MOST_STEPS` steps."""
        import jax

        start, play, params = self._machine.agent(self._name, self._hooks, self._batch, say)
        say("the agent plays")
        key = jax.random.fold_in(jax.random.PRNGKey(self._machine.config.seed), 1)
        carry, moments = start(key, self._batch), list[Moment]()
        for part in range(max(1, _MOST_STEPS // self._machine.config.learner.rollout_steps)):
            carry, seen, _ = play(params, carry, self._batch, jax.random.fold_in(key, part))
            moments += _moments(seen, moments)
            first = carry.env_state.first
            if bool(first.done[0]):
                over = moments[int(first.length[0]) - 1]
                limited = int(first.length[0]) >= int(self._batch.episode_limit[0])
                ended = _ended(True, bool(first.success[0]), limited)
                reached = tuple(int(n) for n in np.flatnonzero(np.asarray(first.achievements[0])))
                return [*moments[: int(first.length[0]) - 1], replace(over, ended=ended, unlocked=reached)]
        return moments


def _moments(seen: Any, before: list[Moment]) -> list[Moment]:
    """The steps of environment 0 in a rollout; each shows what was seen before it acted."""
    cells, scalars = np.asarray(seen.observation.cells[:, 0]), np.asarray(seen.observation.scalars[:, 0])
    rewards = np.asarray(seen.reward[:, 0])
    total, first = (before[-1].total, len(before)) if before else (0.0, 0)
    totals = total + np.cumsum(rewards)
    return [
        Moment(cells[i], scalars[i], first + i + 1, float(rewards[i]), float(totals[i])) for i in range(len(rewards))
    ]


def _ended(done: bool, success: bool, limited: bool) -> str:
    if not done:
        return ""
    return "solved" if success else "time is up" if limited else "died"
