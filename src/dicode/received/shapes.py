"""Records from outside: JSON values made into a dataclass only if every field has the type that it says.

`record(Trial, values)` is the checked inverse of `asdict`. Raises ValueError that names the field.
"""

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def record(kind: Callable[..., T], values: Any, where: str = "") -> T:
    """`kind(**values)` where all values have their fields' types. Raises ValueError for any that has not.

    Fields with a default may be missing; ones that `kind` does not have may not be there.
    """
    if not isinstance(values, dict):
        raise ValueError(f"{where or 'it'} is {_called(values)}, not an object")
    hints = _hints(kind)
    unknown = [name for name in values if name not in hints]
    if unknown:
        raise ValueError(f"{_at(where, unknown[0])!r} is not known")
    missing = [name for name in _needed(kind) if name not in values]
    if missing:
        be = "is" if len(missing) == 1 else "are"
        raise ValueError(f"{', '.join(_at(where, name) for name in missing)} {be} missing")
    return kind(**{name: shaped(hints[name], value, _at(where, name)) for name, value in values.items()})


def shaped(hint: Any, value: Any, where: str) -> Any:
    """`value` if it has the type `hint` (lists become tuples, words become members of an enumeration); else ValueError."""
    outer, inner = get_origin(hint) or hint, get_args(hint)
    if outer in (Union, types.UnionType):
        return _one_of(inner, value, where)
    if hint in (Any, object):
        return value
    if outer is float and isinstance(value, int | float) and not isinstance(value, bool):
        return value  # A whole number stays one: written again, it must read the same.
    if outer is type(None) and value is None:
        return None
    if isinstance(outer, type) and is_dataclass(outer):
        return record(outer, value, where)
    if isinstance(outer, type) and issubclass(outer, Enum):
        return _member(outer, value, where)
    if outer is tuple and isinstance(value, list):
        hints = inner if inner and inner[-1] is not ... else (inner[0] if inner else Any,) * len(value)
        if len(hints) != len(value):
            raise ValueError(f"{where} has {len(value)} entries, not {len(hints)}")
        return tuple(shaped(hint, item, where) for hint, item in zip(hints, value, strict=True))
    if isinstance(outer, type) and issubclass(outer, Mapping) and isinstance(value, dict):
        item_hint = inner[1] if inner else Any
        return {name: shaped(item_hint, item, _at(where, name)) for name, item in value.items()}
    if outer in (str, int, bool) and type(value) is outer:
        return value
    raise ValueError(f"{where} is {_called(value)}, not {_WORDS.get(outer, outer)}")


def _one_of(hints: tuple[Any, ...], value: Any, where: str) -> Any:
    for hint in hints:
        try:
            return shaped(hint, value, where)
        except ValueError as error:
            last = error
    raise last


def _member(kind: type[Enum], value: Any, where: str) -> Enum:
    if isinstance(value, str) and value in {member.value for member in kind}:
        return kind(value)
    raise ValueError(f"{where} is {_called(value)}, not one of {', '.join(str(member.value) for member in kind)}")


@cache
def _hints(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


@cache
def _needed(kind: Any) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING)


def _at(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _called(value: Any) -> str:
    """A value as a person would call it."""
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:39] + "…")
    words: Mapping[type, Callable[[Any], str]] = {dict: lambda v: "an object", list: lambda v: "a list"}
    return words.get(type(value), lambda v: {True: "true", False: "false", None: "nothing"}.get(v) or repr(v))(value)


_WORDS = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple: "a list",
    Mapping: "an object",
}
