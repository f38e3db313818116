"""Productions: what turns into what, and when. A level's `RULES` are at most nine of them.

Rule.together("red key", "green ball", makes="blue star")   a put down beside b: both become one thing
Rule.near("grey ball", makes="pink ball")                    walking up to a thing changes it
Rule.hold("red key", makes="blue key")                       picking a thing up changes it in hand

Where `makes` is None the things are lost. In one step the productions act in the order of the list.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dicode.counting import FOREVER
from dicode.errors import LevelError, nearest
from dicode.games.xland.levels.names import (
    DOORS,
    FLOOR,
    MAX_RULES,
    NOTHING,
    WALL,
    Side,
    Thing,
    Tile,
    an_object,
    as_side,
    from_code,
    thing,
    truth,
    whole,
)

MOST_TRIALS = 20
CODE_LENGTH = 7
"""Bytes of one production: its kind, then up to three things."""
_HOLD, _NEAR, _TOGETHER, _TOGETHER_UP, _NEAR_UP = 1, 2, 3, 4, 8
"""The package's kinds; the last two are the first of four, one for each side."""
OF_TWO_THINGS = (_TOGETHER, *range(_TOGETHER_UP, _TOGETHER_UP + len(Side)))
"""Numbers of the kinds that put two things together."""


@dataclass(frozen=True)
class Rule:
    """One production; made by `together`, `near` and `hold`."""

    inputs: tuple[Thing, ...]
    product: Thing | None
    """None: the things are lost."""
    kind: str
    """`hold`, `near` or `together`."""
    side: Side | None = None
    """near: where the thing lies as seen from the player; together: where the second lies as seen from the first."""

    @classmethod
    def hold(cls, what: object, makes: object = None) -> "Rule":
        """Picking `what` up turns it into `makes` in the player's hand."""
        product = None if makes is None else an_object(makes)
        return cls((an_object(what),), product, "hold")

    @classmethod
    def near(cls, what: object, makes: object = None, side: object = None) -> "Rule":
        """Stepping up to `what` turns it into `makes` where it lies; it happens whether one wants it or not.

        `side` ("up", "right", ...) restricts it to one side of the player, and lets it also happen when something
        is put down there. Coloured walls and doors can be changed like objects: a hidden door is a wall that opens.
        """
        return cls((_changeable(what),), _product(makes), "near", as_side(side))

    @classmethod
    def together(cls, first: object, second: object, makes: object = None, side: object = None) -> "Rule":
        """Putting one of the two objects down beside the other turns both into `makes`, where the other lay.

        `side` asks that the second lies on that side of the first.
        """
        return cls((an_object(first), an_object(second)), _product(makes), "together", as_side(side))

    @property
    def code(self) -> tuple[int, ...]:
        """The package's encoding, seven bytes."""
        number = {"hold": _HOLD, "near": _NEAR, "together": _TOGETHER}[self.kind]
        if self.side is not None:
            number = (_NEAR_UP if self.kind == "near" else _TOGETHER_UP) + self.side
        lost = NOTHING if self.kind == "hold" else FLOOR
        things = [*self.inputs, self.product or lost]
        flat = [number, *(part for each in things for part in each.code)]
        return tuple(flat + [0] * (CODE_LENGTH - len(flat)))

    @classmethod
    def from_code(cls, code: Sequence[int]) -> "Rule | None":
        """The inverse of `code`; None for seven zeros. Raises LevelError for what is no production of a level."""
        if not any(code):
            return None
        number = int(code[0])
        kind, where = _kind(number)
        count = 3 if kind == "together" else 2
        try:
            things = [from_code(code[1 + 2 * i], code[2 + 2 * i]) for i in range(count)]
        except ValueError:
            raise LevelError(f"{list(code)} encodes no production") from None
        made = None if things[-1] in (FLOOR, NOTHING) else things[-1]
        rule = cls._made(kind, things[:-1], made, where)
        if rule.code != tuple(map(int, code)):
            raise LevelError(f"{list(code)} encodes no production")
        return rule

    @classmethod
    def _made(cls, kind: str, things: Sequence[object], makes: object, side: object) -> "Rule":
        if kind == "hold":
            return cls.hold(things[0], makes)
        return cls.near(things[0], makes, side) if kind == "near" else cls.together(things[0], things[1], makes, side)

    def renamed(self, name: Callable[[Thing], Thing]) -> "Rule":
        """The same production with other things."""
        made = None if self.product is None else name(self.product)
        return replace(self, inputs=tuple(map(name, self.inputs)), product=made)

    def __str__(self) -> str:
        where = "" if self.side is None else f" ({self.side.name.lower()})"
        how = {"hold": "in hand", "near": "walked up to", "together": "put together"}[self.kind]
        return f"{' and '.join(map(str, self.inputs))} {how}{where}: {self.product or 'nothing'}"

    def to_json(self) -> dict[str, object]:
        """Plain values that `from_json` reads."""
        return {
            "kind": self.kind,
            "things": [str(each) for each in self.inputs],
            "makes": None if self.product is None else str(self.product),
            "side": None if self.side is None else self.side.name.lower(),
        }

    @classmethod
    def from_json(cls, data: object) -> "Rule":
        """The inverse of `to_json`; raises LevelError for anything else."""
        if not isinstance(data, Mapping) or set(data) != {"kind", "things", "makes", "side"}:
            raise LevelError("a production is {'kind': ..., 'things': [...], 'makes': ..., 'side': ...}")
        kind, things, makes = data["kind"], data["things"], data["makes"]
        counts = {"hold": 1, "near": 1, "together": 2}
        if not isinstance(kind, str) or kind not in counts:
            raise LevelError(f"a production's kind is {str(kind)[:40]!r}; kinds are {', '.join(counts)}")
        if not isinstance(things, list) or len(things) != counts[kind]:
            raise LevelError(f"a production of kind {kind} has {counts[kind]} things")
        if kind == "hold" and data["side"] is not None:
            raise LevelError("a production in hand has no side")
        return cls._made(kind, things, makes, data["side"])


@dataclass(frozen=True, init=False)
class Rules:
    """A level's productions and how its episodes go; `Rules()` is the game as it is."""

    productions: tuple[Rule, ...]
    episode_length: int | None
    """Steps of an episode at most; None: what the grid's size gives, three for every cell."""
    told: bool
    """Whether the agent sees goal and productions; False: it has to find out."""
    trials: int
    """Times that an episode sets its task, each time from the same start; what the agent remembers goes on."""

    def __init__(
        self, *productions: Rule, episode_length: int | None = None, told: bool = True, trials: int = 1
    ) -> None:
        """Take productions one by one; raises LevelError for anything else, for more than nine, and for numbers out of range."""
        flat = productions[0] if len(productions) == 1 and isinstance(productions[0], (list, tuple)) else productions
        for rule in flat:
            if not isinstance(rule, Rule):
                raise LevelError(f"RULES has {rule!r}; each is a Rule.together, Rule.near or Rule.hold")
        if len(flat) > MAX_RULES:
            raise LevelError(f"RULES has {len(flat)} productions; there is room for {MAX_RULES}")
        if episode_length is not None and not whole(episode_length, 1, 10_000):
            raise LevelError(f"episode_length is {episode_length!r}; allowed are whole numbers from 1 to 10000")
        object.__setattr__(self, "productions", tuple(flat))
        object.__setattr__(self, "episode_length", None if episode_length is None else int(episode_length))
        if not whole(trials, 1, MOST_TRIALS):
            raise LevelError(f"trials is {trials!r}; an episode has 1 to {MOST_TRIALS}")
        object.__setattr__(self, "told", truth("told", told))
        object.__setattr__(self, "trials", int(trials))

    @property
    def codes(self) -> np.ndarray:
        """uint8[9, 7], zeros after the last production."""
        codes = np.zeros((MAX_RULES, CODE_LENGTH), np.uint8)
        for index, rule in enumerate(self.productions):
            codes[index] = rule.code
        return codes

    def to_json(self) -> dict[str, object]:
        """Only what differs from the game as it is."""
        found: dict[str, object] = {}
        if self.productions:
            found["productions"] = [rule.to_json() for rule in self.productions]
        if self.episode_length is not None:
            found["episode_length"] = self.episode_length
        if not self.told:
            found["told"] = False
        if self.trials != 1:
            found["trials"] = self.trials
        return found

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> "Rules":
        """The inverse of `to_json`; raises LevelError for anything else."""
        known = ("productions", "episode_length", "told", "trials")
        for name in data:
            if name not in known:
                raise LevelError(f"there is no rule {str(name)[:40]!r}{nearest(str(name)[:40], known)}")
        productions, told = data.get("productions", []), data.get("told", True)
        if not isinstance(productions, list) or len(productions) > MAX_RULES:
            raise LevelError(f"productions are a list of at most {MAX_RULES}")
        if not isinstance(told, bool):
            raise LevelError(f"told is {str(told)[:40]!r}; it is true or false")
        numbers: dict[str, Any] = {name: data[name] for name in ("episode_length", "trials") if name in data}
        return cls(*[Rule.from_json(rule) for rule in productions], told=told, **numbers)


def productions_of(codes: np.ndarray) -> tuple[Rule, ...]:
    """The productions that uint8[n, 7] encodes, padding left out; raises LevelError for what encodes none."""
    return tuple(rule for rule in (Rule.from_code(code) for code in codes.tolist()) if rule is not None)


def rule_arrays(data: Mapping[str, object]) -> dict[str, np.ndarray]:
    """What the step and the observation read of a level's rules; the productions themselves lie in its worlds."""
    rules = Rules.from_json(data)
    length = FOREVER if rules.episode_length is None else rules.episode_length
    return {"episode_length": np.asarray(length, np.int32), "told": np.asarray(rules.told)}


def _kind(number: int) -> tuple[str, Side | None]:
    plain = {_HOLD: "hold", _NEAR: "near", _TOGETHER: "together"}
    if number in plain:
        return plain[number], None
    for first, kind in ((_TOGETHER_UP, "together"), (_NEAR_UP, "near")):
        if first <= number < first + len(Side):
            return kind, Side(number - first)
    raise LevelError(f"no kind of production has the number {number}")


def _product(value: object) -> Thing | None:
    made = None if value is None else thing(value)
    if made == WALL:
        raise LevelError("no production makes a grey wall; make a wall of another colour")
    return None if made == FLOOR else made


def _changeable(value: object) -> Thing:
    found = thing(value)
    if found == WALL:
        raise LevelError("grey walls hold the grid together and cannot change; use a wall of another colour")
    if not (found.is_object or found.tile is Tile.WALL or found.tile in DOORS):
        raise LevelError(f"the {found} cannot be changed by a production; objects, coloured walls and doors can")
    return found
