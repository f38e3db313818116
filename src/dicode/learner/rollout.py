"""The rollout: T steps of E environments, for training, evaluation and video alike.

The key of step t is `fold_in(key, t)`, split into the action's and the environment's, so a step can be
played again from the carry before it.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from dicode.accelerator import on_accelerator
from dicode.agent import actor_critic
from dicode.agent.ahead import act_ahead
from dicode.agent.types import Agent, Cache, Output, Params
from dicode.learner import gae, layout, statistics
from dicode.learner.types import Batch, Environment, Key, PpoConfig, RolloutCarry, Statistics, Trajectory


def start(agent: Agent, env: Environment, key: Key, batch: Batch) -> RolloutCarry:
    """Environments, memory and statistics afresh."""
    env_state, num_envs = env.reset(key, batch), batch.slot.shape[0]
    return RolloutCarry(
        env_state=env_state,
        observation=env.observe(env_state),
        memory=agent.initial_memory(num_envs),
        episode_return=jnp.zeros(num_envs, jnp.float32),
        running=statistics.no_steps(num_envs),
        scores=statistics.no_scores(batch.train.shape[0]),
    )


def rollout(
    agent: Agent, env: Environment, config: PpoConfig, params: Params, carry: RolloutCarry, batch: Batch, key: Key
) -> tuple[RolloutCarry, Trajectory, Statistics]:
    """Play T steps; the statistics are those since `start`."""
    conditioning = batch.conditioning[batch.slot]
    last, played = _play(agent, env, config, params, carry, batch, conditioning, key)
    taken = played.taken
    value, reward, done = taken["value"], taken["reward"], taken["done"]
    last_value = agent.act(params, last.cache, last.observation, conditioning)[0].value
    following = gae.following_values(value, last_value, done, played.value_at_limit)
    advantage = gae.advantages(reward, value, following, done, config.gamma, config.gae_lambda)
    ends = statistics.Ends(done, played.counted, played.episode_return)
    scores, running = statistics.add_rollout(carry.scores, carry.running, batch.slot, value, advantage, ends)
    trajectory = Trajectory(
        **taken,
        advantage=advantage,
        target=advantage + value,
        memory=carry.memory,
        conditioning=conditioning,
        weight=batch.train[batch.slot].astype(jnp.float32),
    )
    memory = agent.end(carry.memory, last.cache, taken["record"])
    carry = RolloutCarry(last.env_state, last.observation, memory, last.episode_return, running, scores)
    return carry, trajectory, Statistics(env.stats(last.env_state, batch), scores)


class _Now(NamedTuple):
    """What a step starts from."""

    env_state: Any
    observation: Any
    cache: Cache
    episode_return: jax.Array


class _Played(NamedTuple):
    """What a step leaves behind."""

    taken: dict[str, Any]
    """The trajectory's fields."""
    value_at_limit: jax.Array
    counted: jax.Array
    episode_return: jax.Array
    """Of the episode so far, this step included."""


def _play(
    agent: Agent,
    env: Environment,
    config: PpoConfig,
    params: Params,
    carry: RolloutCarry,
    batch: Batch,
    conditioning: jax.Array,
    key: Key,
) -> tuple[_Now, _Played]:
    cache = agent.begin(params, carry.memory)
    act = _act(agent, params, cache, carry.observation, conditioning)

    def step(now: _Now, draws: tuple[jax.Array, Any]) -> tuple[_Now, _Played]:
        act_key, env_key = draws
        with jax.named_scope("agent.act"):
            output, cache = act(now.cache, now.observation)
        with jax.named_scope("agent.sample"):
            action, log_prob = actor_critic.sample(act_key, output.logits)
        env_state, seen = env.step(env_key, now.env_state, action, batch)
        at_limit = _value_at_limit(agent, config, params, cache, conditioning, seen)
        so_far = now.episode_return + seen.reward
        taken = {
            "observation": now.observation,
            "action": action,
            "log_prob": log_prob,
            "value": output.value,
            "reward": seen.reward,
            "done": seen.done,
            "record": output.record,
        }
        with jax.named_scope("agent.memory"):
            cache = agent.forget(cache, seen.done)
        after = _Now(env_state, seen.observation, cache, jnp.where(seen.done, 0.0, so_far))
        return after, _Played(taken, at_limit, seen.counted, so_far)

    first = _Now(carry.env_state, carry.observation, cache, carry.episode_return)
    draws = _draws(env, carry.env_state, key, config.rollout_steps)
    return layout.scan(step, first, draws, carry.episode_return.shape[0])


def _act(
    agent: Agent, params: Params, cache: Cache, observation: Any, conditioning: jax.Array
) -> Callable[[Cache, Any], tuple[Output, Cache]]:
    """One step of the agent; on an accelerator with all that its parameters imply computed before."""
    if on_accelerator():
        return act_ahead(agent, params, cache, observation, conditioning)
    return lambda cache, observation: agent.act(params, cache, observation, conditioning)


@jax.named_scope("learner.keys")
def _draws(env: Environment, env_state: Any, key: Key, steps: int) -> tuple[jax.Array, Any]:
    """Of every step the key of its action, and the environment's key, or what it draws by that.

    No draw depends on a state, so an accelerator, where long chains of keys cost many launches, makes them all at once.
    """
    keys = jax.vmap(lambda t: jax.random.split(jax.random.fold_in(key, t)))(jnp.arange(steps))
    return keys[:, 0], env.draw(keys[:, 1], env_state) if on_accelerator() else keys[:, 1]


def _value_at_limit(
    agent: Agent, config: PpoConfig, params: Params, cache: Cache, conditioning: jax.Array, seen: Any
) -> jax.Array:
    """Value of the state before the reset where an episode ran out of steps, else 0."""
    zero = jnp.zeros(seen.reward.shape, jnp.float32)
    if not config.bootstrap_time_limit:
        return zero

    def look() -> jax.Array:
        value = agent.act(params, cache, seen.final_observation, conditioning)[0].value
        return jnp.where(seen.time_limit, value, 0.0)

    values: jax.Array = jax.lax.cond(jnp.any(seen.time_limit), look, lambda: zero)
    return values
