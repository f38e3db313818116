"""The error of the level API: something in a level that cannot be."""

from dicode.errors import DicodeError
from dicode.types import Code


class LevelError(DicodeError):
    """A level asks for something impossible; the message says what would be possible."""

    def __init__(self, message: str, code: Code = Code.IMPOSSIBLE) -> None:
        super().__init__(message)
        self.code = code
