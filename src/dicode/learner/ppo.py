"""The loss of proximal policy optimisation (Schulman et al., 2017) with a clipped value loss."""

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from dicode.agent import actor_critic
from dicode.agent.types import Agent, Params
from dicode.learner.types import Metrics, PpoConfig, Trajectory

_ADVANTAGE_EPS = 1e-8


def weighted_mean(x: Float[Array, "T E"], weight: Float[Array, "T E"]) -> Float[Array, ""]:
    """Mean over the steps of weight 1; 0 where there are none."""
    return jnp.sum(x * weight) / jnp.maximum(jnp.sum(weight), 1.0)


@jax.named_scope("learner.loss")
def loss(agent: Agent, config: PpoConfig, params: Params, part: Trajectory) -> tuple[Float[Array, ""], Metrics]:
    """Loss of a minibatch, whole sequences of some environments; means are over steps of weight 1."""
    with jax.named_scope("agent.unroll"):
        logits, value = agent.unroll(params, part.memory, part.observation, part.conditioning, part.record, part.done)
    weight = jnp.broadcast_to(part.weight, part.action.shape)

    mean = partial(weighted_mean, weight=weight)

    centred = part.advantage - mean(part.advantage)
    advantage = centred / (jnp.sqrt(mean(centred**2)) + _ADVANTAGE_EPS)
    log_ratio = actor_critic.log_prob(logits, part.action) - part.log_prob
    ratio = jnp.exp(log_ratio)
    clipped = jnp.clip(ratio, 1.0 - config.clip, 1.0 + config.clip)
    policy_loss = -mean(jnp.minimum(ratio * advantage, clipped * advantage))

    near = part.value + jnp.clip(value - part.value, -config.clip, config.clip)
    value_loss = mean(0.5 * jnp.maximum((value - part.target) ** 2, (near - part.target) ** 2))
    entropy = mean(actor_critic.entropy(logits))
    total = policy_loss + config.value * value_loss - config.entropy * entropy
    metrics = {
        "loss": total,
        "policy_loss": policy_loss,
        "value_loss": value_loss,
        "entropy": entropy,
        "approx_kl": mean(ratio - 1.0 - log_ratio),
        "clip_fraction": mean((jnp.abs(ratio - 1.0) > config.clip).astype(jnp.float32)),
    }
    return total, metrics


def explained_variance(part: Trajectory) -> Float[Array, ""]:
    """1 - Var(target - value) / Var(target) over the steps of weight 1; 0 where the targets are all alike."""
    weight = jnp.broadcast_to(part.weight, part.action.shape)

    def variance(x: Float[Array, "T E"]) -> Float[Array, ""]:
        return weighted_mean((x - weighted_mean(x, weight)) ** 2, weight)

    spread = variance(part.target)
    return jnp.where(spread > 0, 1.0 - variance(part.target - part.value) / jnp.maximum(spread, 1e-12), 0.0)


loss_and_gradient = jax.value_and_grad(loss, argnums=2, has_aux=True)
