"""Prompts' templates: Markdown files in the folder `prompts` of a package, with placeholders in double braces."""

import re
from functools import cache
from importlib import resources


@cache
def template(package: str, name: str) -> str:
    """The text of `prompts/NAME.md`."""
    return resources.files(package).joinpath("prompts", f"{name}.md").read_text(encoding="utf-8")


def fill(package: str, name: str, /, **values: str) -> str:
    """A template with every placeholder replaced; raises KeyError for one without a value, ValueError for a spare value."""
    text = template(package, name)
    used = set(re.findall(r"\{\{(\w+)\}\}", text))
    if set(values) - used:
        raise ValueError(f"prompts/{name}.md has no placeholder for {', '.join(sorted(set(values) - used))}")
    return re.sub(r"\{\{(\w+)\}\}", lambda match: values[match.group(1)], text).rstrip() + "\n"
