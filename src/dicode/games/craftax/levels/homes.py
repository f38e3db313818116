"""Where the classes of the level API stand in level code.

A class says so itself: advice on names is given by modules below the classes, which look them up here.
"""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

CLASSES: dict[str, type] = {}
"""Place in level code, `world.player` -> class of what stands there."""


def at(place: str) -> Callable[[type[T]], type[T]]:
    """Decorates the class of what level code finds at `place`."""

    def note(kind: type[T]) -> type[T]:
        CLASSES[place] = kind
        return kind

    return note
