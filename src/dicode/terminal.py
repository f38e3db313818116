"""What is printed for people: rich's tables and styles around text that can only ever be text.

Names, goals, reasons and notes come from runs, models and servers. On this console a string is never markup, and
whatever reaches the screen passes `plain`: no escape sequence, no other control character, no reordered letters.
"""

from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleDimensions, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from dicode.received.text import plain

LEAST, USUAL = 20, 80
"""Columns below which no table can be read, and what is taken then."""


class PlainConsole(Console):
    """A console for text from anywhere. Styles are given as styles; `[bold]` in a string is six characters."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"markup": False, "highlight": False, "emoji": False, **settings})

    def on_broken_pipe(self) -> None:
        """Whoever printed hears that nobody reads any more; rich would end the program."""
        raise BrokenPipeError

    @property
    def size(self) -> ConsoleDimensions:
        """Columns and rows; a terminal that says it has no columns has as many as most."""
        found = super().size
        return found if found.width >= LEAST else ConsoleDimensions(USUAL, found.height)

    @size.setter
    def size(self, new: tuple[int, int]) -> None:
        Console.size.fset(self, new)  # type: ignore[attr-defined]

    def render_str(self, text: str, **settings: Any) -> Text:
        """A string as it stands, unspoilt before anything is laid out by its width."""
        return super().render_str(plain(text), **{**settings, "markup": False, "emoji": False})

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The segments of anything that can be printed; texts made elsewhere are cleaned here."""
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable():
                yield segment
            else:
                yield Segment(plain(segment.text, keep="\n"), segment.style)
