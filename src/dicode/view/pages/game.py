"""Which game's words and pictures a page shows."""

from dicode import games
from dicode.games.display import Display as Game

__all__ = ["Game", "of"]


def of(name: str) -> Game:
    """What pages ask about the game called `name`, as a run's folder names it; see `games.load_shown`."""
    return games.load_shown(name).display()
