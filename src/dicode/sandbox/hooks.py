"""Trainer side of hooks: bytes that the sandbox has checked become functions of batched states.

Modules come from `dicode.sandbox.hook_worker`'s check, contain plain StableHLO only, and mean the same
on every platform. They are exported for a fixed number of environments and cannot be vmapped.
"""

from collections.abc import Callable
from typing import Any

from dicode.games.craftax.levels.hook_state import to_values
from dicode.games.craftax.levels.schema import STATE_FIELDS


def load_hook(data: bytes) -> Callable[..., Any]:
    """The hook as a function to be called inside a jitted program.

    States are anything with the schema's attributes (such as `GameState`) or a mapping of dotted
    names, all arrays [G, ...] with the schema's dtypes; `action` is int32[G], `key` uint32[G, 2].
    `transition(before, action, after, key)` gives a dict of dotted names to arrays [G, ...], whose
    values are *not* bounded yet: pass it through `dicode.games.craftax.invariants.restore`.
    `success(state)` gives bool[G], `bonus(before, action, after)` float32[G], which may be NaN.
    """
    import jax
    import jax.export

    exported = jax.export.deserialize(bytearray(data))
    call: Callable[..., Any] = exported.call
    kind = exported.fun_name

    def transition(before: Any, action: Any, after: Any, key: Any) -> dict[str, Any]:
        values = call(_tuple(before), action, _tuple(after), key)
        return dict(zip(STATE_FIELDS, values, strict=True))

    def success(state: Any) -> Any:
        return call(_tuple(state))

    def bonus(before: Any, action: Any, after: Any) -> Any:
        return call(_tuple(before), action, _tuple(after))

    functions: dict[str, Callable[..., Any]] = {"transition": transition, "success": success, "bonus": bonus}
    return functions[kind]


def _tuple(state: Any) -> tuple[Any, ...]:
    return tuple(to_values(state))
