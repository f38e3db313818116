"""Generalised advantage estimation (Schulman et al., 2016), with ends and time limits told apart."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float


@jax.named_scope("learner.gae")
def advantages(
    reward: Float[Array, "T E"],
    value: Float[Array, "T E"],
    next_value: Float[Array, "T E"],
    done: Bool[Array, "T E"],
    gamma: float,
    gae_lambda: float,
) -> Float[Array, "T E"]:
    """Advantages; `next_value[t]` is the value of what followed step t.

    Where an episode ended it is 0 for a true end, and the value of the last state where the end is
    only a time limit that is bootstrapped. No sum crosses an episode's end.
    """
    delta = reward + gamma * next_value - value
    carry_on = gamma * gae_lambda * (1.0 - done.astype(value.dtype))

    def step(later: jax.Array, now: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        advantage = now[0] + now[1] * later
        return advantage, advantage

    return jax.lax.scan(step, jnp.zeros_like(delta[0]), (delta, carry_on), reverse=True)[1]


@jax.named_scope("learner.gae")
def following_values(
    value: Float[Array, "T E"], last_value: Float[Array, " E"], done: Bool[Array, "T E"], at_limit: Float[Array, "T E"]
) -> Float[Array, "T E"]:
    """Value of what followed each step: the next step's, or `at_limit` (0 at a true end) where the episode ended."""
    after = jnp.concatenate([value[1:], last_value[None]])
    return jnp.where(done, at_limit, after)
