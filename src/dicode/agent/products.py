"""Products of layers in the network's compute type.

On an accelerator half precision is the type of everything: products, and what lies between them. On a CPU it is that of
the products' operands alone. Sums and all else stay float32, since only products have units for bfloat16 there (Intel's AMX;
without them XLA widens it).
"""

from collections.abc import Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax.experimental.custom_partitioning import custom_partitioning
from jax.experimental.layout import Layout, with_layout_constraint
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Shaped

from dicode.accelerator import on_accelerator


def kept_as(dtype: DTypeLike) -> DTypeLike:
    """The type of what lies between the products of a network that computes in `dtype`."""
    return dtype if on_accelerator() else jnp.float32


def dense(features: int, dtype: DTypeLike, **options: Any) -> nn.Dense:
    """A dense layer computing in `dtype`; its answer is in `kept_as(dtype)`."""
    if _narrows(dtype):
        options["dot_general"] = _dot_general
    return nn.Dense(features, dtype=kept_as(dtype), **options)


def product(inputs: Float[Array, "... K"], kernel: Float[Array, "K N"], dtype: DTypeLike) -> Float[Array, "... N"]:
    """The product computed in `dtype` and summed in float32."""
    if _narrows(dtype):
        return _half(inputs, kernel)
    return jnp.dot(inputs.astype(dtype), kernel.astype(dtype), preferred_element_type=jnp.float32)


def outer(inputs: Float[Array, "... K"], gradient: Float[Array, "... N"], dtype: DTypeLike) -> Float[Array, "K N"]:
    """A kernel's gradient: the sum over all samples of the inputs' and the gradient's outer products."""
    if _narrows(dtype):
        return _half_outer(inputs.astype(jnp.bfloat16), gradient.astype(jnp.bfloat16))
    return jnp.einsum("...k,...n->kn", inputs, gradient)


def _narrows(dtype: DTypeLike) -> bool:
    return jnp.dtype(dtype) == jnp.bfloat16 and not on_accelerator()


def _dot_general(inputs: jax.Array, kernel: jax.Array, dimensions: Any, **_: Any) -> jax.Array:
    """What a dense layer asks for: the last axis of the inputs with the first of the kernel."""
    return _half(inputs, kernel)


@jax.custom_vjp
def _half(inputs: jax.Array, kernel: jax.Array) -> jax.Array:
    return _forward(inputs, kernel)[0]


def _forward(inputs: jax.Array, kernel: jax.Array) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    narrow = inputs.astype(jnp.bfloat16), kernel.astype(jnp.bfloat16)
    return _summed(*narrow, 0), narrow


def _backward(narrow: tuple[jax.Array, jax.Array], gradient: jax.Array) -> tuple[jax.Array, jax.Array]:
    inputs, kernel = narrow
    gradient = gradient.astype(jnp.bfloat16)
    return _summed(gradient, kernel, 1), _half_outer(inputs, gradient)


_half.defvjp(_forward, _backward)


def _half_outer(inputs: jax.Array, gradient: jax.Array) -> jax.Array:
    """XLA takes bfloat16 only where the left side's last axes are summed over; otherwise it widens both sides first."""
    lead = range(gradient.ndim - 1)
    over = ((tuple(axis + 1 for axis in lead), tuple(lead)), ((), ()))
    return jax.lax.dot_general(turned(inputs), gradient, over, preferred_element_type=jnp.float32)


def _laid_out(inputs: jax.Array) -> jax.Array:
    order = Layout(major_to_minor=tuple(range(inputs.ndim)))
    moved: jax.Array = with_layout_constraint(jnp.moveaxis(inputs, -1, 0), order)
    return moved


@custom_partitioning
def turned(inputs: Shaped[Array, "... K"]) -> Shaped[Array, "K ..."]:
    """The last axis first, in memory too, where XLA would else move nothing. Of several devices each turns its own environments."""
    return _laid_out(inputs)


def _turn_each(mesh: Any, inputs: tuple[Any, ...], moved: Any) -> tuple[Any, ...]:
    return mesh, _laid_out, moved.sharding, tuple(x.sharding for x in inputs)


def _rule(mesh: Any, inputs: Sequence[Any], moved: Sequence[Any]) -> str:
    *lead, last = (f"axis_{n}" for n in range(inputs[0].rank))
    return f"{' '.join([*lead, last])} -> {' '.join([last, *lead])}"


turned.def_partition(_turn_each, sharding_rule=_rule)


def _summed(left: jax.Array, right: jax.Array, axis: int) -> jax.Array:
    """Over the last axis of the left side and `axis` of the right one, in float32."""
    over = (((left.ndim - 1,), (axis,)), ((), ()))
    return jax.lax.dot_general(left, right, over, preferred_element_type=jnp.float32)
