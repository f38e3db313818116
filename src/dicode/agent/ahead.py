"""What of a step of the agent follows from its parameters alone, computed once for all steps of a rollout.

A network of half precision casts its weights in every call, and lays some of them side by side. XLA leaves such work in a
scan's body, so an accelerator would launch kernels for it in each step.
"""

from collections.abc import Callable
from typing import Any

import jax
from jax.extend.core import ClosedJaxpr, Literal, jaxpr_as_fun

from dicode.agent.types import Agent, Cache, Output, Params

_SPREADS = ("broadcast_in_dim", "iota")
"""What makes a large value of a small one: cheaper to do again than to read."""


def act_ahead(
    agent: Agent, params: Params, cache: Cache, observation: Any, conditioning: jax.Array
) -> Callable[[Cache, Any], tuple[Output, Cache]]:
    """(cache, observation) -> what `agent.act` gives, bit for bit; cache and observation here say the shapes alone."""

    def act(known: Any, cache: Cache, observation: Any) -> tuple[Output, Cache]:
        return agent.act(known[0], cache, observation, known[1])

    known = params, conditioning
    traced, shapes = jax.make_jaxpr(act, return_shape=True)(known, cache, observation)
    tree, given = jax.tree.structure(shapes), jax.tree.leaves(known)
    before, after = _cut(traced, len(given))
    values = jaxpr_as_fun(before)(*given)

    def rest(cache: Cache, observation: Any) -> tuple[Output, Cache]:
        told = jaxpr_as_fun(after)(*values, *jax.tree.leaves((cache, observation)))
        output: tuple[Output, Cache] = jax.tree.unflatten(tree, told)
        return output

    return rest


def _cut(traced: ClosedJaxpr, num_known: int) -> tuple[ClosedJaxpr, ClosedJaxpr]:
    """A program in two: what follows from its first arguments and its constants, and the rest, which takes that first."""
    whole = traced.jaxpr
    known, early, late = {*whole.constvars, *whole.invars[:num_known]}, [], []
    for equation in whole.eqns:
        if all(isinstance(x, Literal) or x in known for x in equation.invars):
            early.append(equation)
            known |= set(equation.outvars)
        else:
            late.append(equation)
    read = _variables(whole.outvars).union(*(_variables(equation.invars) for equation in late))
    for equation in reversed(early):
        if equation.primitive.name in _SPREADS and read & set(equation.outvars):
            late.insert(0, equation)
            read |= _variables(equation.invars)
    made = {variable for equation in late for variable in equation.outvars}
    joint = [x for x in [*whole.constvars, *whole.invars[:num_known], *_made(early)] if x in read - made]
    unnamed = whole.debug_info.with_unknown_names()
    first = whole.replace(invars=whole.invars[:num_known], outvars=joint, eqns=early, debug_info=unnamed)
    rest = [*joint, *whole.invars[num_known:]]
    second = whole.replace(constvars=[], invars=rest, eqns=late, debug_info=unnamed)
    return ClosedJaxpr(first, traced.consts), ClosedJaxpr(second, [])


def _variables(atoms: Any) -> set[Any]:
    return {atom for atom in atoms if not isinstance(atom, Literal)}


def _made(equations: list[Any]) -> list[Any]:
    return [variable for equation in equations for variable in equation.outvars]
