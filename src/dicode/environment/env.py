"""The environment: many levels of a game side by side, reset from pools, counted as they run.

    env = LevelEnv(game)
    state = env.reset(key, batch)
    state, seen = env.step(key, state, action, batch)

Both are pure, may be jitted and scanned, and keep the state's buffers in place there. Every array of
`EnvState` leads with the environments: `env.on(mesh, axis)` is the same environment with its work cut
along a mesh axis. An environment's randomness depends on its number and the step's key, not on the
device it lives on. A key is a raw one (uint32[2]) or a typed one (`jax.random.key`); keys [E] give every
environment its own.
"""

from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
from flax import struct
from jax.sharding import Mesh, PartitionSpec
from jaxtyping import Array, Bool, Float, Int, UInt32
from jaxtyping import Key as KeyArray

from dicode.accelerator import on_accelerator
from dicode.agent.spec import ObservationSpec, Observed
from dicode.environment import episode, goals, resets
from dicode.environment.batch import LevelBatch, partition
from dicode.environment.episode import Counters, FirstEpisode, StepOutcome, Tally
from dicode.environment.hooks import Hook, Hooked, apply_hooks, before_hooks
from dicode.errors import ConfigError, nearest
from dicode.games.device import DeviceGame, Draws, RuleTable, State

Key = UInt32[Array, "*E 2"] | KeyArray[Array, "*E"]
"""One key for all environments, or one for each."""
_MOST_OF_A_BYTE = 255


def raw_key(key: Key) -> UInt32[Array, "*E 2"]:
    """The words of a key. Raises ConfigError for keys that are not JAX's default ones (threefry)."""
    words = jax.random.key_data(key) if jnp.issubdtype(key.dtype, jax.dtypes.prng_key) else key
    if words.dtype != jnp.uint32 or words.shape[-1:] != (2,):
        raise ConfigError(
            f"a key of {words.dtype}{list(words.shape)} is not one of two words; make it with "
            "jax.random.key(seed, impl='threefry2x32')"
        )
    return words


@struct.dataclass
class Task:
    """The rows of the batch that each environment plays by, gathered once at the reset."""

    rules: RuleTable
    """[E, ...]"""
    goal_achievements: Bool[Array, "E A"]
    goal_minimum: Float[Array, "E Q"]
    bonus: Float[Array, " E"]
    game_reward: Float[Array, " E"]
    ends: Bool[Array, " E"]
    episode_limit: Int[Array, " E"]
    count_first: Int[Array, " E"]
    count_last: Int[Array, " E"]
    pool_start: Int[Array, " E"]
    pool_size: Int[Array, " E"]
    env_index: Int[Array, " E"]


@struct.dataclass
class EnvState:
    """Everything between two steps."""

    game: State
    """[E, ...]"""
    task: Task
    counters: Counters
    """Of the running episode."""
    tally: Tally
    """Of those that count and have ended."""
    first: FirstEpisode
    """Of the first one."""
    elapsed: Int[Array, " E"]
    """Steps since the reset."""


@struct.dataclass
class Drawn:
    """What a step of every environment draws, which follows from its key alone."""

    keys: UInt32[Array, "*T E 2"]
    """For hooks."""
    world: UInt32[Array, "*T E"]
    """Bits that choose the next world."""
    game: Draws
    """What the game's step takes: draws, or keys."""


@struct.dataclass
class TimeStep:
    """What a step returns to the agent."""

    observation: Observed
    """Of the state after the step, already that of the next episode where `done`."""
    reward: Float[Array, " E"]
    done: Bool[Array, " E"]
    success: Bool[Array, " E"]
    """The goal was reached in the episode that ended; implies done."""
    time_limit: Bool[Array, " E"]
    """The episode was cut off by its step limit alone; implies done."""
    counted: Bool[Array, " E"]
    """The episode that ended belongs to those that count (`dicode.counting`); implies done."""
    final_observation: Observed | None
    """Before the reset, valid only where `time_limit` (with `final_of_all` where `done`); None where neither was asked for."""


@dataclass(frozen=True)
class Discrete:
    """The action space: integers 0 to n - 1."""

    n: int

    def sample(self, key: UInt32[Array, "2"], shape: tuple[int, ...] = ()) -> Int[Array, "..."]:
        """Uniform actions."""
        return jax.random.randint(key, shape, 0, self.n)

    def contains(self, action: Int[Array, "..."]) -> Bool[Array, "..."]:
        """Whether each action is legal."""
        return (action >= 0) & (action < self.n)


@dataclass(frozen=True)
class LevelEnv:
    """A game under many levels; how many environments, levels and worlds there are, the batch says.

    Raises ConfigError for an unknown kind of conditioning or a chunk below 1.
    """

    game: DeviceGame
    bootstrap_time_limit: bool = False
    """Also return the observation before the reset."""
    final_of_all: bool = False
    """The observation before the reset wherever an episode ended, not only where its time was up."""
    conditioning: str = "full"
    """What an agent is told of the goal: `full`, or `paper` (achievements only)."""
    hooks: tuple[Hook, ...] = ()
    """Mechanics of the groups of environments at the front (of every device), in order."""
    reset_chunk: int | None = None
    """Ended environments written at a time; None: what suits the backend."""
    mesh: Mesh | None = None
    axis: str | None = None

    def __post_init__(self) -> None:
        """Check the options."""
        if self.conditioning not in goals.CONDITIONINGS:
            hint = nearest(self.conditioning, goals.CONDITIONINGS)
            raise ConfigError(f"conditioning={self.conditioning!r} is not one of {list(goals.CONDITIONINGS)}{hint}")
        if self.reset_chunk is not None and self.reset_chunk < 1:
            raise ConfigError(f"reset_chunk is {self.reset_chunk}; at least one environment is reset at a time")

    def on(self, mesh: Mesh, axis: str) -> "LevelEnv":
        """This environment with its work cut along an axis of a mesh, no device waiting for another.

        Left to the compiler, resets would gather whole states from the other devices.
        """
        return replace(self, mesh=mesh, axis=axis) if mesh.shape[axis] > 1 else self

    @property
    def spec(self) -> ObservationSpec:
        """The layout of observation and conditioning, and the number of actions."""
        size = goals.conditioning_size(self.game.host, self.conditioning)
        return replace(self.game.observation, conditioning=size)

    @property
    def observation_space(self) -> ObservationSpec:
        """The layout of an observation."""
        return self.spec

    @property
    def action_space(self) -> Discrete:
        """The game's actions."""
        return Discrete(self.game.observation.num_actions)

    def reset(self, key: Key, batch: LevelBatch) -> EnvState:
        """Start an episode in every environment; counts start from zero."""
        key = raw_key(key)
        if self.mesh is None or self.axis is None:
            return self._reset(key, batch)
        own = PartitionSpec(self.axis)
        specs = (PartitionSpec(), partition(self.axis))
        return jax.shard_map(self._reset, mesh=self.mesh, in_specs=specs, out_specs=own, check_vma=False)(key, batch)

    def draw(self, keys: UInt32[Array, "T 2"], state: EnvState) -> Drawn:
        """What steps with these keys will draw, [T, E, ...]; a step takes its part in the place of its key."""
        if self.mesh is None or self.axis is None:
            return self._draw(keys, state.task.env_index)
        own, out = PartitionSpec(self.axis), PartitionSpec(None, self.axis)
        specs = (PartitionSpec(), own)
        cut = jax.shard_map(self._draw, mesh=self.mesh, in_specs=specs, out_specs=out, check_vma=False)
        return cut(keys, state.task.env_index)

    def step(
        self, key: Key | Drawn, state: EnvState, action: Int[Array, " E"], batch: LevelBatch
    ) -> tuple[EnvState, TimeStep]:
        """One step of every environment; those whose episode ends start another at once.

        `batch` must be the one that `state` was reset with: only its pool is read here.
        """
        key = key if isinstance(key, Drawn) else raw_key(key)
        if self.mesh is None or self.axis is None:
            return self._step(key, state, action, batch)
        own = PartitionSpec(self.axis)
        specs = (own if isinstance(key, Drawn) else PartitionSpec(), own, own, partition(self.axis))
        cut = jax.shard_map(self._step, mesh=self.mesh, in_specs=specs, out_specs=(own, own), check_vma=False)
        return cut(key, state, action, batch)

    def observe(self, state: EnvState) -> Observed:
        """What the agent sees now."""
        return self._observe(state.game, state.task)

    @jax.named_scope("env.reset")
    def _reset(self, key: jax.Array, batch: LevelBatch) -> EnvState:
        rows = jax.tree.map(lambda of_level: of_level[batch.slot], _rows(batch))
        # Time is up by the episode's own steps, so that a level may start late in the day.
        rows["rules"] = self.game.endless(rows["rules"])
        task = Task(**rows, env_index=batch.env_index)
        _, draws = _split(key, task.env_index)
        drawn = (draws % task.pool_size.astype(jnp.uint32)).astype(jnp.int32)
        world = jnp.where(batch.first_world >= 0, batch.first_world, drawn)
        game = resets.gather(batch.pool, task.pool_start + world)
        host, num_envs = self.game.host, batch.num_envs
        return EnvState(
            game=game,
            task=task,
            counters=self._new_counters(game),
            tally=episode.new_tally(num_envs, len(host.achievements), len(host.endings), len(host.occupations)),
            first=episode.new_first_episode(num_envs, len(host.achievements)),
            elapsed=jnp.zeros(num_envs, jnp.int32),
        )

    def _draw(self, keys: jax.Array, env_index: jax.Array) -> Drawn:
        def one(key: jax.Array) -> Drawn:
            step_keys, world = _split(key, env_index)
            return Drawn(step_keys, world, jax.vmap(self.game.draw)(step_keys))

        drawn: Drawn = jax.vmap(one)(keys)
        return drawn

    @jax.named_scope("env.step")
    def _step(
        self, key: jax.Array | Drawn, state: EnvState, action: jax.Array, batch: LevelBatch
    ) -> tuple[EnvState, TimeStep]:
        task = state.task
        drawn = key if isinstance(key, Drawn) else _undrawn(key, task.env_index)
        before = before_hooks(self.hooks, state.game)
        result = jax.vmap(self.game.step)(drawn.game, state.game, action, task.rules)
        hooked = apply_hooks(self.game, self.hooks, before, action, result, drawn.keys)
        game = hooked.state
        counters = episode.count_step(
            state.counters, result.events, self.game.depth(game), jnp.asarray(result.occupation)
        )
        elapsed = state.elapsed + 1
        outcome = _outcome(self.game, task, hooked, counters, elapsed)
        counters = replace(
            counters,
            total_reward=counters.total_reward + outcome.reward,
            reached=counters.reached | outcome.reached,
        )
        unlocked = self.game.achievements(game) & ~counters.initial_achievements
        final = self._final(outcome, game, task)

        world = (drawn.world % task.pool_size.astype(jnp.uint32)).astype(jnp.int32)
        after = EnvState(
            game=resets.restart(
                game, _once_seen(outcome.done, final), task.pool_start + world, batch.pool, self.reset_chunk
            ),
            task=task,
            counters=counters,
            tally=episode.tally_step(state.tally, outcome, counters, unlocked),
            first=episode.first_step(state.first, outcome, counters, unlocked),
            elapsed=elapsed,
        )
        after = replace(after, counters=_restart(outcome.done, self._new_counters(after.game), counters))
        return after, TimeStep(
            observation=self.observe(after),
            reward=outcome.reward,
            done=outcome.done,
            success=outcome.success,
            time_limit=outcome.time_limit,
            counted=outcome.counted,
            final_observation=final,
        )

    def stats(self, state: EnvState, batch: LevelBatch) -> Tally:
        """Sums by level over the episodes since the reset that count."""
        return episode.level_stats(state.tally, batch.slot, batch.num_levels)

    def _final(self, outcome: StepOutcome, game: State, task: Task) -> Observed | None:
        if self.final_of_all:
            return self._observe_at(outcome.done, game, task)
        return self._observe_at(outcome.time_limit, game, task) if self.bootstrap_time_limit else None

    def _observe_at(self, wanted: jax.Array, game: State, task: Task) -> Observed:
        """Observations of the environments that are wanted; computed only in steps in which there are any.

        A loop of one trip or none, because its operands are whole buffers: computed beside the step,
        the observation would read the state before the step's last writes and cost a copy of the maps. On an
        accelerator, where a loop costs a wait, every step observes twice.
        """
        if on_accelerator():
            return self._observe(game, task)

        def body(carry: tuple[jax.Array, Observed]) -> tuple[jax.Array, Observed]:
            pending = carry[0]
            # Depends on the carry, so that XLA cannot move it out of the loop.
            tied = jnp.where(pending, getattr(game, self.game.anchor), 0)
            shown = replace(game, **{self.game.anchor: tied})
            return jnp.zeros_like(pending), self._observe(shown, task)

        shapes = jax.eval_shape(self._observe, game, task)
        nothing = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
        observed: Observed = jax.lax.while_loop(lambda carry: jnp.any(carry[0]), body, (wanted, nothing))[1]
        return observed

    @jax.named_scope("env.observation")
    def _observe(self, game: State, task: Task) -> Observed:
        return jax.vmap(self.game.observe)(game, task.rules)

    def _new_counters(self, game: State) -> Counters:
        depth = self.game.depth(game)
        no_events, occupations = self.game.no_events(*depth.shape), len(self.game.host.occupations)
        return episode.new_counters(self.game.achievements(game), depth, no_events, occupations)


def _rows(batch: LevelBatch) -> dict[str, Any]:
    levels = ("rules", "goal_achievements", "goal_minimum", "bonus", "game_reward", "ends", "pool_start", "pool_size")
    episodes = ("episode_limit", "count_first", "count_last")
    return {name: getattr(batch, name) for name in levels + episodes}


@jax.named_scope("env.keys")
def _split(key: jax.Array, env_index: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Of every environment: the key of its step, and 32 random bits that choose its next world."""

    def one(key: jax.Array, index: jax.Array) -> jax.Array:
        return jax.random.split(jax.random.fold_in(key, index))

    keys = jax.vmap(one, in_axes=(0 if key.ndim > 1 else None, 0))(key, env_index)
    return keys[:, 0], keys[:, 1, 0]


def _undrawn(key: jax.Array, env_index: jax.Array) -> Drawn:
    step_keys, world = _split(key, env_index)
    return Drawn(step_keys, world, step_keys)


@jax.named_scope("env.outcome")
def _outcome(game: DeviceGame, task: Task, hooked: Hooked, counters: Counters, elapsed: jax.Array) -> StepOutcome:
    values = game.quantities(hooked.state, counters.steps, counters.events)
    reached = goals.met(game.achievements(hooked.state), values, task.goal_achievements, task.goal_minimum)
    if hooked.success is not None and hooked.decides is not None:
        nothing_asked = goals.empty(task.goal_achievements, task.goal_minimum)
        reached = jnp.where(hooked.decides, (reached | nothing_asked) & hooked.success, reached)
    over = hooked.done | (reached & task.ends)
    time_limit = (counters.steps >= task.episode_limit) & ~over
    done, began = over | time_limit, elapsed - counters.steps
    return StepOutcome(
        reward=hooked.reward * task.game_reward + jnp.where(reached & ~counters.reached, task.bonus, 0.0),
        done=done,
        reached=reached,
        success=done & (reached | counters.reached),
        time_limit=time_limit,
        counted=done & (task.count_first <= began) & (began <= task.count_last),
        ending=hooked.ending,
    )


def _once_seen(done: jax.Array, final: Observed | None) -> jax.Array:
    """`done`, but not known before `final` is.

    Otherwise nothing says that the old state is read before a reset overwrites it, and XLA would keep a
    copy of every map for it. XLA does not know how large a byte that was made wider can be.
    """
    return done if final is None else done & (final.cells[:, 0, 0, 0].astype(jnp.int32) <= _MOST_OF_A_BYTE)


def _restart(done: jax.Array, fresh: Counters, counters: Counters) -> Counters:
    """Counters that start over where an episode ended."""

    def choose(new: jax.Array, old: jax.Array) -> jax.Array:
        return jnp.where(done.reshape(-1, *[1] * (old.ndim - 1)), new, old)

    chosen: Counters = jax.tree.map(choose, fresh, counters)
    return chosen
