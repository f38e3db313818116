"""The game's names: tiles, colours, actions, sides; and things, a tile of a colour, by words such as `red key`.

The numbers are the package's own (a test holds them to it), because encodings are made of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, IntEnum

import numpy as np

from dicode.errors import LevelError, nearest

SIZE = 13
"""Rows and columns of the array that every grid lies in, its upper left corner at (0, 0)."""
SMALLEST = 5
"""Rows and columns of the smallest grid."""
MAX_RULES = 9
"""Productions of a level at most."""


class Tile(IntEnum):
    """What a cell holds."""

    EMPTY = 0
    FLOOR = 1
    WALL = 2
    BALL = 3
    SQUARE = 4
    PYRAMID = 5
    GOAL = 6
    KEY = 7
    DOOR_LOCKED = 8
    DOOR_CLOSED = 9
    DOOR_OPEN = 10
    HEX = 11
    STAR = 12


class Colour(IntEnum):
    """Its colour."""

    EMPTY = 0
    RED = 1
    GREEN = 2
    BLUE = 3
    PURPLE = 4
    YELLOW = 5
    GREY = 6
    BLACK = 7
    ORANGE = 8
    WHITE = 9
    BROWN = 10
    PINK = 11


class Action(IntEnum):
    """What the player can do."""

    FORWARD = 0
    TURN_RIGHT = 1
    TURN_LEFT = 2
    PICK_UP = 3
    PUT_DOWN = 4
    TOGGLE = 5


class Side(IntEnum):
    """A direction on the grid; also which way the player faces."""

    UP = 0
    RIGHT = 1
    DOWN = 2
    LEFT = 3

    @property
    def step(self) -> tuple[int, int]:
        """(rows, columns) of one step that way."""
        return ((-1, 0), (0, 1), (1, 0), (0, -1))[self]


OBJECTS = (Tile.BALL, Tile.SQUARE, Tile.PYRAMID, Tile.KEY, Tile.HEX, Tile.STAR)
"""What can be picked up."""
WALKABLE = (Tile.FLOOR, Tile.GOAL, Tile.DOOR_OPEN)
DOORS = (Tile.DOOR_LOCKED, Tile.DOOR_CLOSED, Tile.DOOR_OPEN)
COLOURS = tuple(colour for colour in Colour if colour is not Colour.EMPTY)

_WORDS = {
    Tile.DOOR_LOCKED: "locked door",
    Tile.DOOR_CLOSED: "door",
    Tile.DOOR_OPEN: "open door",
    Tile.GOAL: "goal tile",
}
_TILES = {_WORDS.get(tile, tile.name.lower()): tile for tile in Tile if tile is not Tile.EMPTY} | {
    "closed door": Tile.DOOR_CLOSED,
    "goal": Tile.GOAL,
}
_SHAPE_WORDS = frozenset(word for shape in _TILES for word in shape.split())
_COMPASS = {"north": "up", "east": "right", "south": "down", "west": "left", "above": "up", "below": "down"}
_SAME = {
    "crimson": "red", "scarlet": "red", "magenta": "pink", "violet": "purple", "lime": "green", "teal": "green",
    "cyan": "blue", "gold": "yellow", "sphere": "ball", "circle": "ball", "cube": "square", "box": "square",
    "triangle": "pyramid", "hexagon": "hex",
}  # fmt: skip
"""Words for colours and shapes, with ours."""
_COLOUR_WORDS = {colour.name.lower(): colour for colour in COLOURS} | {"gray": Colour.GREY}


@dataclass(frozen=True, order=True)
class Thing:
    """A tile of a colour; `str` gives the words that `thing` reads."""

    tile: Tile
    colour: Colour

    def __str__(self) -> str:
        if self.tile is Tile.EMPTY:
            return "nothing"
        return f"{self.colour.name.lower()} {_WORDS.get(self.tile, self.tile.name.lower())}"

    @property
    def code(self) -> tuple[int, int]:
        """The package's (tile, colour)."""
        return int(self.tile), int(self.colour)

    @property
    def is_object(self) -> bool:
        """Whether it can be picked up."""
        return self.tile in OBJECTS


OBJECT_NAMES = tuple(Thing(tile, colour) for tile in OBJECTS for colour in COLOURS if colour is not Colour.BLACK)
"""Objects that can be told from the floor."""
FLOOR = Thing(Tile.FLOOR, Colour.BLACK)
NOTHING = Thing(Tile.EMPTY, Colour.EMPTY)
WALL = Thing(Tile.WALL, Colour.GREY)


def thing(value: object) -> Thing:
    """The thing that words such as `red key`, `locked blue door` or `grey wall` name; LevelError for any others."""
    if isinstance(value, Thing):
        return value
    if not isinstance(value, str):
        several = isinstance(value, (list, tuple)) and all(isinstance(part, str) and " " in part for part in value)
        hint = f"give things one by one: {', '.join(map(repr, value))}" if several and value else ""  # type: ignore[call-overload]
        raise LevelError(f"{value!r} is no thing; write its colour and its shape, as in 'red key'", hint=hint)
    words = value.lower().replace("_", " ").split()
    colours = [word for word in words if word in _COLOUR_WORDS]
    shape = " ".join(word for word in words if word not in _COLOUR_WORDS)
    if shape == "floor" and not colours:
        return FLOOR
    if len(colours) != 1:
        odd = [word for word in words if word not in _SHAPE_WORDS and word not in colours]
        meant = "" if colours else next(filter(None, (_near(word, _COLOUR_WORDS) for word in odd)), "")
        raise LevelError(f"{value!r} needs one colour{meant} (there is {', '.join(_COLOUR_WORDS)}), as in 'red key'")
    if shape not in _TILES:
        raise LevelError(f"{value!r} has no known shape{_near(shape, _TILES)} (there is {', '.join(_TILES)})")
    return Thing(_TILES[shape], _COLOUR_WORDS[colours[0]])


def _near(word: str, choices: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the word that is meant: another one for it, or one that begins like it and is spelled alike."""
    known = list(choices)
    return (
        nearest(_SAME[word], known)
        if _SAME.get(word) in known
        else nearest(word, [c for c in known if c[0] == word[:1]])
    )


def an_object(value: object) -> Thing:
    """A thing that can be picked up; LevelError for any other."""
    found = thing(value)
    if not found.is_object:
        shapes = ", ".join(tile.name.lower() for tile in OBJECTS)
        raise LevelError(f"the {found} cannot be picked up; objects are of the shapes {shapes}")
    return found


def as_side(value: object) -> Side | None:
    """The side that a name or None means; LevelError for anything else.

    NumPy's numbers count, because they are what `world.rng.choice([Side.UP, Side.LEFT])` makes of members.
    """
    if value is None or isinstance(value, Side):
        return value
    if isinstance(value, np.integer) and 0 <= value < len(Side):
        return Side(int(value))
    if isinstance(value, str) and value.upper() in Side.__members__:
        return Side[value.upper()]
    meant = _COMPASS.get(str(value).lower())
    close = f"; did you mean {meant!r}?" if meant else nearest(str(value).lower(), [side.name.lower() for side in Side])
    raise LevelError(f"no side is called {value!r}{close} (sides are up, right, down and left)")


def whole(value: object, low: int, high: int) -> bool:
    """Whether a value is a plain whole number in a range: no truth value, and no tile or colour, which are numbers, too."""
    plain = isinstance(value, (int, np.integer)) and not isinstance(value, (bool, Enum))
    return plain and low <= int(value) <= high  # type: ignore[call-overload]


def truth(name: str, value: object) -> bool:
    """A plain truth value; LevelError for anything else: a word such as 'no' is true to Python."""
    if isinstance(value, (bool, np.bool_)) or whole(value, 0, 1):
        return bool(value)
    raise LevelError(f"{name} is {str(value)[:40]!r}; it is True or False")


def from_code(tile: int, colour: int) -> Thing:
    """The thing of the package's (tile, colour); ValueError for numbers that are none."""
    return Thing(Tile(tile), Colour(colour))
