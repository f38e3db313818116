"""What a host needs of a game: names, shapes and functions on NumPy arrays. Importable in the jail, without JAX.

`HostGame` is what everybody needs; the parts that cost imports are functions of it that import when they are called:
`levels` (how level text is read, built and checked), `dreams` (what dreamers are given) and `display` (for people).
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from dicode.errors import nearest
from dicode.types import Brief, Draft, Rejected

if TYPE_CHECKING:
    from dicode.dreaming.dreamer import Dreamer
    from dicode.dreaming.settings import DreamerConfig
    from dicode.games.display import Display
    from dicode.streams import Streams

WorldArrays = Mapping[str, np.ndarray]
"""One world, or a pool of them with a leading axis: arrays by the names of `HostGame.fields`."""


@dataclass(frozen=True)
class Field:
    """One array of a state: its shape, dtype and inclusive legal range."""

    shape: tuple[int, ...]
    dtype: np.dtype
    low: float
    high: float


@runtime_checkable
class Goal(Protocol):
    """What a level asks for, as data; `str` says it in one line."""

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


@runtime_checkable
class Rules(Protocol):
    """What a level changes about the game, as data."""

    def to_json(self) -> dict[str, object]:
        """Plain values that `HostGame.read_rules` reads again; {} for the unmodified game."""
        ...


@dataclass(frozen=True)
class Advice:
    """What to write instead of what raised an error; empty where nothing is known."""

    hint: str = ""
    instead: tuple[str, str] | None = None
    """(regular expression, text): what the line holds and what it should hold."""

    def corrected(self, line: str) -> str:
        """`line` as it should read; empty where the correction isn't unambiguous.

        Small models send a line back as it was when they are told only what is wrong with it.
        """
        if self.instead is None:
            return ""
        wrong, right = self.instead
        line = line.strip()
        return re.sub(wrong, lambda _: right, line) if len(re.findall(wrong, line)) == 1 else ""


EditWorld = Callable[[dict[str, np.ndarray], np.random.Generator], Any]
"""(arrays of one world, generator) -> what a level's `build(world)` gets; it edits these arrays and has the generator as `rng`."""


@dataclass(frozen=True, eq=False)
class Levels:
    """How a game's levels are written: what their text imports, and how it is built and judged. Runs in the jail."""

    face: str
    """The module that level text imports."""
    names: tuple[str, ...]
    """What it can import from there."""
    as_goal: Callable[[object], Goal | None]
    """What `GOAL = value` means, None where that isn't clear. Raises LevelError for a part that there isn't."""
    rules_type: type[Any]
    """The class whose instance `RULES` is; without arguments, the unmodified game."""
    worlds: Callable[[Any, Any], EditWorld]
    """(goal, rules, an instance of `rules_type`) -> what `build` gets under them; a state may hold them."""
    check: Callable[[WorldArrays, Any, Any, Sequence[str], int | None], Rejected | tuple[str, ...]]
    """(pool, goal, rules, names of hooks, steps of an episode at most) -> warnings, or a verdict of stage `verify`.
    The arrays have their names, dtypes, shapes and ranges already; what they mean together is judged here."""
    generated: Callable[[int, int], str]
    """(seed, worlds) -> source of the level that is just worlds of the game's generator. The text holds the lines
    `WORLD_SEED = <seed>` and `WORLDS = <worlds>`, by which whoever makes base worlds knows it."""
    goal_wrapper: str = ""
    """What makes one goal of several parts, as text writes it (`Goal.all_of`); empty where goals have no parts."""
    finish: Callable[[dict[str, np.ndarray]], None] = lambda arrays: None
    """Sets, in place, what follows from the rest of an edited world; its arrays have their shapes and dtypes already."""
    goal_hint: Callable[[object, str], str] = lambda value, said: "write GOAL = Goal(...) at the top of the file"
    """(what `GOAL` is, what the level says of itself) -> how to write it."""
    advice: Callable[[BaseException], Advice] = lambda error: Advice(getattr(error, "hint", ""))
    """What to do about an error that level code raised."""
    import_hints: Mapping[str, str] = field(default_factory=dict)
    """What to write instead of an import that levels can't have, by the module's first name."""
    nearest: Callable[[str, Iterable[str]], str] = nearest
    """(name, names that there are) -> `; did you mean 'x'?`, or nothing."""
    edit: Callable[[str, str, int, int], str] | None = None
    """(source, kind, seed, cells) -> the level with one small random edit more; None for a game without edits."""
    edit_kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Looks:
    """What worlds look like in numbers, so that near duplicates are told apart."""

    statistics: Callable[[WorldArrays], dict[str, float]]
    """Means over a pool, by name `kind.what`."""
    tolerance: Mapping[str, float]
    """By kind: how far two numbers may be from each other and count as the same."""
    absent: Mapping[str, float] = field(default_factory=dict)
    """By kind: what stands for a number that a pool does not have; 0 unless named."""
    always: frozenset[str] = frozenset()
    """Kinds of which every pool has a number. One that an older version measured may have none, and is not compared by them."""


@dataclass(frozen=True, eq=False)
class Dreams:
    """What a game gives to dreamers; success rates are on the unmodified game, by achievement."""

    grammar: Callable[["Streams", "DreamerConfig", int], "Dreamer"]
    """(streams, the run's settings of dreamers, steps of an episode) -> the dreamer that needs no model."""
    random_level: Callable[[np.random.Generator], Draft]
    """A random level program, whatever the agent can do."""
    looks: Looks
    random_goal: Callable[[np.random.Generator], Draft] | None = None
    """A level that is the unmodified game but for a random goal; None where a goal makes no sense in just any world."""
    lessons: Callable[[int, np.random.Generator], list[Draft]] | None = None
    """(how many, generator) -> levels that begin a run, an act each and all in hand; None for a game that has none."""
    readiness: Callable[[str, Mapping[str, float]], tuple[Any, ...]] = lambda source, success: ()
    """(source, success rates) -> sort key of a library level: the readiest one is the least."""
    wanted: Callable[[str, Mapping[str, float]], float] | None = None
    """(source, success rates) -> how much the target lacks what a level asks for, and how near it is to that; None: not known."""
    way: Callable[[str], frozenset[str]] = lambda target: frozenset()
    """Source of a target that is a level -> achievements that lead to it; empty where nothing is known of that."""
    serves: Callable[[str, str], bool] = lambda source, target: True
    """(source, source of the target) -> whether a level may lead to a target that is a level."""
    prompts: "Callable[[], Prompts] | None" = None
    """What a foundation model is told; None for a game for which no model can be asked."""
    reads: frozenset[str] = frozenset()
    """Which of `dreamer.hooks`, `dreamer.arenas`, `dreamer.steps`, `dreamer.pursue` and, of its grammar's, `method.frontier`
    make a difference to the game's dreams."""


@dataclass(frozen=True, eq=False)
class Prompts:
    """What a foundation model is told of a game."""

    system: Callable[[str, Brief], str]
    """(`design`, `code`, `level`, `compact` or `sketch`; what is asked for, of which it tells what holds for the whole run) -> the
    system message."""
    example: str
    """A whole level file, as the system messages show it."""
    twists: tuple[str, ...]
    """Kinds of change, in a sentence each; a dream is nudged towards one of them."""
    prerequisites: Callable[[str], tuple[str, ...]]
    """Achievements that one needs directly."""
    lesson: Callable[[str, bool], str]
    """(achievement, are levels a goal alone) -> what trains it and how its goal is written, in a few lines, for small models."""
    changes: tuple[str, ...] = ()
    """Small changes to a sketch that leave it about as hard, in a sentence each; () where small models get no sketch."""
    alone: tuple[str, ...] = ()
    """Of `twists`, those that a goal alone can follow; () where it can follow all."""
    ruled: tuple[str, ...] = ()
    """Of `twists` and `changes`, those that need rules of a level's own."""
    varied: tuple[str, ...] = ()
    """A sketch and the level made of it, as the system message `sketch` shows them."""


@dataclass(frozen=True, eq=False)
class HostGame:
    """A game's host side: tables, and functions that hold no state."""

    name: str
    """What `dicode.games.load_host` finds it by."""
    fields: Mapping[str, Field]
    """Every array of a state by dotted name, in the order of the wire."""
    actions: tuple[str, ...]
    """Names of what the player can do, in the order of their numbers."""
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
    """The inverse of `Goal.to_json`, safe on hostile values. Raises LevelError."""
    read_rules: Callable[[Mapping[str, object]], Rules]
    """The inverse of `Rules.to_json`, safe on hostile values. Raises LevelError."""
    rule_arrays: Callable[[Mapping[str, object]], dict[str, np.ndarray]]
    """A level's rules as plain values -> the arrays of its rule table; {} is the unmodified game. Raises LevelError.
    An entry `episode_length`, where there is one, bounds the steps of the level's episodes."""
    implied: Callable[[WorldArrays], np.ndarray]
    """bool[..., A]: achievements that a start implies, or each of several on a leading axis; they pay nothing."""

    seeds: Callable[[], list[tuple[str, str]]]
    """(name, source) of the levels that a curriculum begins with, the first ones first."""
    library: Callable[[], list[tuple[str, str]]]
    """(name, source) of every level that comes with the game, without the held-out ones."""
    heldout: Callable[[], list[tuple[str, str]]]
    """(name, source) of the levels kept for evaluation."""

    levels: Callable[[], Levels]
    dreams: Callable[[], Dreams]
    display: "Callable[[], Display]"
    """What people are shown; imports no JAX, but may load pictures."""
    endings: tuple[str, ...] = ("over",)
    """What can end a game beside its goal and the clock, for people; the first one stands for whatever has no name."""
    occupations: tuple[str, ...] = ()
    """What steps can be spent on, for people; () for a game that doesn't tell."""
    sees: str = ""
    """What the agent observes, in words."""
    graded: Callable[[], list[tuple[str, str]]] = list
    """(`family/rung`, source) of a suite whose rungs get harder, kept for evaluation too; empty for a game without."""

    @property
    def state_bytes(self) -> int:
        """Bytes of one state."""
        return sum(int(np.prod(field.shape)) * field.dtype.itemsize for field in self.fields.values())

    def num_worlds(self, pool: Mapping[str, Any]) -> int:
        """Worlds in a pool."""
        return len(pool[next(iter(self.fields))])

    def pool_hash(self, pool: WorldArrays) -> str:
        """SHA-256 over names, dtypes, shapes and bytes of a pool, in the order of `fields`."""
        digest = hashlib.sha256()
        for name in self.fields:
            array = np.ascontiguousarray(pool[name])
            digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
            digest.update(array.tobytes())
        return digest.hexdigest()
