"""Trainer side of hooks: bytes that the sandbox has checked become functions of batched states.

Modules come from `dicode.sandbox.hook_worker`'s check, contain plain StableHLO only, and mean the same
on every platform. They are exported for a fixed number of environments and cannot be vmapped.
"""

from collections.abc import Callable, Iterable
from typing import Any

from dicode.games.hook_state import to_values


def load_hook(data: bytes, fields: Iterable[str]) -> Callable[..., Any]:
    """The hook as a function to be called inside a jitted program.

    `fields` are the dotted names of the game's state. States are anything with these attributes or a mapping of dotted
    names, all arrays [G, ...] with the fields' dtypes; `action` is int32[G], `key` uint32[G, 2].
    `transition(before, action, after, key)` gives a dict of dotted names to arrays [G, ...], whose
    values are *not* bounded yet: pass it through `DeviceGame.restore`.
    `success(state)` gives bool[G], `bonus(before, action, after)` float32[G], which may be NaN.
    """
    import jax
    import jax.export

    names = tuple(fields)
    exported = jax.export.deserialize(bytearray(data))
    call: Callable[..., Any] = exported.call
    kind = exported.fun_name

    def transition(before: Any, action: Any, after: Any, key: Any) -> dict[str, Any]:
        values = call(_tuple(names, before), action, _tuple(names, after), key)
        return dict(zip(names, values, strict=True))

    def success(state: Any) -> Any:
        return call(_tuple(names, state))

    def bonus(before: Any, action: Any, after: Any) -> Any:
        return call(_tuple(names, before), action, _tuple(names, after))

    functions: dict[str, Callable[..., Any]] = {"transition": transition, "success": success, "bonus": bonus}
    return functions[kind]


def _tuple(names: tuple[str, ...], state: Any) -> tuple[Any, ...]:
    return tuple(to_values(names, state))
