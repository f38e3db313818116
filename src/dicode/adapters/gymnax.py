"""Levels behind gymnax's interface: pure functions of one environment, to be mapped over many.

    env = dicode.make("Craftax-Levels", levels=["my_level.py", "their_level.py"])
    params = env.default_params
    obs, state = env.reset(key, params)
    obs, state, reward, done, info = env.step(key, state, action, params)

Nothing of gymnax is imported. Mapped with `jax.vmap`, the functions run the batched environment (`LevelEnv`), whose
resets write only the environments that ended: mapping one environment's step would copy every map in every step.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
from flax import struct
from jax.custom_batching import custom_vmap
from jaxtyping import Array, Bool, Float, Int

from dicode.adapters import observations
from dicode.adapters.observations import Observation
from dicode.environment.batch import Level, LevelBatch, Sizes, build
from dicode.environment.env import Discrete, EnvState, Key, LevelEnv, raw_key
from dicode.errors import ConfigError
from dicode.games.device import DeviceGame

DRAWN = -1
"""As a level's number: drawn at the reset, every level as likely."""


@struct.dataclass
class Params:
    """The levels, as arguments of the compiled program."""

    batch: LevelBatch
    level: Int[Array, ""]
    """Number of the level that a reset begins with; `DRAWN`: drawn by the reset's key."""


@struct.dataclass
class State:
    """One environment between two steps."""

    env: EnvState
    level: Int[Array, ""]
    """Number of the level that it plays, in the order of `LevelsEnv.levels`."""


@dataclass(frozen=True)
class Options:
    """How the levels are played."""

    episode_limit: int = 4096
    observation: str = "flat"
    conditioning: str = "full"

    def __post_init__(self) -> None:
        """Check what can be checked alone."""
        observations.check_kind(self.observation)


class LevelsEnv:
    """Levels of a game as one gymnax environment. An ended episode starts again, on the same level and another world of it."""

    def __init__(self, game: DeviceGame, levels: Sequence[Level], options: Options = Options()) -> None:
        """Raises ConfigError where there is no level, or the options can't be."""
        if not levels:
            raise ConfigError("levels is empty; name at least one level, or 'target' for the unmodified game")
        self.options, self.game = options, game
        self.levels = tuple(level.name or str(number) for number, level in enumerate(levels))
        self._env = LevelEnv(game, conditioning=options.conditioning)
        self._spec = self._env.spec
        worlds = sum(game.host.num_worlds(level.pool) for level in levels)
        # One environment a level: what environments there are, `_begin` says.
        batch = build(
            game,
            levels,
            [1] * len(levels),
            Sizes(len(levels), level_slots=len(levels), pool_size=worlds, min_envs=1),
            episode_limit=options.episode_limit,
            conditioning_kind=options.conditioning,
        )
        self._params = Params(batch, jnp.asarray(DRAWN, jnp.int32))
        self._begin, self._move = _single(self._begin_many), _single(self._move_many)

    @property
    def name(self) -> str:
        """The environment's name."""
        return f"{self.game.host.name}-levels"

    @property
    def num_actions(self) -> int:
        """Actions 0 to n - 1."""
        return self._spec.num_actions

    @property
    def default_params(self) -> Params:
        """The levels. Pass them as an argument: closed over, their worlds would become constants of the program."""
        return self._params

    def starting(self, level: int | str) -> Params:
        """`default_params` with resets that begin with one level, by number or name. Raises ConfigError for another."""
        number = self.levels.index(level) if level in self.levels else level
        if not isinstance(number, int) or not 0 <= number < len(self.levels):
            raise ConfigError(f"level {level!r} is not one of {', '.join(self.levels)} (0 to {len(self.levels) - 1})")
        return replace(self._params, level=jnp.asarray(number, jnp.int32))

    def action_space(self, params: Params | None = None) -> Discrete:
        """The game's actions."""
        return self._env.action_space

    def observation_space(self, params: Params | None = None) -> observations.Box | observations.Dict:
        """What `reset` and `step` return for one environment; its layout: docs/observation.md."""
        return observations.space(self.options.observation, self._spec)

    def reset(self, key: Key, params: Params | None = None) -> tuple[Observation, State]:
        """A new episode, in a world drawn from the level's."""
        params, key = self._params if params is None else params, raw_key(key)
        drawn = jax.random.randint(jax.random.fold_in(key, 1), (), 0, params.batch.num_levels)
        level = jnp.where(params.level == DRAWN, drawn, params.level)
        state = State(self._begin(params.batch, key, level), level)
        return self._seen(state, params), state

    def step(
        self, key: Key, state: State, action: Int[Array, ""], params: Params | None = None
    ) -> tuple[Observation, State, Float[Array, ""], Bool[Array, ""], dict[str, Any]]:
        """One step; where `done`, the observation is that of the next episode.

        `info`: `success` (the goal was reached), `time_limit` (the episode was cut off), `level` (the number of the level), and
        gymnax's `discount`, 0 where the episode is over for good.
        """
        params = self._params if params is None else params
        after, seen = self._move(params.batch, raw_key(key), state.env, jnp.asarray(action, jnp.int32))
        state = replace(state, env=after)
        over = seen["done"] & ~seen["time_limit"]
        info = {name: seen[name] for name in ("success", "time_limit")}
        info |= {"level": state.level, "discount": jnp.where(over, 0.0, 1.0)}
        return self._seen(state, params), state, seen["reward"], seen["done"], info

    def _seen(self, state: State, params: Params) -> Observation:
        task = state.env.task
        observed = self.game.observe(state.env.game, task.rules)
        return observations.shown(
            self.options.observation, self._spec, observed, params.batch.conditioning[state.level]
        )

    def _begin_many(self, batch: LevelBatch, keys: jax.Array, levels: jax.Array) -> EnvState:
        """Environment e begins level `levels[e]` with a key of its own."""
        every = jnp.zeros_like(levels)
        return self._env.reset(keys, replace(batch, slot=levels, env_index=every, first_world=every - 1))

    def _move_many(
        self, batch: LevelBatch, keys: jax.Array, states: EnvState, actions: jax.Array
    ) -> tuple[EnvState, dict[str, jax.Array]]:
        after, seen = self._env.step(keys, states, actions, batch)
        return after, {name: getattr(seen, name) for name in ("reward", "done", "success", "time_limit")}


def _single(many: Callable[..., Any]) -> Callable[..., Any]:
    """(batch, one environment's arguments) -> its results, of a function of many; mapped, it is that function."""

    def alone(batch: Any, *one: Any) -> Any:
        return _first(many(batch, *jax.tree.map(lambda leaf: leaf[None], one)))

    @custom_vmap
    def single(batch: Any, *one: Any) -> Any:
        return alone(batch, *one)

    @single.def_vmap
    def _(size: int, mapped: Any, batch: Any, *one: Any) -> Any:
        if any(jax.tree.leaves(mapped[0])):  # every environment has levels of its own
            axes = jax.tree.map(lambda is_mapped: 0 if is_mapped else None, tuple(mapped))
            result = jax.vmap(alone, in_axes=axes, axis_size=size)(batch, *one)
        else:
            whole = jax.tree.map(
                lambda is_mapped, leaf: leaf if is_mapped else jnp.broadcast_to(leaf, (size, *leaf.shape)),
                tuple(mapped[1:]),
                one,
            )
            result = many(batch, *whole)
        return result, jax.tree.map(lambda _: True, result)

    return single


def _first(tree: Any) -> Any:
    return jax.tree.map(lambda leaf: leaf[0], tree)
