"""The batch: every level of a cycle as device arrays of fixed shape, and which environment plays which.

Shapes depend on `Sizes` alone, never on the levels, so one compiled program serves every cycle. The
pool is flat: level l owns rows `pool_start[l]` to `pool_start[l] + pool_size[l]` of it, so a level may
bring as many worlds as it needs (the target needs more than the others).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from jax.sharding import PartitionSpec
from jaxtyping import Array, Bool, Float, Int

from dicode.counting import EVERYTHING, FOREVER, Counting, counted_starts
from dicode.environment.goals import conditioning
from dicode.errors import ConfigError
from dicode.games.device import DeviceGame, RuleTable, State
from dicode.games.host import Goal, HostGame

MIN_ENVS = 2
"""Fewest environments of a used slot."""


@dataclass(frozen=True)
class Level:
    """What the environment needs of one level, on the host."""

    pool: Mapping[str, np.ndarray]
    """Initial states by dotted name, leading axis: worlds."""
    rules: Mapping[str, object] = field(default_factory=dict)
    """What `HostGame.rule_arrays` reads; empty for the unmodified game."""
    goal: Goal | None = None
    """None: the goal of the unmodified game."""
    bonus: float = 0.0
    """Paid once, when the goal is reached."""
    train: bool = True
    """False: played and counted, but without gradient."""
    episode_limit: int = FOREVER
    """Steps of an episode at most, where that is less than the batch's."""
    own_length: bool = True
    """Whether a rule `episode_length` bounds its episodes."""
    ends: bool = True
    """Reaching the goal ends the episode; else it pays the bonus once, and the episode goes on."""
    game_reward: float = 1.0
    """Weight of the game's own reward; 0: the goal alone pays."""
    name: str = ""
    """For people."""


@dataclass(frozen=True)
class Sizes:
    """The shapes of a run's batches."""

    num_envs: int
    level_slots: int
    pool_size: int
    """Initial states of all levels together."""
    min_envs: int = MIN_ENVS
    """Environments that a level needs at least."""


@struct.dataclass
class LevelBatch:
    """E environments, L level slots, W worlds, A achievements, Q quantities, C conditioning."""

    pool: State
    """[W, ...]"""
    pool_start: Int[Array, " L"]
    pool_size: Int[Array, " L"]
    rules: RuleTable
    """[L, ...]"""
    goal_achievements: Bool[Array, "L A"]
    goal_minimum: Float[Array, "L Q"]
    conditioning: Float[Array, "L C"]
    bonus: Float[Array, " L"]
    game_reward: Float[Array, " L"]
    """Weight of the game's own reward beside it."""
    ends: Bool[Array, " L"]
    """Whether reaching the goal ends the episode."""
    episode_limit: Int[Array, " L"]
    count_first: Int[Array, " L"]
    """First step since the reset at which an episode that counts begins."""
    count_last: Int[Array, " L"]
    """The last one; see `dicode.counting`."""
    train: Bool[Array, " L"]
    slot: Int[Array, " E"]
    """Level slot that each environment plays."""
    env_index: Int[Array, " E"]
    """Number of each environment over all devices; its randomness depends on it, not on the sharding."""
    first_world: Int[Array, " E"]
    """World of its level that each environment plays first; -1: drawn."""

    @property
    def num_levels(self) -> int:
        """L, used slots and empty ones."""
        return self.bonus.shape[0]

    @property
    def num_envs(self) -> int:
        """E (of this device, inside a sharded program)."""
        return self.slot.shape[0]


def partition(axis: str) -> LevelBatch:
    """How a batch is laid over a mesh axis: environments split, levels and worlds on every device."""
    whole = {f.name: PartitionSpec() for f in fields(LevelBatch)}
    return LevelBatch(**whole | dict.fromkeys(("slot", "env_index", "first_world"), PartitionSpec(axis)))  # type: ignore[arg-type]


def build(
    game: DeviceGame,
    levels: Sequence[Level],
    counts: Sequence[int],
    sizes: Sizes,
    *,
    episode_limit: int,
    counting: Counting = EVERYTHING,
    conditioning_kind: str = "full",
    first_world: np.ndarray | None = None,
    groups: Sequence[tuple[int, int]] = (),
    shards: int = 1,
) -> LevelBatch:
    """The batch of `levels`, of which level i is played by `counts[i]` environments.

    Environments are assigned to levels in order. `groups`, pairs of level and size, stand at the front
    of each of `shards` equal parts of the environments, for levels with hooks. An episode ends after `episode_limit` steps, or after
    the level's own limit or `episode_length` rule if that is shorter; `counting` says which of them count. Achievements that a start implies are
    marked in the pool. `first_world` int[E] fixes each environment's first world (-1: drawn).

    Raises:
        ConfigError: the levels, worlds or environments do not fit into `sizes`, a level is played by
            fewer than `sizes.min_envs` environments, a pool is not of the schema, or a group is not the whole
            of its level.
    """
    _check(levels, counts, sizes, episode_limit)
    slot = _slots(counts, groups, shards)
    host = game.host
    worlds = np.array([_worlds(level) for level in levels])
    empty = sizes.level_slots - len(levels)
    if first_world is None:
        first_world = np.full(sizes.num_envs, -1)
    elif np.any(np.asarray(first_world) >= worlds[slot]):
        raise ConfigError(f"first_world goes up to {int(np.max(first_world))}, beyond a pool of {int(worlds.min())}")
    goals = [host.target_goal if level.goal is None else level.goal for level in levels] + [host.no_goal] * empty
    asked, minimum = (np.stack(part) for part in zip(*(goal.to_arrays() for goal in goals), strict=True))
    tables = [host.rule_arrays(level.rules) for level in levels] + [host.rule_arrays({})] * empty
    rules = {name: np.stack([table[name] for table in tables]) for name in tables[0]}
    limits = [
        min(episode_limit, level.episode_limit, _length(table) if level.own_length else FOREVER)
        for level, table in zip(levels, tables[: len(levels)], strict=True)
    ] + [episode_limit] * empty
    first, last = zip(*(counted_starts(counting, limit) for limit in limits), strict=True)
    return LevelBatch(
        pool=game.from_arrays(_pool(host, levels, sizes.pool_size)),
        pool_start=_ints([*(np.cumsum(worlds) - worlds), *[0] * empty]),
        pool_size=_ints([*worlds, *[1] * empty]),
        rules=game.rule_table(rules),
        goal_achievements=jnp.asarray(asked),
        goal_minimum=jnp.asarray(minimum, jnp.float32),
        conditioning=jnp.asarray(np.stack([conditioning(host, goal, conditioning_kind) for goal in goals])),
        bonus=jnp.asarray([*(level.bonus for level in levels), *[0.0] * empty], jnp.float32),
        game_reward=jnp.asarray([*(level.game_reward for level in levels), *[1.0] * empty], jnp.float32),
        ends=jnp.asarray([*(level.ends for level in levels), *[True] * empty]),
        episode_limit=_ints(limits),
        count_first=_ints(first),
        count_last=_ints(last),
        train=jnp.asarray([*(level.train for level in levels), *[False] * empty]),
        slot=_ints(slot),
        env_index=_ints(np.arange(sizes.num_envs)),
        first_world=_ints(first_world),
    )


def target(
    game: DeviceGame, pool: Mapping[str, np.ndarray], num_envs: int, *, episode_limit: int = 10_000
) -> LevelBatch:
    """The unmodified game alone, for whoever wants just the environment."""
    level = Level(pool)
    sizes = Sizes(num_envs, level_slots=1, pool_size=_worlds(level))
    return build(game, [level], [num_envs], sizes, episode_limit=episode_limit)


def evaluation(
    game: DeviceGame, level: Level, sizes: Sizes, *, episode_limit: int, conditioning_kind: str = "full"
) -> tuple[LevelBatch, int]:
    """A batch in which environment e plays world e of `level` first, and how many such environments count.

    The pool must hold at most `sizes.num_envs` worlds: one for each first episode (the other
    environments repeat worlds and are not to be counted).
    """
    worlds = _worlds(level)
    if worlds > sizes.num_envs:
        raise ConfigError(f"{worlds} worlds do not fit {sizes.num_envs} environments; evaluate them in parts")
    first_world = np.arange(sizes.num_envs) % worlds
    batch = build(
        game,
        [level],
        [sizes.num_envs],
        sizes,
        episode_limit=episode_limit,
        conditioning_kind=conditioning_kind,
        first_world=first_world,
    )
    return batch, worlds


def _ints(values: object) -> jax.Array:
    return jnp.asarray(np.asarray(values), jnp.int32)


def _slots(counts: Sequence[int], groups: Sequence[tuple[int, int]], shards: int) -> np.ndarray:
    """The level of each environment: in every shard the groups, then a run of the other levels in order."""
    for level, size in groups:
        if counts[level] != size * shards:
            raise ConfigError(
                f"level {level} has hooks for {size} environments on each of {shards} devices, "
                f"so it needs {size * shards} environments, not {counts[level]}"
            )
    front = np.repeat([level for level, _ in groups], [size for _, size in groups]).astype(np.int64)
    own = {level for level, _ in groups}
    rest = np.repeat(np.arange(len(counts)), [0 if level in own else n for level, n in enumerate(counts)])
    if len(rest) % shards:
        raise ConfigError(f"{len(rest)} environments without hooks do not divide among {shards} devices")
    return np.concatenate([part for run in np.split(rest, shards) for part in (front, run)])


def _length(table: Mapping[str, np.ndarray]) -> int:
    return int(table.get("episode_length", FOREVER))


def _worlds(level: Level) -> int:
    return len(next(iter(level.pool.values())))


def _check(levels: Sequence[Level], counts: Sequence[int], sizes: Sizes, episode_limit: int) -> None:
    if not 0 < len(levels) <= sizes.level_slots:
        raise ConfigError(f"{len(levels)} levels do not fit level_slots={sizes.level_slots}")
    if len(counts) != len(levels) or sum(counts) != sizes.num_envs:
        raise ConfigError(f"counts {list(counts)} of {len(levels)} levels must add up to num_envs={sizes.num_envs}")
    if min(counts) < sizes.min_envs:
        raise ConfigError(
            f"a level would get {min(counts)} environments, at least {sizes.min_envs} are needed: "
            f"raise num_envs={sizes.num_envs} or train fewer than {len(levels)} levels"
        )
    worlds = [_worlds(level) for level in levels]
    if min(worlds) < 1 or sum(worlds) > sizes.pool_size:
        raise ConfigError(
            f"pools of {worlds} worlds: each level needs at least one, all together at most pool_size={sizes.pool_size}"
        )
    if episode_limit < 1:
        raise ConfigError(f"episode_limit is {episode_limit}; an episode has at least one step")


def _check_pool(host: HostGame, number: int, level: Level) -> None:
    pool, count = level.pool, _worlds(level)
    for name, spec in host.fields.items():
        found = pool.get(name)
        if found is None or found.shape != (count, *spec.shape) or found.dtype != spec.dtype:
            what = "missing" if found is None else f"{found.dtype}{list(found.shape)}"
            raise ConfigError(f"level {number}: {name} is {what}; needed is {spec.dtype}{[count, *spec.shape]}")


def _pool(host: HostGame, levels: Sequence[Level], size: int) -> dict[str, np.ndarray]:
    """All levels' worlds one after the other, zeros after the last, what the starts imply marked."""
    arrays = {name: np.zeros((size, *spec.shape), spec.dtype) for name, spec in host.fields.items()}
    start = 0
    for number, level in enumerate(levels):
        _check_pool(host, number, level)
        stop = start + _worlds(level)
        for name, array in arrays.items():
            array[start:stop] = level.pool[name]
        start = stop
    if host.achievements:
        arrays["achievements"][:start] |= host.implied({name: array[:start] for name, array in arrays.items()})
    return arrays
