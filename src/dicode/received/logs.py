"""Log records as plain text; apart from `text`, which the sandbox's workers import, so that they don't pay for `logging`."""

import logging

from dicode.received.text import plain


class PlainFormatter(logging.Formatter):
    """Log records as plain text: what is logged may quote a level, a model or a server."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's line or lines."""
        return plain(super().format(record))
