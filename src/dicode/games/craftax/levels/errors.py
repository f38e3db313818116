"""The error of the level API: something in a level that cannot be."""

from dicode.errors import DicodeError
from dicode.types import Code


class LevelError(DicodeError):
    """A level asks for something impossible; the message says what would be possible."""

    def __init__(
        self, message: str, code: Code = Code.IMPOSSIBLE, hint: str = "", instead: tuple[str, str] | None = None
    ) -> None:
        """`hint`: what to write instead, where the message doesn't say it; `instead`: (regular expression, text) for the line."""
        super().__init__(message)
        self.code, self.hint, self.instead = code, hint, instead
