"""Actor and critic heads, and the categorical distribution over actions."""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Int

from dicode.agent import products


def dense(features: int, scale: float, dtype: DTypeLike, name: str | None = None) -> nn.Dense:
    """A dense layer with orthogonal weights of the given gain and zero bias."""
    return products.dense(features, dtype, kernel_init=nn.initializers.orthogonal(scale), name=name)


class Heads(nn.Module):
    """Two hidden ReLU layers each for the actor and the critic; logits and value in float32."""

    num_actions: int
    hidden: int
    dtype: DTypeLike = jnp.float32

    @nn.compact
    def __call__(
        self, features: Float[Array, "... D"], side_by_side: bool = False
    ) -> tuple[Float[Array, "... A"], Float[Array, "..."]]:
        """Logits over actions, and the value; `side_by_side`: in three products instead of six, of larger matrices."""
        if side_by_side and not self.is_initializing():
            return self._side_by_side(features)
        out = []
        for name, size, scale in (("actor", self.num_actions, 0.01), ("critic", 1, 1.0)):
            x = features
            for layer in range(2):
                x = nn.relu(dense(self.hidden, 2.0**0.5, self.dtype, f"{name}_{layer}")(x))
            out.append(dense(size, scale, jnp.float32, f"{name}_out")(x.astype(jnp.float32)))
        return out[0], out[1][..., 0]

    def _side_by_side(self, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        for layer, dtype in (("0", self.dtype), ("1", self.dtype), ("out", jnp.float32)):
            actor, critic = (self.variables["params"][f"{name}_{layer}"] for name in ("actor", "critic"))
            pair = actor["kernel"], critic["kernel"]
            kernel = jnp.hstack(pair) if layer == "0" else jax.scipy.linalg.block_diag(*pair)
            bias = jnp.concatenate([actor["bias"], critic["bias"]])
            x = x.astype(dtype) @ kernel.astype(dtype) + bias.astype(dtype)
            x = x if layer == "out" else nn.relu(x)
        return x[..., :-1], x[..., -1]


def sample(key: jax.Array, logits: Float[Array, "... A"]) -> tuple[Int[Array, "..."], Float[Array, "..."]]:
    """Actions drawn from the logits, and their log-probabilities."""
    action = jax.random.categorical(key, logits, axis=-1)
    return action.astype(jnp.int32), log_prob(logits, action)


def log_prob(logits: Float[Array, "... A"], action: Int[Array, "..."]) -> Float[Array, "..."]:
    """Log-probability of the actions."""
    return jnp.take_along_axis(jax.nn.log_softmax(logits), action[..., None], axis=-1)[..., 0]


def entropy(logits: Float[Array, "... A"]) -> Float[Array, "..."]:
    """Entropy in nats."""
    log_probs = jax.nn.log_softmax(logits)
    return -jnp.sum(jnp.exp(log_probs) * log_probs, axis=-1)
