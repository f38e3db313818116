"""Prompts' templates: Markdown files in the folder `prompts` of a package, with placeholders in double braces."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from pathlib import Path

from dicode.errors import ConfigError, nearest

_instead: dict[str, str] = {}
"""Texts that stand for templates of these names while `instead` is in force."""


def template(package: str, name: str) -> str:
    """The text of `prompts/NAME.md`."""
    return _instead[name] if name in _instead else _packaged(package, name)


@cache
def _packaged(package: str, name: str) -> str:
    return resources.files(package).joinpath("prompts", f"{name}.md").read_text(encoding="utf-8")


@contextmanager
def instead(folder: Path, packages: tuple[str, ...]) -> Iterator[None]:
    """Use the files of a folder in place of the templates of `packages` that have their names.

    Raises ConfigError for a folder without any, and for a file that stands for none.
    """
    texts = {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.md"))}
    known = {
        path.name.removesuffix(".md")
        for package in packages
        if resources.files(package).joinpath("prompts").is_dir()
        for path in resources.files(package).joinpath("prompts").iterdir()
        if path.name.endswith(".md")
    }
    strange = sorted(set(texts) - known)
    if not texts or strange:
        said = f"{strange[0]}.md{nearest(strange[0], known)}" if strange else "no file *.md"
        raise ConfigError(f"{folder} holds {said}; the prompts' templates are {', '.join(sorted(known))}")
    _instead.update(texts)
    try:
        yield
    finally:
        _instead.clear()


def fill(package: str, name: str, /, **values: str) -> str:
    """A template with every placeholder replaced; raises KeyError for one without a value, ValueError for a spare value."""
    text = template(package, name)
    used = set(re.findall(r"\{\{(\w+)\}\}", text))
    if set(values) - used:
        raise ValueError(f"prompts/{name}.md has no placeholder for {', '.join(sorted(set(values) - used))}")
    return re.sub(r"\{\{(\w+)\}\}", lambda match: values[match.group(1)], text).rstrip() + "\n"
