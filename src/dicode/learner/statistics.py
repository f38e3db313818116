"""Level scores that need values or advantages, as sums over episodes.

Positive value loss is the mean positive part of an episode's advantages (Jiang et al., 2021, PLR); MaxMC the
mean over an episode's steps of (highest return seen on the level - value) (Jiang et al., 2021, robust PLR). Both are
means of each episode, then over the episodes that count, so that long episodes weigh no more than short ones. An
episode is summed while it runs, across rollouts, so a cycle keeps some numbers an environment and never a trajectory.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from dicode.learner.types import Running, Scores


class Ends(NamedTuple):
    """Where episodes ended in a rollout."""

    done: Bool[Array, "T E"]
    counted: Bool[Array, "T E"]
    """Those of them that scores are taken over."""
    episode_return: Float[Array, "T E"]
    """Of the episode so far, the step's own reward included."""


def no_scores(num_levels: int) -> Scores:
    """The sums before the first episode."""
    zero = jnp.zeros(num_levels, jnp.float32)
    return Scores(episodes=zero, value=zero, positive_advantage=zero, max_return=jnp.full(num_levels, -jnp.inf))


def no_steps(num_envs: int) -> Running:
    """The sums at the start of an episode."""
    zero = jnp.zeros(num_envs, jnp.float32)
    return Running(steps=zero, value=zero, positive_advantage=zero)


@jax.named_scope("learner.statistics")
def add_rollout(
    scores: Scores,
    running: Running,
    slot: Int[Array, " E"],
    value: Float[Array, "T E"],
    advantage: Float[Array, "T E"],
    ends: Ends,
) -> tuple[Scores, Running]:
    """The sums with one rollout added, and those of the episodes that go on."""
    levels = scores.episodes.shape[0]

    def step(running: Running, now: tuple[jax.Array, ...]) -> tuple[Running, Running]:
        one_value, gain, done, counted = now
        total = Running(running.steps + 1, running.value + one_value, running.positive_advantage + gain)
        ended = jax.tree.map(lambda x: jnp.where(counted, x / total.steps, 0.0), total)
        return jax.tree.map(lambda x: jnp.where(done, 0.0, x), total), ended

    each = (value, jnp.maximum(advantage, 0.0), ends.done, ends.counted)
    running, ended = jax.lax.scan(step, running, each)

    def by_level(per_step: Float[Array, "T E"]) -> Float[Array, " L"]:
        return jax.ops.segment_sum(per_step.sum(axis=0), slot, num_segments=levels)

    best = jnp.where(ends.done, ends.episode_return, -jnp.inf).max(axis=0)
    best = jax.ops.segment_max(best, slot, num_segments=levels)
    added = Scores(
        # An episode's steps over its steps are 1.
        episodes=scores.episodes + by_level(ended.steps),
        value=scores.value + by_level(ended.value),
        positive_advantage=scores.positive_advantage + by_level(ended.positive_advantage),
        max_return=jnp.maximum(scores.max_return, best),
    )
    return added, running


def positive_value_loss(scores: Scores) -> Float[Array, " L"]:
    """Mean over episodes of their mean positive advantage; 0 for a level without a counted episode."""
    return scores.positive_advantage / jnp.maximum(scores.episodes, 1.0)


def max_mc(scores: Scores) -> Float[Array, " L"]:
    """Highest return of the cycle less the mean over episodes of their mean value; 0 without a counted episode."""
    mean_value = scores.value / jnp.maximum(scores.episodes, 1.0)
    return jnp.where(scores.episodes > 0, scores.max_return - mean_value, 0.0)
