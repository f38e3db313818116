"""The seam for mechanics written as code: callables that act on their own group of environments.

A hook's group is a run of environments at the front: hook 0 has environments 0 to G0 - 1, hook 1 the
next G1, and so on (on every device, in a sharded program). Callables work on whole groups ([G, ...]),
because exported programs cannot be mapped over. What a transition returns is not trusted, and passes
through `DeviceGame.restore`; it cannot grant achievements, and what it changes pays no reward by itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, UInt32

from dicode.games.device import DeviceGame, State, StepResult

MAX_BONUS = 100.0
"""A step's shaping bonus is held within plus and minus this; what is not a number counts as zero."""

Transition = Callable[[State, Int[Array, " G"], State, UInt32[Array, "G 2"]], State | Mapping[str, jax.Array]]
"""(before, action, after, keys) -> after, as a state or as arrays by dotted name"""
Success = Callable[[State], Bool[Array, " G"]]
Bonus = Callable[[State, Int[Array, " G"], State], Float[Array, " G"]]
"""(before, action, after) -> extra reward"""


@dataclass(frozen=True)
class Hook:
    """What one group of environments does beyond the rules; None: nothing."""

    group: int
    """Environments of the group, G."""
    transition: Transition | None = None
    success: Success | None = None
    bonus: Bonus | None = None


@dataclass(frozen=True)
class Hooked:
    """A step after the hooks have had their say."""

    state: State
    reward: Float[Array, " E"]
    done: Bool[Array, " E"]
    success: Bool[Array, " E"] | None
    """What the hooks decided; None without such a hook."""
    decides: Bool[Array, " E"] | None
    """Where a hook has a say in the success."""
    ending: Int[Array, " E"]
    """What ended the game; 0 where a hook did."""


@jax.named_scope("env.hooks")
def before_hooks(hooks: tuple[Hook, ...], state: State) -> list[State | None]:
    """The groups' states before the step, where a hook asks for them."""
    spans = _spans(hooks)
    return [
        _slice(state, span) if hook.transition or hook.bonus else None for hook, span in zip(hooks, spans, strict=True)
    ]


@jax.named_scope("env.hooks")
def apply_hooks(
    game: DeviceGame,
    hooks: tuple[Hook, ...],
    before: list[State | None],
    action: Int[Array, " E"],
    result: StepResult,
    keys: UInt32[Array, "E 2"],
) -> Hooked:
    """The step's result with every hook applied to its own environments; the others are untouched."""
    state, reward, done = result.state, result.reward, result.done
    success = decides = jnp.zeros(done.shape, bool) if any(hook.success for hook in hooks) else None
    for hook, span, old in zip(hooks, _spans(hooks), before, strict=True):
        after = _slice(state, span)
        if hook.transition is not None:
            assert old is not None
            own = jax.vmap(lambda key: jax.random.fold_in(key, 1))(keys[span])
            after = game.restore(after, hook.transition(old, action[span], after, own))
            state = jax.tree.map(lambda whole, part, at=span: whole.at[at].set(part), state, after)
            done = done.at[span].set(done[span] | game.is_over(after))
        if hook.bonus is not None:
            assert old is not None
            extra = jnp.nan_to_num(hook.bonus(old, action[span], after).astype(jnp.float32), posinf=0.0, neginf=0.0)
            reward = reward.at[span].add(jnp.clip(extra, -MAX_BONUS, MAX_BONUS))
        if hook.success is not None and success is not None and decides is not None:
            success = success.at[span].set(hook.success(after))
            decides = decides.at[span].set(True)
    ending = jnp.where(result.done, result.ending, 0)
    return Hooked(state, reward, done, success, decides, ending)


def _spans(hooks: tuple[Hook, ...]) -> list[slice]:
    ends = [sum(hook.group for hook in hooks[: i + 1]) for i in range(len(hooks))]
    return [slice(end - hook.group, end) for hook, end in zip(hooks, ends, strict=True)]


def _slice(state: State, span: slice) -> Any:
    return jax.tree.map(lambda leaf: leaf[span], state)
