"""Words of the command line: `key=value`, where the key is a setting or a group of the configuration.

Hydra composes the groups (`preset=`, `method=`, ...); settings are laid over what it gives, as text that
`settings.read` turns into values. So text stays as it was typed: no grammar but "up to the first `=`"
reads it. Nothing here imports JAX.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from itertools import product
from typing import Any

from dicode.errors import ConfigError, nearest
from dicode.settings import Setting, documented

GROUPS = ("preset", "method", "dreamer", "agent", "fm", "experiment", "arm")
"""Keys whose values are files of `dicode.conf`."""

_ALIASES = {"from": "warm_start"}
_NOT_SWEPT = ("runs_dir",)
NAMED_BY_GROUP = {"method.name": "method", "dreamer.name": "dreamer"}
"""Settings that a person chooses by the group's own key; the group's choices are the setting's, and need no files."""

_SEVERAL = re.compile(r"\[([\w\s,]*)\]")
"""Several files of one group in one run: `fm=[a,b]`."""
_ENTRY = re.compile(r"models\.(\w+)\.")
_HYDRA_SWEEP = re.compile(r"(choice|range|shuffle|sort|glob|interval)\(.*\)", re.DOTALL)
_TOO_FAR = 0.55


@dataclass(frozen=True)
class Word:
    """One word, split."""

    key: str
    """A setting's dotted name, or a group."""
    value: str
    """As it was typed."""

    def __str__(self) -> str:
        return f"{self.key}={self.value}"


def split(words: Iterable[str], record: type) -> list[Word]:
    """Words as keys and values; every key is a group or a setting of `record`.

    Raises ConfigError for a word that is none, with the nearest that is.
    """
    return [_split(word, record) for word in words]


def typed(key: str) -> str:
    """A setting's name as it is typed."""
    return next((alias for alias, name in _ALIASES.items() if name == key), key)


def pairs(words: Iterable[str], example: str) -> list[Word]:
    """Words as keys and values, whatever the keys. Raises ConfigError for a word that is not key=value."""
    found = []
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not re.fullmatch(r"[\w.]+", key):
            raise ConfigError(f"{word!r} is not an override; write key=value, for example {example}")
        found.append(Word(key, value))
    return found


def _split(word: str, record: type) -> Word:
    key, equals, value = word.partition("=")
    if not equals:
        hint = f"; write {word}=VALUE" if word in GROUPS or word in settings_of(record) else ""
        raise ConfigError(f"{word!r} is not an override; write key=value, for example seed=7{hint}")
    if key.startswith("hydra"):
        raise ConfigError(f"{word} is for whoever launches the runs of a sweep; it goes with --multirun")
    key = _ALIASES.get(key, key)
    if key in NAMED_BY_GROUP:
        raise ConfigError(f"{key} is chosen by its group: write {NAMED_BY_GROUP[key]}={value}")
    if key not in GROUPS and listed(key) not in settings_of(record):
        raise ConfigError(f"no setting is called {key!r}{nearest_setting(key, record, value)}")
    return Word(key, value)


def listed(key: str) -> str:
    """The setting that a key sets, as it is listed: `fm.temperature` for `models.b.temperature`, else the key."""
    return _ENTRY.sub("fm.", key, count=1) if _ENTRY.match(key) else key


@cache
def settings_of(record: type) -> Mapping[str, tuple[Setting, ...]]:
    """Every setting by dotted name; several where kinds of a section define one each."""
    found: dict[str, tuple[Setting, ...]] = {}
    for setting in documented(record):
        found[setting.name] = (*found.get(setting.name, ()), setting)
    return found


def nearest_setting(key: str, record: type, value: str = "VALUE") -> str:
    """`; did you mean 'x'?` for the setting, of whatever section, that `key` is most like; empty for none.

    Names are compared with and without their section, and with the sentence that describes the setting.
    """
    rank = {name: max(_likeness(key, s) for s in found) for name, found in settings_of(record).items()}
    rank |= {group: SequenceMatcher(None, key.lower(), group).ratio() for group in GROUPS}
    best = max(rank.values())
    if best < _TOO_FAR:
        return "; `dicode train --help` lists them, as in seed=7"
    names = [name for name, likeness in rank.items() if likeness > best - 1e-9][:3]
    return f"; did you mean {' or '.join(repr(name) for name in names)}?"


def _likeness(key: str, setting: Setting) -> float:
    """From 0 to 1, 1 for the same last name or the same words."""
    spoken, name = _spoken(key), setting.name
    leaf, of_leaf = _spoken(key.rpartition(".")[2]), _spoken(name.rpartition(".")[2])
    text = re.split(r"[,;(:]", setting.field.metadata["text"].lower())[0].strip()
    same_section = 0.04 if key.rpartition(".")[0] == name.rpartition(".")[0] else 0.0
    written = SequenceMatcher(None, spoken, _spoken(name)).ratio()
    alone = SequenceMatcher(None, leaf, of_leaf).ratio()
    said = 1.0 if leaf == text else 0.9 * SequenceMatcher(None, leaf, text).ratio()
    return max(written, alone, said) * 0.96 + same_section


def _spoken(name: str) -> str:
    """A name as words: lower case, nothing but blanks between them."""
    return re.sub(r"[_.\s-]+", " ", name.lower()).strip()


@cache
def group_choices(group: str, record: type) -> tuple[str, ...]:
    """What a group can be: the choices of the setting that it names, else its files."""
    from importlib import resources

    root, found = resources.files("dicode.conf").joinpath(group), list(_named(group, record))
    for path in root.iterdir() if root.is_dir() else ():
        if path.is_dir():
            found += [f"{path.name}/{p.name[:-5]}" for p in path.iterdir() if p.name.endswith(".yaml")]
        elif path.name.endswith(".yaml"):
            found.append(path.name[:-5])
    return tuple(sorted(found))


def _named(group: str, record: type) -> tuple[str, ...]:
    """The choices of the setting that a group's key chooses, () for a group of files."""
    kinds = [kind for name, of in NAMED_BY_GROUP.items() if of == group for kind in settings_of(record)[name]]
    return tuple(dict.fromkeys(choice for kind in kinds for choice in kind.field.metadata["choices"]))


def is_text(word: Word, record: type) -> bool:
    """Whether the word's value is free text, in which no character means anything."""
    return word.key not in GROUPS and all(setting.is_text for setting in settings_of(record)[listed(word.key)])


def values(word: Word, record: type) -> list[str]:
    """The values that a word of a sweep names, in order: separated by commas, or by one of Hydra's functions."""
    if word.key in _NOT_SWEPT or _entries(word):
        return [word.value]
    if _HYDRA_SWEEP.fullmatch(word.value) and not is_text(word, record):
        from hydra.core.override_parser.overrides_parser import OverridesParser
        from hydra.errors import HydraException

        try:
            [override] = OverridesParser.create().parse_overrides([str(word)])
            found = list(override.sweep_string_iterator())
        except (HydraException, ValueError) as error:
            raise ConfigError(f"{word} names no values: {str(error).splitlines()[0]}") from error
        if not found:
            raise ConfigError(f"{word} names no values; range(START,STOP) goes up from START and leaves STOP out")
        return found
    return [value.strip() for value in word.value.split(",")] if "," in word.value else [word.value]


def combinations(words: Sequence[Word], record: type) -> list[list[Word]]:
    """One list of words for every run of a sweep, the last word's values changing fastest."""
    words = list(_last(words))
    return [
        [Word(word.key, value) for word, value in zip(words, chosen, strict=True)]
        for chosen in product(*(values(word, record) for word in words))
    ]


def compose(words: Sequence[Word], record: type) -> dict[str, Any]:
    """The tree of the groups that the words choose, with the words' settings as text laid over it.

    Raises ConfigError for a choice that a group has not, or for several values where one is meant.
    """
    chosen = list(_last(words))
    for word in chosen:
        _check_one_value(word, record)
        if word.key in GROUPS:
            _check_choices(word, record)
    tree = hydra_tree([choice for word in chosen if word.key in GROUPS for choice in _choices(word)], record)
    for word in chosen:
        if word.key not in GROUPS:
            entry = _ENTRY.match(word.key)
            if entry and entry[1] not in tree.get("models", {}):
                have = ", ".join(tree.get("models", {})) or "fm=[a,b] makes one for b"
                raise ConfigError(f"no further model of this run is called {entry[1]!r} ({have})")
            *sections, leaf = word.key.split(".")
            node = tree
            for section in sections:
                node = node.setdefault(section, {})
            node[leaf] = word.value
    return tree


def _entries(word: Word) -> dict[str, str]:
    """What `fm=[a,b,b]` names: files by entry, the first for `fm` itself, a number for one named again."""
    several = _SEVERAL.fullmatch(word.value) if word.key == "fm" else None
    found: dict[str, str] = {}
    for name in [name.strip() for name in several[1].split(",")] if several else []:
        count = 1 + list(found.values()).count(name)
        found[f"{name}{count if count > 1 else ''}"] = name
    return found


def check_choices(words: Sequence[Word], record: type) -> None:
    """Raise ConfigError for a value of a group's word, or for one of several of a sweep's, that the group has not."""
    for word in words:
        for value in values(word, record) if word.key in GROUPS else ():
            _check_choices(Word(word.key, value), record)


def _check_choices(word: Word, record: type) -> None:
    choices = group_choices(word.key, record)
    for value in _entries(word).values() or [word.value]:
        if value not in choices:
            raise ConfigError(
                f"{word.key}={value} is not known{nearest(value, choices)} (choices: {', '.join(choices)})"
            )


def _choices(word: Word) -> list[str]:
    """A group's word as Hydra's."""
    named = list(_entries(word).items())
    if not named:
        return [str(word)]
    return [f"{word.key}={named[0][1]}", *(f"+{word.key}@models.{entry}={name}" for entry, name in named[1:])]


def _check_one_value(word: Word, record: type) -> None:
    if _entries(word):
        return
    several = "," in word.value or _HYDRA_SWEEP.fullmatch(word.value)
    if several and not is_text(word, record):
        raise ConfigError(f"{word} names several values; add --multirun for one run of each")


def hydra_tree(choices: Sequence[str], record: type, with_hydra: bool = False) -> dict[str, Any]:
    """What Hydra composes of the groups, as plain values; `with_hydra`: its own section too."""
    import hydra
    from hydra.core.config_store import ConfigStore
    from hydra.errors import HydraException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    for group in NAMED_BY_GROUP.values():
        for name in _named(group, record):
            ConfigStore.instance().store(name, {"name": name}, group)
    try:
        with hydra.initialize_config_module("dicode.conf", version_base="1.3"):
            node: Any = hydra.compose("config", list(choices), return_hydra_config=with_hydra)
            return OmegaConf.to_container(node, resolve=False)  # type: ignore[return-value]
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(f"the configuration can't be composed: {str(error).splitlines()[0]}") from error


_LAID_OUT = frozenset({"preset", "experiment", "arm"})
"""Files of settings of every kind: with two of one kind nobody can tell what holds."""


def last(words: Sequence[Word], key: str) -> Word | None:
    """The word that says what `key` is; None where none does."""
    return {word.key: word for word in words}.get(key)


def _last(words: Sequence[Word]) -> Iterable[Word]:
    """The words, of those with one key the last. Raises ConfigError for two of what a run is laid out by."""
    found: dict[str, Word] = {}
    for word in words:
        if word.key in _LAID_OUT and word.key in found and found[word.key] != word:
            raise ConfigError(f"{word.key} is given twice, {found[word.key].value} and {word.value}; leave one out")
        found[word.key] = word
    return found.values()
