"""The error of the level API: something in a level that cannot be."""

from dicode.errors import DicodeError


class LevelError(DicodeError):
    """A level asks for something impossible; the message says what would be possible."""
