"""The game state as hooks see it: `state.player_health`, `state.inventory.iron`, `state.replace(...)`.

One environment, without leading axes; names, shapes and dtypes are those of
`dicode.games.craftax.levels.schema.STATE_FIELDS`. This module needs no JAX; whoever traces hooks registers
`HookState` as a pytree with `flatten` and `unflatten`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from dicode.games.craftax.levels.errors import LevelError
from dicode.games.craftax.levels.kinds import nearest
from dicode.games.craftax.levels.schema import STATE_FIELDS


class HookState:
    """A read-only record of arrays and records; changes make a new one."""

    __slots__ = ("_fields", "_name")

    def __init__(self, fields: Mapping[str, Any], name: str = "state") -> None:
        object.__setattr__(self, "_fields", dict(fields))
        object.__setattr__(self, "_name", name)

    def __getattr__(self, name: str) -> Any:
        fields = object.__getattribute__(self, "_fields")
        if name in fields:
            return fields[name]
        if name.startswith("__"):
            raise AttributeError(name)
        raise LevelError(
            f"{self._name} has no {name!r}{nearest(name, [*fields, 'replace'])} (it has {', '.join(fields)})"
        )

    def __setattr__(self, name: str, value: object) -> None:
        raise LevelError(
            f"a hook's {self._name} is not edited in place; write {self._name} = {self._name}.replace({name}=...)"
        )

    def replace(self, **changes: Any) -> "HookState":
        """The same record with some fields changed; `LevelError` for a name it does not have."""
        for name in changes:
            getattr(self, name)
        return HookState({**self._fields, **changes}, self._name)

    def __repr__(self) -> str:
        return f"HookState({', '.join(self._fields)})"


def flatten(state: HookState) -> tuple[tuple[Any, ...], tuple[str, tuple[str, ...]]]:
    """Children and static part of a record, for a pytree registry."""
    return tuple(state._fields.values()), (state._name, tuple(state._fields))


def unflatten(static: tuple[str, tuple[str, ...]], children: Iterable[Any]) -> HookState:
    """The inverse of `flatten`."""
    name, fields = static
    return HookState(dict(zip(fields, children, strict=True)), name)


def from_values(values: Iterable[Any]) -> HookState:
    """The state whose arrays are `values`, in the order of `STATE_FIELDS`."""
    top: dict[str, Any] = {}
    for name, value in zip(STATE_FIELDS, values, strict=True):
        record, _, field = name.partition(".")
        if field:
            top.setdefault(record, {})[field] = value
        else:
            top[record] = value
    return HookState({name: HookState(v, name) if isinstance(v, dict) else v for name, v in top.items()})


def to_values(state: Any) -> list[Any]:
    """Arrays in the order of `STATE_FIELDS`, from anything with the schema's attributes or dotted keys."""
    if isinstance(state, Mapping):
        return [state[name] for name in STATE_FIELDS]
    found = []
    for name in STATE_FIELDS:
        value = state
        for part in name.split("."):
            value = getattr(value, part)
        found.append(value)
    return found
