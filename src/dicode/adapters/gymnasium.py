"""Levels behind Gymnasium's vector interface, for trainers that step NumPy arrays (extra `gymnasium`)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from dicode.adapters import observations
from dicode.adapters.gymnax import Options
from dicode.environment.batch import Level, LevelBatch, Sizes, build
from dicode.environment.env import EnvState, LevelEnv
from dicode.errors import ConfigError
from dicode.games.device import DeviceGame

Seen = np.ndarray | dict[str, np.ndarray]


class LevelsVectorEnv(VectorEnv):
    """`num_envs` environments, the levels dealt out in turn: environment e plays level e mod L, for good.

    An ended episode starts again in the same step, on another world of the level. `infos` hold `level`, `success` and,
    where an episode ended, `final_obs`.
    """

    metadata = {"autoreset_mode": AutoresetMode.SAME_STEP, "render_modes": []}  # noqa: RUF012  Gymnasium's own type

    def __init__(self, game: DeviceGame, levels: Sequence[Level], num_envs: int, options: Options = Options()) -> None:  # noqa: B008
        """Compiles nothing yet. Raises ConfigError where the levels do not fit the environments."""
        if not 1 <= len(levels) <= num_envs:
            raise ConfigError(f"num_envs is {num_envs} for {len(levels)} levels; every level needs an environment")
        self.num_envs, self.options = num_envs, options
        self.levels = tuple(level.name or str(number) for number, level in enumerate(levels))
        self._env = LevelEnv(game, conditioning=options.conditioning, final_of_all=True)
        self._batch = _dealt(game, levels, num_envs, options)
        self._level = np.arange(num_envs) % len(levels)
        self.single_action_space = spaces.Discrete(self._env.spec.num_actions)
        self.single_observation_space = _space(observations.space(options.observation, self._env.spec))
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self._begin, self._move = jax.jit(self._reset), jax.jit(self._step, donate_argnums=1)
        self._key: jax.Array | None = None
        self._state: EnvState | None = None
        self._count = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Seen, dict[str, Any]]:
        """A new episode in every environment; all that follows is a function of the seed and the actions."""
        if options:
            raise ConfigError(f"reset takes no options, not {', '.join(map(str, options))}")
        if seed is not None or self._key is None:
            self._key = jax.random.PRNGKey(np.random.SeedSequence(seed).generate_state(1)[0])
            self._count = 0
        self._state, seen = self._begin(self._next_key(), self._batch)
        return _numpy(seen), {"level": self._level.copy(), "_level": np.ones(self.num_envs, bool)}

    def step(self, actions: np.ndarray) -> tuple[Seen, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """One step of every environment: observations, rewards, terminations, truncations, infos."""
        if self._state is None:
            raise gymnasium.error.ResetNeeded("reset the environments before the first step")
        actions = np.asarray(actions)
        whole = actions.shape == (self.num_envs,) and np.issubdtype(actions.dtype, np.integer)
        if not whole or not self.action_space.contains(actions.astype(np.int64)):
            raise ConfigError(f"actions are {self.num_envs} numbers from 0 to {self._env.spec.num_actions - 1}")
        moved = jnp.asarray(actions, jnp.int32)
        self._state, out = self._move(self._next_key(), self._state, moved, self._batch)
        out = jax.device_get(out)
        every = np.ones(self.num_envs, bool)
        infos = {"level": self._level.copy(), "_level": every, "success": out["success"], "_success": every.copy()}
        if out["done"].any():
            infos |= {"final_obs": _where(out["done"], _numpy(out["final"])), "_final_obs": out["done"]}
        truncated = out["time_limit"]
        return _numpy(out["seen"]), out["reward"], out["done"] & ~truncated, truncated, infos

    def _next_key(self) -> jax.Array:
        assert self._key is not None
        self._count += 1
        return jax.random.fold_in(self._key, self._count)

    def _reset(self, key: jax.Array, batch: LevelBatch) -> tuple[EnvState, Any]:
        state = self._env.reset(key, batch)
        return state, self._shown(self._env.observe(state), batch)

    def _step(self, key: jax.Array, state: EnvState, action: jax.Array, batch: LevelBatch) -> tuple[EnvState, Any]:
        after, seen = self._env.step(key, state, action, batch)
        out = {name: getattr(seen, name) for name in ("reward", "done", "success", "time_limit")}
        final = self._shown(seen.final_observation, batch)
        return after, out | {"seen": self._shown(seen.observation, batch), "final": final}

    def _shown(self, observed: Any, batch: LevelBatch) -> Any:
        return observations.shown(self.options.observation, self._env.spec, observed, batch.conditioning[batch.slot])


def _dealt(game: DeviceGame, levels: Sequence[Level], num_envs: int, options: Options) -> LevelBatch:
    """The batch in which environment e plays level e mod L."""
    number, worlds = len(levels), sum(game.host.num_worlds(level.pool) for level in levels)
    batch = build(
        game,
        levels,
        [len(range(level, num_envs, number)) for level in range(number)],
        Sizes(num_envs, level_slots=number, pool_size=worlds, min_envs=1),
        episode_limit=options.episode_limit,
        conditioning_kind=options.conditioning,
    )
    return replace(batch, slot=jnp.arange(num_envs, dtype=jnp.int32) % number)


def _space(ours: observations.Box | observations.Dict) -> spaces.Space[Any]:
    if isinstance(ours, observations.Dict):
        return spaces.Dict({name: _space(box) for name, box in ours.spaces.items()})
    return spaces.Box(ours.low, ours.high, ours.shape, np.dtype(ours.dtype).type)


def _numpy(tree: Any) -> Any:
    return jax.tree.map(np.asarray, tree)


def _where(done: np.ndarray, final: Seen) -> np.ndarray:
    """An object array with the last observation of each episode that ended, None elsewhere."""
    found = np.full(done.shape, None, object)
    for env in np.flatnonzero(done):
        found[env] = jax.tree.map(lambda array: array[env], final)  # noqa: B023  used at once
    return found
