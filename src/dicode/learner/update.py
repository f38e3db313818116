"""The update: some epochs of minibatches over one rollout, without copying or widening it.

A minibatch is the whole sequences of some environments. They are drawn within strata, contiguous
blocks of environments, each of which gives every minibatch the same number: so every minibatch has its
share of every level, and a device that holds whole strata gathers only from itself. The draw does not
depend on the number of devices.
"""

from math import gcd
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Int

from dicode.agent.types import Agent, Params
from dicode.errors import ConfigError
from dicode.learner import ppo
from dicode.learner.schedule import rate
from dicode.learner.types import Key, LearnerState, Metrics, PpoConfig, Schedule, Trajectory


def optimiser(config: PpoConfig) -> optax.GradientTransformation:
    """Global-norm clipping and Adam, without the learning rate."""
    return optax.chain(optax.clip_by_global_norm(config.max_grad_norm), optax.scale_by_adam(eps=config.adam_eps))


def init(agent: Agent, config: PpoConfig, key: Key, schedule: Schedule) -> LearnerState:
    """A learner that has learnt nothing."""
    params = agent.init(key)
    return LearnerState(params, optimiser(config).init(params), jnp.int32(0), schedule)


def num_strata(num_envs: int, config: PpoConfig) -> int:
    """Strata in use: the most, up to `config.strata`, that every minibatch can take evenly from."""
    if num_envs % config.minibatches:
        raise ConfigError(f"{num_envs} environments do not divide into {config.minibatches} minibatches")
    return gcd(config.strata, num_envs // config.minibatches)


def update(
    agent: Agent, config: PpoConfig, learner: LearnerState, trajectory: Trajectory, key: Key
) -> tuple[LearnerState, Metrics]:
    """Learn from one rollout.

    Metrics are means over the minibatches with gradient; `trained` is the share of those. Where no step has weight, the
    other means are NaN and stand for nothing.
    """
    step_size = rate(learner.schedule, learner.update)
    strata = num_strata(trajectory.action.shape[1], config)
    order = minibatches(key, trajectory.action.shape[1], strata, config)

    def learn(state: tuple[Params, Any], index: jax.Array) -> tuple[tuple[Params, Any], tuple[Metrics, jax.Array]]:
        part = take(trajectory, index)
        (_, metrics), gradient = ppo.loss_and_gradient(agent, config, state[0], part)
        metrics["gradient_norm"] = optax.tree.norm(gradient)
        trains = jnp.any(part.weight > 0)
        state = jax.lax.cond(trains, lambda s: _apply(config, s, gradient, step_size), lambda s: s, state)
        return state, (metrics, trains)

    (params, opt_state), (each, trains) = jax.lax.scan(learn, (learner.params, learner.opt_state), order)
    metrics = {name: jnp.mean(x, where=trains) for name, x in each.items()}
    metrics["explained_variance"] = jnp.where(jnp.any(trains), ppo.explained_variance(trajectory), jnp.nan)
    metrics["learning_rate"] = step_size
    metrics["trained"] = jnp.mean(trains, dtype=jnp.float32)
    return LearnerState(params, opt_state, learner.update + 1, learner.schedule), metrics


@jax.named_scope("learner.optimiser")
def _apply(config: PpoConfig, state: tuple[Params, Any], gradient: Params, step_size: jax.Array) -> tuple[Params, Any]:
    direction, opt_state = optimiser(config).update(gradient, state[1], state[0])
    params = jax.tree.map(lambda p, d: p - step_size * d, state[0], direction)
    return params, opt_state


def minibatches(key: Key, num_envs: int, strata: int, config: PpoConfig) -> Int[Array, "K S n"]:
    """For each of epochs x minibatches: which environments of each stratum, counted within the stratum."""
    size = num_envs // strata
    order = jnp.argsort(jax.random.bits(key, (config.epochs, strata, size)), axis=-1)
    parts = order.reshape(config.epochs, strata, config.minibatches, -1)
    return jnp.swapaxes(parts, 1, 2).reshape(-1, strata, size // config.minibatches)


@jax.named_scope("learner.minibatch")
def take(trajectory: Trajectory, index: Int[Array, "S n"]) -> Trajectory:
    """The sequences of the environments in `index`."""
    strata = index.shape[0]

    def pick(axis: int, x: jax.Array) -> jax.Array:
        """Gather along the environments' axis, stratum by stratum."""
        blocks = x.reshape(*x.shape[:axis], strata, x.shape[axis] // strata, *x.shape[axis + 1 :])
        taken = jax.vmap(lambda block, i: jnp.take(block, i, axis=axis), in_axes=(axis, 0), out_axes=axis)(
            blocks, index
        )
        return taken.reshape(*x.shape[:axis], index.size, *x.shape[axis + 1 :])

    by_env = {name: getattr(trajectory, name) for name in ("memory", "conditioning", "weight")}
    picked = jax.tree.map(lambda x: pick(0, x), by_env)
    by_step = {name: x for name, x in vars(trajectory).items() if name not in by_env}
    return Trajectory(**picked, **jax.tree.map(lambda x: pick(1, x), by_step))
