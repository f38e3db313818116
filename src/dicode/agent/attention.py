"""Attention of whole windows to themselves and to the steps before them, with relative positions (Dai et al., 2019).

What a query finds is small; how it fits every key is a dozen times that, and an accelerator spends its time on moving it.
So nothing of that size is written that need not be: positions are laid out by query and key before the product
rather than shifted after it, and the gradient is written by hand, from weights as precise as they were used.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

MASKED = -1e30
"""How what must not be seen fits."""
_Kept = tuple[jax.Array, jax.Array, jax.Array, jax.Array, jax.Array, jax.Array]


def attend(
    content: Float[Array, "E N W H d"],
    position: Float[Array, "E N W H d"],
    keys: Float[Array, "E N K H d"],
    values: Float[Array, "E N K H d"],
    ages: Float[Array, "A H d"],
    valid: Bool[Array, "E N W K"],
) -> Float[Array, "E N W H d"]:
    """What scaled queries find among K = M + W keys, the last W of which are the window's own.

    `ages` are the positional keys of the ages M, ..., 1, 0. Every query must see a key.
    """
    by_age = jnp.moveaxis(ages, 0, -1)[:, :, None]
    by_key = _skew(jnp.broadcast_to(by_age, (*by_age.shape[:2], content.shape[2], by_age.shape[-1])))
    return _found(content, position, keys, values, by_key, valid)


def band(count: Int[Array, "E N W"], size: int) -> Bool[Array, "E N W K"]:
    """Which of the K = size + W keys a query sees: itself and its `count` predecessors."""
    window = count.shape[-1]
    age = size + jnp.arange(window)[:, None] - jnp.arange(size + window)
    return (age >= 0) & (age <= count[..., None])


def _skew(by_age: Float[Array, "... W A"]) -> Float[Array, "... W A+W-1"]:
    """Shift row i right by i, so that of A = M + 1 ages M, ..., 0 of query i lands on key i, ..., i + M."""
    *lead, window, ages = by_age.shape
    padded = jnp.pad(by_age, [(0, 0)] * len(lead) + [(0, 0), (0, window)])
    flat = padded.reshape(*lead, window * (ages + window))[..., :-window]
    return flat.reshape(*lead, window, ages + window - 1)


@jax.custom_vjp
def _found(
    content: jax.Array, position: jax.Array, keys: jax.Array, values: jax.Array, by_key: jax.Array, valid: jax.Array
) -> jax.Array:
    return _forward(content, position, keys, values, by_key, valid)[0]


def _forward(
    content: jax.Array, position: jax.Array, keys: jax.Array, values: jax.Array, by_key: jax.Array, valid: jax.Array
) -> tuple[jax.Array, _Kept]:
    fit = jnp.einsum("enwhd,enkhd->enhwk", content, keys, preferred_element_type=jnp.float32)
    fit += jnp.einsum("enwhd,hdwk->enhwk", position, by_key, preferred_element_type=jnp.float32)
    weights = jax.nn.softmax(jnp.where(valid[:, :, None], fit, MASKED), axis=-1).astype(values.dtype)
    found = jnp.einsum("enhwk,enkhd->enwhd", weights, values)
    return found, (content, position, keys, values, by_key, weights)


def _backward(kept: _Kept, gradient: jax.Array) -> tuple[jax.Array | None, ...]:
    content, position, keys, values, by_key, weights = kept
    wanted = jnp.einsum("enwhd,enkhd->enhwk", gradient, values)
    whole, pull = weights.astype(jnp.float32), wanted.astype(jnp.float32)
    fit = (whole * (pull - jnp.sum(whole * pull, axis=-1, keepdims=True))).astype(weights.dtype)
    return (
        jnp.einsum("enhwk,enkhd->enwhd", fit, keys),
        jnp.einsum("enhwk,hdwk->enwhd", fit, by_key),
        jnp.einsum("enhwk,enwhd->enkhd", fit, content),
        jnp.einsum("enhwk,enwhd->enkhd", weights, gradient),
        jnp.einsum("enhwk,enwhd->hdwk", fit, position),
        None,
    )


_found.defvjp(_forward, _backward)
