"""What `dicode train --help` prints: every setting with its sentence, its range, and the value that it would have here."""

from collections.abc import Iterator, Sequence
from typing import Any

from dicode import config as configuration
from dicode import words
from dicode.config import Config
from dicode.errors import ConfigError
from dicode.machine import default_preset
from dicode.settings import Setting, default_of, documented, get


def settings_help(overrides: Sequence[str]) -> str:
    """All groups and settings. Values are those that a run of these words would take on this machine."""
    shown = _understood(overrides)
    config, _ = configuration.interpret(shown)
    lines = [f"values: what `dicode train {' '.join(map(str, shown))}` would take", "", "groups:"]
    lines += [f"  {group}={'|'.join(words.group_choices(group, Config)) or '...'}" for group in words.GROUPS]
    return "\n".join([*lines, "", "settings:", *_settings(config)])


def _understood(overrides: Sequence[str]) -> list[words.Word]:
    """This machine's preset, and those words that make sense together and name one value each."""
    shown = [words.Word("preset", default_preset())]
    for override in overrides:
        try:
            word = words.split([override], Config)[0]
            kept = [have for have in shown if have.key != word.key]
            configuration.interpret([*kept, word])
        except ConfigError:
            continue
        shown = [*kept, word]
    return shown


def _settings(config: Config) -> Iterator[str]:
    """A line for each setting; those of another kind of agent or method, with their defaults, after a heading."""
    others: dict[str, list[str]] = {}
    for setting in documented(Config):
        if setting.name in words.NAMED_BY_GROUP:
            continue
        tag, kinds = setting.kind
        if kinds and get(config, tag) not in kinds:
            heading = f"  with {tag.removesuffix('.name')}={'|'.join(kinds)}:"
            others.setdefault(heading, []).append(_line(setting, default_of(setting)))
        else:
            yield _line(setting, get(config, setting.name))
    for heading, lines in others.items():
        yield from ("", heading, *lines)


def _line(setting: Setting, value: Any) -> str:
    shown = "none" if value in (None, "") else str(value).lower() if isinstance(value, bool) else value
    shown = f"{value:g}" if isinstance(value, float) else shown
    allowed = f"; {setting.allowed}" if setting.allowed else ""
    return f"  {setting.name:32} {setting.field.metadata['text']} [{shown}{allowed}]"
