"""Which packages' annotations the tests check at every call, shapes included, and how."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from beartype import BeartypeConf, beartype

SOURCE = Path(__file__).parents[1] / "src"
UNCHECKED = {"levels", "library", "__init__", "plain"}
"""Levels' faces refuse a model's mistakes in words of their own; `plain` says `Self`, which beartype knows in whole classes alone."""

_strict = beartype(conf=BeartypeConf(is_pep484_tower=True))


def checked_modules() -> list[str]:
    """The agent, the learner, the environment, and of the games what the package itself calls."""
    paths = [path.relative_to(SOURCE).with_suffix("") for path in (SOURCE / "dicode/games").rglob("*.py")]
    games = [".".join(path.parts) for path in paths if not UNCHECKED & set(path.parts)]
    return ["dicode.agent", "dicode.learner", "dicode.environment", *games]


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, refusing what its annotations do not name; an int serves as a float, as for mypy.

    Constructors are let through: JAX builds records of shapes and of placeholders, too.
    """
    return function if function.__name__ == "__init__" else _strict(function)
