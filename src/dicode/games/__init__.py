"""Games: each a folder with two records, `HOST` for hosts (NumPy) and `DEVICE` for devices (JAX).

A game is named by its folder here (`craftax`) or, where somebody else keeps it, by the dotted name of a package with
modules `host` and `device` of its own.
"""

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from dicode.errors import ConfigError, nearest
from dicode.received.text import line

if TYPE_CHECKING:  # late, so that games can be named without NumPy
    from dicode.games.device import DeviceGame
    from dicode.games.host import HostGame


DEFAULT = "craftax"
"""The game where nothing names another."""


def names() -> list[str]:
    """The games that come with this package."""
    return sorted(host.parent.name for host in Path(__file__).parent.glob("*/host.py"))


def package(name: str) -> str:
    """The dotted name of a game's package. Raises ConfigError where there is no such game."""
    if "." not in name and name not in names():
        raise ConfigError(f"game={name} is not known{nearest(name, names())} (games: {', '.join(names())})")
    found = name if "." in name else f"dicode.games.{name}"
    try:
        is_there = find_spec(f"{found}.host") is not None
    except ImportError:
        is_there = False
    if not is_there:
        raise ConfigError(f"game={name}: there is no module {found}.host")
    return found


def load_host(name: str) -> "HostGame":
    """A game's host side, without importing JAX."""
    game: HostGame = import_module(f"{package(name)}.host").HOST
    return game


GAME = "game"
"""`target=`: the game as it is."""
LIBRARY = "library:"
"""Before the name of a level of a game's library, where a level's file could stand."""


def library_level(game: str, asked: str) -> str:
    """The text of `library:NAME`. Raises ConfigError, which names the nearest level, where the library has none."""
    name, known = asked.removeprefix(LIBRARY), dict(load_host(game).library())
    if name not in known:
        raise ConfigError(f"{line(asked, 60)}: the library has no level {line(name, 60)!r}{nearest(name, known)}")
    return known[name]


def load_shown(name: str) -> "HostGame":
    """The host side of the game that a run's folder names: one of this package, or one that is in use already.

    Raises ConfigError for any other: a folder, which may come from anywhere, must not choose what is imported.
    """
    if name not in names() and f"{name}.host" not in sys.modules:
        raise ConfigError(
            f"game={line(name, 60)} is not one of this package's ({', '.join(names())}), so its runs can't be shown"
        )
    return load_host(name)


def load_device(name: str) -> "DeviceGame":
    """A game's device side."""
    game: DeviceGame = import_module(f"{package(name)}.device").DEVICE
    return game
