"""What a host needs of a game: names, shapes and functions on NumPy arrays. Importable in the jail, without JAX."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

WorldArrays = Mapping[str, np.ndarray]
"""One world, or a pool of them with a leading axis: arrays by the names of `HostGame.fields`."""


@dataclass(frozen=True)
class Field:
    """One array of a state: its shape, dtype and inclusive legal range."""

    shape: tuple[int, ...]
    dtype: np.dtype
    low: float
    high: float


class Goal(Protocol):
    """What a level asks for, as data."""

    @property
    def is_empty(self) -> bool:
        """Nothing is asked for; then only a `success` hook can end the level."""
        ...

    def to_arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """(achievements bool[A], minimum float32[Q]); a minimum of 0 means not asked."""
        ...

    def to_json(self) -> dict[str, object]:
        """Plain values that `HostGame.read_goal` reads again."""
        ...


@dataclass(frozen=True, eq=False)
class HostGame:
    """A game's host side: tables, and functions that hold no state."""

    name: str
    fields: Mapping[str, Field]
    """Every array of a state by dotted name, in the order of the wire."""
    achievements: tuple[str, ...]
    """Names, in the order of the device's vector and of the field `achievements` (bool[A]); () for a game without."""
    quantities: tuple[str, ...]
    """Numbers that a goal can put a minimum on, in the order of the device's vector."""
    packages: tuple[str, ...]
    """Distributions whose version an evaluation names."""
    max_return: float
    """The highest return of an episode of the unmodified game."""
    target_goal: Goal
    """The goal of the unmodified game."""
    no_goal: Goal
    """The goal that asks for nothing."""
    read_goal: Callable[[Mapping[str, object]], Goal]
    """The inverse of `Goal.to_json`. Raises LevelError."""
    rule_arrays: Callable[[Mapping[str, object]], dict[str, np.ndarray]]
    """A level's rules as plain values -> the arrays of its rule table; {} is the unmodified game. Raises LevelError.
    An entry `episode_length`, where there is one, bounds the steps of the level's episodes."""
    implied: Callable[[WorldArrays], np.ndarray]
    """bool[A]: achievements that a start implies; they pay nothing."""

    seeds: Callable[[], list[tuple[str, str]]]
    """(name, source) of the levels that a curriculum begins with, the first ones first."""
    heldout: Callable[[], list[tuple[str, str]]]
    """(name, source) of the levels kept for evaluation."""
    graded: Callable[[], list[tuple[str, str]]] = list
    """(`family/rung`, source) of a suite whose rungs get harder, kept for evaluation too; empty for a game without."""
    library: Callable[[], list[tuple[str, str]]] = list
    """(name, source) of every level that comes with the game, those kept for evaluation left out."""

    @property
    def state_bytes(self) -> int:
        """Bytes of one state."""
        return sum(int(np.prod(field.shape)) * field.dtype.itemsize for field in self.fields.values())

    def num_worlds(self, pool: Mapping[str, Any]) -> int:
        """Worlds in a pool."""
        return len(pool[next(iter(self.fields))])
