"""Attention written for few bytes equals the sums it stands for, in values and gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dicode.agent.attention import attend, band

E, N, W, M, H, D = 2, 3, 4, 6, 2, 5
COUNT = np.array([[[0, 1, 2, 3], [4, 5, 6, 6], [6, 0, 1, 2]], [[6] * 4, [0] * 4, [2, 3, 0, 1]]])


def given(dtype: jnp.dtype) -> list[jax.Array]:
    """Queries for content and position, keys, values, and the positional keys of the ages M to 0."""
    shapes = [(E, N, W, H, D)] * 2 + [(E, N, M + W, H, D)] * 2 + [(M + 1, H, D)]
    keys = jax.random.split(jax.random.key(0), len(shapes))
    return [jax.random.normal(key, shape).astype(dtype) for key, shape in zip(keys, shapes, strict=True)]


def plainly(content, position, keys, values, ages):
    """The same for every query and key, with the gradient that JAX derives; what a query may not see is set to nothing."""
    query, key = np.arange(W)[:, None], np.arange(M + W)
    age = M + query - key
    seen = (age >= 0) & (age <= COUNT[..., None])
    fit = jnp.einsum("enwhd,enkhd->enwkh", content, keys)
    fit += jnp.einsum("enwhd,wkhd->enwkh", position, ages[np.clip(key - query, 0, M)])
    weights = jnp.where(seen[..., None], jnp.exp(fit), 0.0)
    return jnp.einsum("enwkh,enkhd->enwhd", weights / weights.sum(3, keepdims=True), values)


@pytest.mark.parametrize(("dtype", "near"), [(jnp.float32, 2e-5), (jnp.bfloat16, 0.1)], ids=["float32", "bfloat16"])
def test_values_and_gradients_are_those_of_sums_over_what_each_query_sees(dtype, near):
    parts, valid = given(dtype), band(jnp.array(COUNT), M)
    weights = jax.random.normal(jax.random.key(1), (E, N, W, H, D))

    def total(way):
        return lambda *parts: jnp.sum(way(*parts).astype(jnp.float32) * weights)

    ours = jax.jit(jax.value_and_grad(total(lambda *x: attend(*x, valid)), argnums=range(5)))(*parts)
    theirs = jax.jit(jax.value_and_grad(total(plainly), argnums=range(5)))(*(x.astype(jnp.float32) for x in parts))
    np.testing.assert_allclose(attend(*parts, valid).astype(jnp.float32), plainly(*parts), atol=near)
    for one, other, part in zip(ours[1], theirs[1], parts, strict=True):
        assert one.dtype == part.dtype
        np.testing.assert_allclose(one.astype(jnp.float32), other, atol=near * 3)
