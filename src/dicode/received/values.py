"""JSON and YAML from outside as plain values: bounded in size and depth, finite, without references to anything.

Raises `ValueError` with half a sentence; the caller, who knows the file, makes it a whole one.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any, ClassVar

import yaml

MAX_DEPTH = 32
MAX_VALUES = 5_000_000
"""Values in one document."""
MAX_WHOLE = 2**63 - 1
_CONFIG_VALUES = 10_000


def from_json(text: str | bytes, surrogates: bool = False) -> Any:
    """The values of a JSON text. `surrogates`: whether strings may hold halves of surrogate pairs.

    Raises ValueError for what is not JSON, NaN, infinities, integers beyond 64 bits, or nesting beyond `MAX_DEPTH`.
    """
    try:
        # No hook for floats: it would be called for each, and `_check` finds infinities anyway.
        value = json.loads(text, parse_constant=_constant, parse_int=_whole)
    except RecursionError as error:
        raise ValueError(f"it is nested more than {MAX_DEPTH} deep") from error
    _check(value, MAX_VALUES, surrogates)
    return value


def _constant(word: str) -> Any:
    raise ValueError(f"it holds {word}, which is no number")


def _whole(word: str) -> int:
    if len(word) > 20 or abs(number := int(word)) > MAX_WHOLE:
        raise ValueError(f"it holds an integer of {len(word)} digits")
    return number


def _check(value: Any, most: int, surrogates: bool) -> None:
    """Depth, count, finite numbers and sound strings, without recursion."""
    waiting, count = [(value, 1)], 0
    while waiting:
        here, depth = waiting.pop()
        count += 1
        if isinstance(here, str):
            if not (surrogates or here.isascii()):
                _encodable(here)
        elif isinstance(here, float):
            if not math.isfinite(here):
                raise ValueError("it holds a number that is not finite")
        elif isinstance(here, dict | list):
            if depth > MAX_DEPTH or count + len(here) > most:
                raise ValueError(f"it is nested more than {MAX_DEPTH} deep or holds more than {most} values")
            items = here if isinstance(here, list) else [*here, *here.values()]
            waiting += [(item, depth + 1) for item in items]
        if count > most:
            raise ValueError(f"it holds more than {most} values")


def _encodable(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("it holds half of a surrogate pair, which is no character") from error


def to_yaml(tree: Mapping[str, Any]) -> str:
    """Plain values as a YAML text, from which `from_yaml` reads the same values."""
    text: str = yaml.dump(tree, Dumper=_Dumper, sort_keys=False)
    return text


def from_yaml(text: str) -> dict[str, Any]:
    """The mapping in a YAML text: scalars, lists and mappings with text as keys; empty text is an empty mapping.

    Raises ValueError, with the line where there is one, for anchors, aliases, tags, interpolations (`${...}`), more
    than one document, keys that are twice there or no text, and whatever `from_json` refuses.
    """
    try:
        _no_references(text)
        value = yaml.load(text, _Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ValueError(
            f"{'' if mark is None else f'line {mark.line + 1}: '}{error.problem or error.context}"
        ) from error
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())[:200]) from error
    except RecursionError as error:
        raise ValueError(f"it is nested more than {MAX_DEPTH} deep") from error
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError("it holds no settings (name: value)")
    _check(value, _CONFIG_VALUES, False)
    _plain_values(value)
    return value


def _no_references(text: str) -> None:
    """Refuse, before anything is built, what makes a small text large or means more than it says."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, _Safe)):
        where = f"line {event.start_mark.line + 1}: " if event.start_mark else ""
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise ValueError(f"{where}anchors and aliases are not used in a run's configuration")
        if getattr(event, "tag", None):
            raise ValueError(f"{where}tags are not used in a run's configuration")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH or count > 4 * _CONFIG_VALUES:
            raise ValueError(
                f"{where}it is nested more than {MAX_DEPTH} deep or holds more than {_CONFIG_VALUES} values"
            )


def _plain_values(value: Mapping[str, Any], where: str = "") -> None:
    for key, inner in value.items():
        name = f"{where}{key}"
        if not isinstance(key, str):
            raise ValueError(f"{name!r} is not the name of a setting")
        if isinstance(inner, dict):
            _plain_values(inner, f"{name}.")
        for item in inner if isinstance(inner, list) else [inner]:
            if not isinstance(item, str | int | float | bool | dict | list | None):
                raise ValueError(f"{name} is a {type(item).__name__}, not a text or a number")
            if isinstance(item, str) and "${" in item:
                raise ValueError(
                    f"{name} holds an interpolation (${{...}}), and a run's configuration holds plain values only"
                )
            if isinstance(item, int) and abs(item) > MAX_WHOLE:
                raise ValueError(f"{name} is an integer beyond 64 bits")


_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Safe):  # type: ignore[misc]
    """YAML's plain values, read as the configuration's writer means them: 1e-4 is a number, a date is a text."""

    yaml_implicit_resolvers: ClassVar = {
        letter: [(tag, pattern) for tag, pattern in found if not tag.endswith(":timestamp")]
        for letter, found in _Safe.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """A mapping whose keys are there once."""
        names: set[str] = set()
        for key, _ in node.value:
            if key.value in names if isinstance(key, yaml.ScalarNode) else True:
                raise yaml.MarkedYAMLError(problem=f"{key.value!r} is set twice", problem_mark=key.start_mark)
            names.add(key.value)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]
    """Puts quotation marks around every text that `_Loader`, or YAML's own rules, would take for something else."""


for _side in (_Loader, _Dumper):
    _side.add_implicit_resolver(
        "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+\Z"), list("-+0123456789")
    )
