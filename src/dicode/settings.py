"""Settings: a frozen dataclass is the one home of a setting's name, type, default, range and sentence.

A field made by `option` can be set by a person; one made by `section` holds another record, or one of
several kinds of records that a tag tells apart. Fields made otherwise belong to the program. What a person
may write, what `--help` says and what a run's `config.yaml` holds all follow from the records:
`read` makes one from plain values, `to_tree` is its inverse, `documented` lists every setting.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from functools import cache
from types import NoneType
from typing import Any, TypeVar, get_args, get_type_hints

from dicode.errors import ConfigError, nearest

T = TypeVar("T")
Only = dict[str, tuple[Any, ...] | None]
"""Other settings by dotted name, and the values under which this one means something; None: any but zero and empty."""

_SWITCH = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def option(
    default: Any,
    text: str,
    low: float | None = None,
    high: float | None = None,
    choices: Iterable[str] = (),
    only: Only | None = None,
) -> Any:
    """A field that a person can set: its default, its sentence, its inclusive range or choices.

    `only`: without one of these values elsewhere it would be ignored, and so it is refused.
    """
    meta = {"text": text, "low": low, "high": high, "choices": tuple(choices), "only": dict(only or {})}
    return field(default=default, metadata=meta)


def section(default: type, tag: str = "", kinds: Mapping[str, type] | None = None, only: Only | None = None) -> Any:
    """A field that holds a record: always a `default`, or the one of `kinds` that its own field `tag` names."""
    meta = {"record": default, "tag": tag, "kinds": dict(kinds or {}), "only": dict(only or {})}
    return field(default_factory=default, metadata=meta)


def entries(record: type, only: Only | None = None) -> Any:
    """A field that holds any number of records of one kind, by a name that a person gives them."""
    return field(default_factory=dict, metadata={"entries": record, "only": dict(only or {})})


@dataclass(frozen=True)
class Setting:
    """One setting as `documented` lists it."""

    name: str
    """Dotted, as a person writes it."""
    field: Field[Any]
    type: type
    optional: bool
    """Whether it may be empty (None)."""
    only: Only
    """Its own conditions and those of the sections around it."""
    kind: tuple[str, tuple[str, ...]] = ("", ())
    """The tag's dotted name and the kinds of the section that have this setting; empty for a plain section."""

    @property
    def is_text(self) -> bool:
        """Whether any text will do."""
        return self.type is str and not self.field.metadata["choices"]

    @property
    def allowed(self) -> str:
        """Its choices or its range, for people; empty where anything goes."""
        meta = self.field.metadata
        if meta["choices"]:
            return "|".join(meta["choices"])
        return "" if meta["low"] is None else f"{_brief(meta['low'])} to {_brief(meta['high'])}"

    def value(self, given: Any) -> Any:
        """A word or a plain value as this setting's type. Raises ConfigError for one that can't be, or out of range."""
        if self.optional and given in (None, ""):
            return None
        value = _CONVERT[self.type](self.name, given)
        meta = self.field.metadata
        if meta["choices"] and value not in meta["choices"]:
            hint = nearest(str(value), meta["choices"])
            raise ConfigError(f"{self.name} is {value!r}{hint} (choices: {', '.join(meta['choices'])})")
        low, high = meta["low"], meta["high"]
        if (low is not None and value < low) or (high is not None and value > high):
            raise ConfigError(f"{self.name} is {given}; allowed range is {self.allowed}")
        return value


def _fields_of(record: type) -> Mapping[str, tuple[Field[Any], type, bool]]:
    """The settable fields of one record: field, type without None, whether None is allowed."""
    hints = get_type_hints(record)
    found = {}
    for f in fields(record):
        if f.metadata:
            types = [t for t in get_args(hints[f.name]) if t is not NoneType] or [hints[f.name]]
            found[f.name] = f, types[0], NoneType in get_args(hints[f.name])
    return found


_own: Callable[[Any], Mapping[str, tuple[Field[Any], type, bool]]] = cache(_fields_of)


def kinds_of(f: Field[Any]) -> Mapping[str, type]:
    """The records that a section can hold, by kind; one without a name where there is no choice."""
    return f.metadata["kinds"] or {"": f.metadata["record"]}


def is_section(f: Field[Any]) -> bool:
    """Whether a field holds a record."""
    return "record" in f.metadata


def documented(record: type, prefix: str = "", only: Only | None = None) -> Iterator[Setting]:
    """Every setting of a record in order; one that several kinds of a section have comes once for each definition."""
    for name, (f, kind, optional) in _own(record).items():
        inner = {**(only or {}), **f.metadata["only"]}
        if "entries" in f.metadata:
            continue
        if not is_section(f):
            yield Setting(prefix + name, f, kind, optional, inner)
            continue
        tag, seen = f"{prefix}{name}.{f.metadata['tag']}", dict[tuple[str, int], Setting]()
        for label, variant in kinds_of(f).items():
            for found in documented(variant, f"{prefix}{name}.", inner):
                have = seen.get((found.name, id(found.field)))
                labels = (*have.kind[1], label) if have else (label,)
                marked = Setting(found.name, found.field, found.type, found.optional, found.only, (tag, labels))
                seen[found.name, id(found.field)] = marked if label else found
        yield from seen.values()


def sections(record: type) -> Iterator[tuple[str, Only]]:
    """The record's own sections by name, with what they need of other settings."""
    for name, (f, _, _) in _own(record).items():
        if is_section(f):
            yield name, f.metadata["only"]


def read(record: type[T], tree: Mapping[str, Any], prefix: str = "") -> T:
    """The record that a tree of plain values describes; what the tree leaves out keeps its default.

    Raises ConfigError for a name that the record has not, a value of another type, or one out of range.
    """
    own, values = _own(record), dict[str, Any]()
    for name, given in tree.items():
        if name not in own:
            raise ConfigError(f"no setting is called {prefix + name!r}{nearest(name, own)}")
        f, kind, optional = own[name]
        if "entries" in f.metadata:
            values[name] = _entries(f, given, prefix + name)
        elif is_section(f):
            values[name] = read(_variant(f, given, prefix + name), given, f"{prefix}{name}.")
        else:
            values[name] = Setting(prefix + name, f, kind, optional, {}).value(given)
    return record(**values)


def _entries(f: Field[Any], tree: Any, name: str) -> dict[str, Any]:
    """The records of a field made by `entries`."""
    if not isinstance(tree, Mapping) or not all(isinstance(inner, Mapping) for inner in tree.values()):
        raise ConfigError(f"{name} is {tree!r}; it holds sections by name")
    return {str(key): read(f.metadata["entries"], inner, f"{name}.{key}.") for key, inner in tree.items()}


def _variant(f: Field[Any], tree: Any, name: str) -> type:
    """The record for one section's tree; refuses a setting that only another kind has."""
    if not isinstance(tree, Mapping):
        raise ConfigError(f"{name} is a section, not {tree!r}; set one of its settings, such as {name}.{_first(f)}=...")
    kinds, tag = kinds_of(f), f.metadata["tag"]
    if not tag:
        return kinds[""]
    kind = tree.get(tag, _own(f.metadata["record"])[tag][0].default)
    if kind not in kinds:
        raise ConfigError(f"{name}.{tag} is {kind!r}{nearest(str(kind), kinds)} (choices: {', '.join(kinds)})")
    for other in tree:
        having = [label for label, record in kinds.items() if other in _own(record)]
        if having and kind not in having:
            raise ConfigError(f"{name}.{other} is a setting of {', '.join(having)}; this run has {name}.{tag}={kind}")
    return kinds[kind]


def _first(f: Field[Any]) -> str:
    return next(iter(_own(f.metadata["record"])))


def without_foreign(record: type, tree: Mapping[str, Any]) -> dict[str, Any]:
    """The tree less what only another kind of a section has: earlier versions wrote down the settings of all kinds."""
    kept = dict(tree)
    for name, (f, _, _) in _own(record).items():
        if is_section(f) and f.metadata["tag"] and isinstance(tree.get(name), Mapping):
            kinds = kinds_of(f)
            own = _own(kinds.get(tree[name].get(f.metadata["tag"]), f.metadata["record"]))
            foreign = {other for variant in kinds.values() for other in _own(variant)} - own.keys()
            kept[name] = {key: value for key, value in tree[name].items() if key not in foreign}
    return kept


def to_tree(record: object) -> dict[str, Any]:
    """Every setting of a record as plain values in nested dictionaries."""
    tree = {}
    for name, (f, _, _) in _own(type(record)).items():
        value = getattr(record, name)
        if "entries" in f.metadata:
            value = {key: to_tree(inner) for key, inner in value.items()}
        tree[name] = to_tree(value) if is_section(f) else value
    return tree


def get(record: Any, name: str) -> Any:
    """The value of a setting by its dotted name; None where this kind of record has it not."""
    for part in name.split("."):
        record = getattr(record, part, None)
    return record


def check_ranges(record: object, prefix: str = "") -> None:
    """Raise ConfigError where a record made by hand holds a value of another type or out of its range."""
    for name, (f, kind, optional) in _own(type(record)).items():
        value = getattr(record, name)
        if "entries" in f.metadata:
            for key, inner in value.items():
                check_ranges(inner, f"{prefix}{name}.{key}.")
        elif is_section(f):
            check_ranges(value, f"{prefix}{name}.")
        else:
            Setting(prefix + name, f, kind, optional, {}).value(value)


def default_of(setting: Setting) -> Any:
    """A setting's default."""
    assert setting.field.default is not MISSING
    return setting.field.default


def _brief(number: float) -> str:
    """A bound as a person would write it."""
    return str(number) if isinstance(number, int) and number % 10_000_000 else f"{number:g}"


def _text(name: str, given: Any) -> str:
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        raise ConfigError(f"{name} is {given!r}; it must be text")
    return str(given)


def _number(name: str, given: Any) -> float:
    """A finite number."""
    try:
        if isinstance(given, bool) or not isinstance(given, str | int | float):
            raise ValueError
        number = float(given)
    except (ValueError, OverflowError) as error:
        raise ConfigError(f"{name} is {given!r}; it must be a number") from error
    if not math.isfinite(number):
        raise ConfigError(f"{name} is {given}; it must be a finite number")
    return number


def whole(name: str, given: Any) -> int:
    """A whole number, however it is written: 1000, 1_000, 1e3."""
    if isinstance(given, str):
        try:
            return int(given)
        except ValueError:
            pass
    elif isinstance(given, int) and not isinstance(given, bool):
        return given
    number = _number(name, given)
    if number != int(number):
        raise ConfigError(f"{name} is {given}; it must be a whole number")
    return int(number)


def _switch(name: str, given: Any) -> bool:
    found = given if isinstance(given, bool) else _SWITCH.get(str(given).lower())
    if found is None:
        raise ConfigError(f"{name} is {given!r}; it must be true or false")
    return found


_CONVERT: dict[type, Any] = {str: _text, float: _number, int: whole, bool: _switch}
