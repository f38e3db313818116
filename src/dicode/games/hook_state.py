"""The game state as hooks see it: `state.player_health`, `state.inventory.iron`, `state.replace(...)`.

One environment, without leading axes; names, shapes and dtypes are those of
`HostGame.fields`. This module needs no JAX; whoever traces hooks registers
`HookState` as a pytree with `flatten` and `unflatten`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dicode.errors import LevelError
from dicode.errors import nearest as plainly_nearest

Nearest = Callable[[str, Iterable[str]], str]
"""`; did you mean 'x'?` for a name and the names that there are, or nothing."""


class HookState:
    """A read-only record of arrays and records; changes make a new one."""

    __slots__ = ("_fields", "_name", "_nearest")

    def __init__(self, fields: Mapping[str, Any], name: str = "state", nearest: Nearest = plainly_nearest) -> None:
        object.__setattr__(self, "_fields", dict(fields))
        object.__setattr__(self, "_name", name)
        object.__setattr__(self, "_nearest", nearest)

    def __getattr__(self, name: str) -> Any:
        fields = object.__getattribute__(self, "_fields")
        if name in fields:
            return fields[name]
        if name.startswith("__"):
            raise AttributeError(name)
        inside = [part for part, record in fields.items() if isinstance(record, HookState) and name in record._fields]
        near = f"; write {self._name}.{inside[0]}.{name}" if len(inside) == 1 else ""
        raise LevelError(
            f"{self._name} has no {name!r}{near or self._nearest(name, [*fields, 'replace'])} (it has {', '.join(fields)})"
        )

    def __setattr__(self, name: str, value: object) -> None:
        raise LevelError(
            f"a hook's {self._name} is not edited in place; write {self._name} = {self._name}.replace({name}=...)"
        )

    def replace(self, **changes: Any) -> "HookState":
        """The same record with some fields changed; `LevelError` for a name it does not have."""
        for name in changes:
            getattr(self, name)
        return HookState({**self._fields, **changes}, self._name, self._nearest)

    def __repr__(self) -> str:
        return f"HookState({', '.join(self._fields)})"


def flatten(state: HookState) -> tuple[tuple[Any, ...], tuple[str, tuple[str, ...], Nearest]]:
    """Children and static part of a record, for a pytree registry."""
    return tuple(state._fields.values()), (state._name, tuple(state._fields), state._nearest)


def unflatten(static: tuple[str, tuple[str, ...], Nearest], children: Iterable[Any]) -> HookState:
    """The inverse of `flatten`."""
    name, fields, nearest = static
    return HookState(dict(zip(fields, children, strict=True)), name, nearest)


def from_values(fields: Iterable[str], values: Iterable[Any], nearest: Nearest = plainly_nearest) -> HookState:
    """The state whose arrays are `values`, in the order of `fields`, their dotted names; `nearest` words its errors."""
    top: dict[str, Any] = {}
    for name, value in zip(fields, values, strict=True):
        record, _, field = name.partition(".")
        if field:
            top.setdefault(record, {})[field] = value
        else:
            top[record] = value
    records = {name: HookState(v, name, nearest) if isinstance(v, dict) else v for name, v in top.items()}
    return HookState(records, nearest=nearest)


def to_values(fields: Iterable[str], state: Any) -> list[Any]:
    """Arrays in the order of `fields`, from anything with these attributes or dotted keys."""
    if isinstance(state, Mapping):
        return [state[name] for name in fields]
    found = []
    for name in fields:
        value = state
        for part in name.split("."):
            value = getattr(value, part)
        found.append(value)
    return found
