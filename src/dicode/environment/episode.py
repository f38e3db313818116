"""What is counted: within an episode, over an environment's finished episodes, and in its first episode.

Everything has one entry per environment, so that it shards like the environments; `level_stats` sums it
by level when it is asked for. Counters start from zero in every episode and remember nothing of the last. Sums are
over the episodes that count, which their beginning decides (`dicode.counting`).
"""

from dataclasses import replace

import jax
import jax.numpy as jnp
from flax import struct
from jaxtyping import Array, Bool, Float, Int

from dicode.games.device import Events


@struct.dataclass
class Counters:
    """The running episode of every environment."""

    steps: Int[Array, " E"]
    """Steps taken, apart from the game's own time."""
    total_reward: Float[Array, " E"]
    """Rewards so far, the completion bonus included."""
    reached: Bool[Array, " E"]
    """The goal was reached before; only where that does not end the episode."""
    deepest: Int[Array, " E"]
    """Greatest depth reached (`DeviceGame.depth`)."""
    initial_achievements: Bool[Array, "E A"]
    """What the start had or implied: paid nothing and does not count as achieved in the episode."""
    events: Events
    """The game's events so far, [E, ...]."""
    occupations: Int[Array, "E S"]
    """Steps so far by what they were spent on (`HostGame.occupations`)."""


@struct.dataclass
class Tally:
    """Sums over the episodes since the reset that count and have ended, for each of N environments or levels.

    Those of two devices add up.
    """

    episodes: Int[Array, " N"]
    successes: Int[Array, " N"]
    time_limits: Int[Array, " N"]
    """Episodes ended by the step limit alone."""
    return_sum: Float[Array, " N"]
    """Of the rewards, the completion bonus included."""
    return_squares: Float[Array, " N"]
    """Of the squared returns, from which their spread follows."""
    length_sum: Int[Array, " N"]
    achievements: Int[Array, "N A"]
    """Episodes in which each achievement was newly unlocked."""
    endings: Int[Array, "N K"]
    """Episodes that ended neither with the goal nor by the step limit, by what ended them (`HostGame.endings`)."""
    occupations: Int[Array, "N S"]
    """Steps by what they were spent on (`HostGame.occupations`)."""


@struct.dataclass
class FirstEpisode:
    """The outcome of every environment's first episode; zero and False until `done`."""

    done: Bool[Array, " E"]
    success: Bool[Array, " E"]
    total_reward: Float[Array, " E"]
    length: Int[Array, " E"]
    deepest: Int[Array, " E"]
    achievements: Bool[Array, "E A"]


@struct.dataclass
class StepOutcome:
    """How the step just taken left every environment's episode."""

    reward: Float[Array, " E"]
    done: Bool[Array, " E"]
    reached: Bool[Array, " E"]
    """The goal holds after the step."""
    success: Bool[Array, " E"]
    """It held after some step of the episode, which ends."""
    time_limit: Bool[Array, " E"]
    counted: Bool[Array, " E"]
    """The episode ended and belongs to those that count; implies done."""
    ending: Int[Array, " E"]
    """Place in `HostGame.endings`; read only where the game ended the episode."""


def new_counters(
    initial_achievements: Bool[Array, "E A"], depth: Int[Array, " E"], no_events: Events, num_occupations: int
) -> Counters:
    """Counters at the start of an episode."""
    num_envs = depth.shape[0]
    return Counters(
        steps=jnp.zeros(num_envs, jnp.int32),
        total_reward=jnp.zeros(num_envs, jnp.float32),
        reached=jnp.zeros(num_envs, bool),
        deepest=depth,
        initial_achievements=initial_achievements,
        events=no_events,
        occupations=jnp.zeros((num_envs, num_occupations), jnp.int32),
    )


@jax.named_scope("env.counters")
def count_step(counters: Counters, events: Events, depth: Int[Array, " E"], occupation: Int[Array, " E"]) -> Counters:
    """Counters after one more step; its reward is added once it is known."""
    spent = _marked(occupation, counters.occupations.shape[1])
    return replace(
        counters,
        steps=counters.steps + 1,
        deepest=jnp.maximum(counters.deepest, depth),
        events=jax.tree.map(jnp.add, counters.events, events),
        occupations=counters.occupations + spent,
    )


def _marked(place: Int[Array, " E"], size: int) -> Bool[Array, "E N"]:
    """True at each row's place."""
    return place[:, None] == jnp.arange(size)


def new_tally(num_envs: int, num_achievements: int, num_endings: int, num_occupations: int) -> Tally:
    """Nothing finished yet."""
    zero = jnp.zeros(num_envs, jnp.int32)
    return Tally(
        episodes=zero,
        successes=zero,
        time_limits=zero,
        return_sum=jnp.zeros(num_envs, jnp.float32),
        return_squares=jnp.zeros(num_envs, jnp.float32),
        length_sum=zero,
        achievements=jnp.zeros((num_envs, num_achievements), jnp.int32),
        endings=jnp.zeros((num_envs, num_endings), jnp.int32),
        occupations=jnp.zeros((num_envs, num_occupations), jnp.int32),
    )


@jax.named_scope("env.counters")
def tally_step(tally: Tally, outcome: StepOutcome, counters: Counters, unlocked: Bool[Array, "E A"]) -> Tally:
    """The tally with the counted episodes that end in this step; `unlocked` is what each newly achieved."""
    counted = outcome.counted
    lost = counted & ~outcome.success & ~outcome.time_limit
    return Tally(
        episodes=tally.episodes + counted,
        successes=tally.successes + (counted & outcome.success),
        time_limits=tally.time_limits + (counted & outcome.time_limit),
        return_sum=tally.return_sum + jnp.where(counted, counters.total_reward, 0.0),
        return_squares=tally.return_squares + jnp.where(counted, counters.total_reward**2, 0.0),
        length_sum=tally.length_sum + jnp.where(counted, counters.steps, 0),
        achievements=tally.achievements + (unlocked & counted[:, None]),
        endings=tally.endings + (_marked(outcome.ending, tally.endings.shape[1]) & lost[:, None]),
        occupations=tally.occupations + jnp.where(counted[:, None], counters.occupations, 0),
    )


def new_first_episode(num_envs: int, num_achievements: int) -> FirstEpisode:
    """No first episode has ended."""
    return FirstEpisode(
        done=jnp.zeros(num_envs, bool),
        success=jnp.zeros(num_envs, bool),
        total_reward=jnp.zeros(num_envs, jnp.float32),
        length=jnp.zeros(num_envs, jnp.int32),
        deepest=jnp.zeros(num_envs, jnp.int32),
        achievements=jnp.zeros((num_envs, num_achievements), bool),
    )


@jax.named_scope("env.counters")
def first_step(
    first: FirstEpisode, outcome: StepOutcome, counters: Counters, unlocked: Bool[Array, "E A"]
) -> FirstEpisode:
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


@jax.named_scope("env.counters")
def level_stats(tally: Tally, slot: Int[Array, " E"], num_levels: int) -> Tally:
    """The tallies summed by level; zero for a level without environments."""

    def by_level(values: jax.Array) -> jax.Array:
        return jax.ops.segment_sum(values, slot, num_segments=num_levels)

    summed: Tally = jax.tree.map(by_level, tally)
    return summed
