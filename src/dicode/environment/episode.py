"""What is counted: within an episode, over an environment's finished episodes, and in its first episode.

Everything has one entry per environment, so that it shards like the environments; `LevelStats` sums it
by level when it is asked for. Counters start from zero in every episode and remember nothing of the last.
"""

from dataclasses import replace

import jax
import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Bool, Float, Int

from dicode.games.craftax.levels.counted import COLLECTABLES, PLACEABLES
from dicode.games.craftax.levels.names import NUM_ACHIEVEMENTS
from dicode.games.craftax.types import NUM_MOB_CLASSES, NUM_MOB_TYPES, Events


@struct.dataclass
class Counters:
    """The running episode of every environment."""

    steps: Int[Array, "E"]
    """Steps taken, apart from the game's own time."""
    total_reward: Float[Array, "E"]
    """Rewards so far, the completion bonus included."""
    deepest: Int[Array, "E"]
    """Deepest floor stood on."""
    initial_achievements: Bool[Array, "E A"]
    """What the start had or implied: paid nothing and does not count as achieved in the episode."""
    kills: Int[Array, "E 3 8"]
    collected: Int[Array, "E 8"]
    placed: Int[Array, "E 5"]
    eaten: Int[Array, "E"]
    drunk: Int[Array, "E"]
    damage_taken: Float[Array, "E"]


@struct.dataclass
class Tally:
    """Sums over the finished episodes of every environment."""

    episodes: Int[Array, "E"]
    successes: Int[Array, "E"]
    time_limits: Int[Array, "E"]
    return_sum: Float[Array, "E"]
    length_sum: Int[Array, "E"]
    achievements: Int[Array, "E A"]


@struct.dataclass
class FirstEpisode:
    """The outcome of every environment's first episode; zero and False until `done`."""

    done: Bool[Array, "E"]
    success: Bool[Array, "E"]
    total_reward: Float[Array, "E"]
    length: Int[Array, "E"]
    deepest: Int[Array, "E"]
    achievements: Bool[Array, "E A"]


@struct.dataclass
class LevelStats:
    """Sums per level over the episodes that began and ended since the reset; add those of two devices."""

    episodes: Int[Array, "L"]
    successes: Int[Array, "L"]
    time_limits: Int[Array, "L"]
    """Episodes ended by the step limit alone."""
    return_sum: Float[Array, "L"]
    """Of the rewards, the completion bonus included."""
    length_sum: Int[Array, "L"]
    achievements: Int[Array, "L A"]
    """Episodes in which each achievement was newly unlocked."""


@struct.dataclass
class Outcome:
    """How the step just taken left every environment's episode."""

    reward: Float[Array, "E"]
    done: Bool[Array, "E"]
    success: Bool[Array, "E"]
    time_limit: Bool[Array, "E"]


def new_counters(num_envs: int, initial_achievements: Bool[Array, "E A"], floor: Int[Array, "E"]) -> Counters:
    """Counters at the start of an episode."""
    return Counters(
        steps=jnp.zeros(num_envs, jnp.int32),
        total_reward=jnp.zeros(num_envs, jnp.float32),
        deepest=floor,
        initial_achievements=initial_achievements,
        kills=jnp.zeros((num_envs, NUM_MOB_CLASSES, NUM_MOB_TYPES), jnp.int32),
        collected=jnp.zeros((num_envs, len(COLLECTABLES)), jnp.int32),
        placed=jnp.zeros((num_envs, len(PLACEABLES)), jnp.int32),
        eaten=jnp.zeros(num_envs, jnp.int32),
        drunk=jnp.zeros(num_envs, jnp.int32),
        damage_taken=jnp.zeros(num_envs, jnp.float32),
    )


def count_step(counters: Counters, events: Events, floor: Int[Array, "E"]) -> Counters:
    """Counters after one more step; its reward is added once it is known."""
    return replace(
        counters,
        steps=counters.steps + 1,
        deepest=jnp.maximum(counters.deepest, floor),
        kills=counters.kills + events.kills,
        collected=counters.collected + events.collected,
        placed=counters.placed + events.placed,
        eaten=counters.eaten + events.eaten,
        drunk=counters.drunk + events.drunk,
        damage_taken=counters.damage_taken + events.damage_taken,
    )


def new_tally(num_envs: int) -> Tally:
    """Nothing finished yet."""
    zero = jnp.zeros(num_envs, jnp.int32)
    return Tally(
        episodes=zero,
        successes=zero,
        time_limits=zero,
        return_sum=jnp.zeros(num_envs, jnp.float32),
        length_sum=zero,
        achievements=jnp.zeros((num_envs, NUM_ACHIEVEMENTS), jnp.int32),
    )


def tally_step(tally: Tally, outcome: Outcome, counters: Counters, unlocked: Bool[Array, "E A"]) -> Tally:
    """The tally with the episodes that end in this step; `unlocked` is what each newly achieved."""
    done = outcome.done
    return Tally(
        episodes=tally.episodes + done,
        successes=tally.successes + (done & outcome.success),
        time_limits=tally.time_limits + (done & outcome.time_limit),
        return_sum=tally.return_sum + jnp.where(done, counters.total_reward, 0.0),
        length_sum=tally.length_sum + jnp.where(done, counters.steps, 0),
        achievements=tally.achievements + (unlocked & done[:, None]),
    )


def new_first_episode(num_envs: int) -> FirstEpisode:
    """No first episode has ended."""
    return FirstEpisode(
        done=jnp.zeros(num_envs, bool),
        success=jnp.zeros(num_envs, bool),
        total_reward=jnp.zeros(num_envs, jnp.float32),
        length=jnp.zeros(num_envs, jnp.int32),
        deepest=jnp.zeros(num_envs, jnp.int32),
        achievements=jnp.zeros((num_envs, NUM_ACHIEVEMENTS), bool),
    )


def first_step(first: FirstEpisode, outcome: Outcome, counters: Counters, unlocked: Bool[Array, "E A"]) -> FirstEpisode:
    """The record with the first episodes that end in this step."""
    ends = outcome.done & ~first.done
    return FirstEpisode(
        done=first.done | ends,
        success=first.success | (ends & outcome.success),
        total_reward=jnp.where(ends, counters.total_reward, first.total_reward),
        length=jnp.where(ends, counters.steps, first.length),
        deepest=jnp.where(ends, counters.deepest, first.deepest),
        achievements=first.achievements | (unlocked & ends[:, None]),
    )


def level_stats(tally: Tally, slot: Int[Array, "E"], num_levels: int) -> LevelStats:
    """The tallies summed by level; zero for a level without environments."""

    def by_level(values: jax.Array) -> jax.Array:
        return jax.ops.segment_sum(values, slot, num_segments=num_levels)

    return LevelStats(**{name: by_level(getattr(tally, name)) for name in LevelStats.__dataclass_fields__})
