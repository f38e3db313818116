"""Errors that a person is meant to read.

The command line prints the message of a `DicodeError` as one sentence and exits with code 2. Expected
outcomes of a level's journey (a rejected dream) are values, not errors: see `dicode.types.Rejected`.
"""

import difflib
from collections.abc import Iterable

from dicode.types import Code


class DicodeError(Exception):
    """Something a user can mend: the message names the value, what is allowed and the nearest right thing."""


class ConfigError(DicodeError):
    """A configuration value or override that cannot work."""


class RunError(DicodeError):
    """A run directory, checkpoint or archive that cannot be used as asked."""


class LevelError(DicodeError):
    """A level asks for something impossible; the message says what would be possible."""

    def __init__(
        self, message: str, code: Code = Code.IMPOSSIBLE, hint: str = "", instead: tuple[str, str] | None = None
    ) -> None:
        """`hint`: what to write instead, where the message doesn't say it; `instead`: (regular expression, text) for the line."""
        super().__init__(message)
        self.code, self.hint, self.instead = code, hint, instead


def nearest(name: str, choices: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the choice closest to `name`, whatever its case, or the empty string."""
    spelled = {choice.lower(): choice for choice in choices}
    close = difflib.get_close_matches(name.lower(), spelled, n=1, cutoff=0.5)
    return f"; did you mean {spelled[close[0]]!r}?" if close else ""


def missing_extra(extra: str) -> ConfigError:
    """The one sentence for an optional dependency that is not installed."""
    return ConfigError(f"this needs the extra {extra!r}: `uv sync --extra {extra}` or `pip install 'dicode[{extra}]'`")
