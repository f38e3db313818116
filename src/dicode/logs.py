"""How the program's log reaches a terminal: warnings and errors, cleaned of what a terminal would act on."""

import logging
import os
import sys
from typing import TextIO

from dicode.errors import ConfigError, nearest
from dicode.received.text import plain


class PlainFormatter(logging.Formatter):
    """Log records as plain text: what is logged may quote a level, a model or a server."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's line or lines."""
        return plain(super().format(record))


class _Stderr(logging.StreamHandler[TextIO]):
    """Writes to whatever is stderr at that moment: while the live view is up, that prints above its picture."""

    @property
    def stream(self) -> TextIO:
        """The stream."""
        return sys.stderr

    @stream.setter
    def stream(self, _: object) -> None:
        """Nothing is kept."""


def quiet_packages() -> None:
    """Keep other packages' chatter off the terminal. Raises ConfigError for a level in DICODE_LOG that is none.

    Once a process: what is logged later goes through a formatter that lets no text act on the terminal.
    """
    asked, levels = os.environ.get("DICODE_LOG", "WARNING").upper(), logging.getLevelNamesMapping()
    if asked not in levels:
        raise ConfigError(f"DICODE_LOG={asked!r}{nearest(asked, levels)} (choices: {', '.join(levels)})")
    handler = _Stderr()
    handler.setFormatter(PlainFormatter("%(name)s: %(message)s"))
    logging.basicConfig(level=asked, handlers=[handler])
    logging.getLogger("absl").setLevel(logging.ERROR)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
