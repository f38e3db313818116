"""Parameters in the precision in which a network uses them.

A network of half precision casts its weights in every call. XLA leaves those casts in a scan's body, so an accelerator would
launch a kernel for each weight in each step.
"""

from typing import Any

import jax
import jax.numpy as jnp

from dicode.agent.types import Agent, Cache, Params


def lean(agent: Agent, params: Params, cache: Cache, observation: Any, conditioning: jax.Array) -> Params:
    """`params` with each that `agent.act` only ever casts, always to one type, cast to that already.

    `act` gives the same by them bit for bit; `unroll` and gradients want `params`.
    """
    leaves, tree = jax.tree.flatten(params)
    traced = jax.make_jaxpr(lambda given: agent.act(given, cache, observation, conditioning))(params).jaxpr
    casts = [_only_cast(traced, variable) for variable in traced.invars]
    return jax.tree.unflatten(tree, [x if to is None else x.astype(to) for x, to in zip(leaves, casts, strict=True)])


def _only_cast(traced: Any, variable: Any) -> jnp.dtype | None:
    """The type that a variable is cast to, if nothing else is done with it."""
    if any(result is variable for result in traced.outvars):
        return None
    uses = [equation for equation in traced.eqns if any(operand is variable for operand in equation.invars)]
    targets = {use.params["new_dtype"] if use.primitive.name == "convert_element_type" else None for use in uses}
    return targets.pop() if len(targets) == 1 else None
