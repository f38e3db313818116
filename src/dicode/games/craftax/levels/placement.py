"""Choosing cells: the one way in which helpers pick where something goes, and how they refuse.

Every refusal counts the cells that would do and names the nearest request that would work.
"""

import numpy as np

from dicode.errors import LevelError
from dicode.games.craftax.levels.grid import Position, manhattan
from dicode.games.craftax.levels.kinds import as_amount
from dicode.games.craftax.levels.names import MAP_SIZE, Block, Floor, Item
from dicode.games.craftax.levels.player import Arrays, as_position
from dicode.games.craftax.levels.schema import MAX_MOBS
from dicode.types import Code

Distance = tuple[int, int]
"""(least, most) steps, counted as rows plus columns, both included."""

GROUND: dict[Floor, Block] = {
    Floor.OVERWORLD: Block.GRASS,
    Floor.DUNGEON: Block.PATH,
    Floor.GNOMISH_MINES: Block.PATH,
    Floor.SEWERS: Block.PATH,
    Floor.VAULTS: Block.PATH,
    Floor.TROLL_MINES: Block.PATH,
    Floor.FIRE_REALM: Block.FIRE_GRASS,
    Floor.ICE_REALM: Block.ICE_GRASS,
    Floor.GRAVEYARD: Block.PATH,
}
"""What the open ground of each floor is made of."""

ROCK: dict[Floor, Block] = {
    floor: Block.WALL if floor in {Floor.DUNGEON, Floor.SEWERS, Floor.VAULTS, Floor.GRAVEYARD} else Block.STONE
    for floor in Floor
}
"""What the massive part of each floor is made of; walls cannot be mined, stone can."""


def check_distance(distance: Distance) -> Distance:
    """A (least, most) pair of whole numbers with 0 <= least <= most, or LevelError."""
    try:
        ends = (distance[0], distance[-1]) if isinstance(distance, range) and len(distance) > 1 else distance
        given = [as_amount(number, "distance") for number in ends]
        least, most = (int(number) for number in given)  # type: ignore[call-overload]
        whole = given == [least, most]
    except (TypeError, ValueError, OverflowError):
        whole = False
    if not whole:
        raise LevelError(f"distance is {distance!r}; use (least, most), two whole numbers, for example (2, 6)")
    if not 0 <= least <= most:
        turned = 0 <= most < least
        raise LevelError(
            f"distance is ({least}, {most}); it needs 0 <= least <= most",
            hint=f"the nearer number comes first: distance=({most}, {least})" if turned else "",
            instead=(rf"\(\s*{least}\s*,\s*{most}\s*\)", f"({most}, {least})") if turned else None,
        )
    return least, most


def check_count(count: object, what: str) -> int:
    """A whole number of at least 1, or LevelError."""
    as_amount(count, f"count of {what}")
    if not isinstance(count, (int, np.integer)) or isinstance(count, bool) or count < 1:
        raise LevelError(f"count of {what} is {count!r}; it must be a whole number of at least 1")
    return int(count)


def within(origin: Position, distance: Distance) -> np.ndarray:
    """bool[48, 48]: cells whose rows-plus-columns distance to `origin` lies in `distance`."""
    steps = manhattan(origin)
    return (steps >= distance[0]) & (steps <= distance[1])


def choose(
    rng: np.random.Generator,
    allowed: np.ndarray,
    count: int,
    origin: Position,
    distance: Distance,
    what: str,
    ground: Block | None = None,
) -> list[Position]:
    """`count` different random cells of `allowed` at `distance` from `origin`, or a LevelError that says what would do.

    `ground`: what these cells are made of where it isn't open ground.
    """
    cells = np.argwhere(allowed & within(origin, distance))
    if len(cells) < count:
        raise LevelError(_too_few(allowed, len(cells), count, origin, distance, what, ground), Code.NO_ROOM)
    picked = rng.choice(len(cells), size=count, replace=False)
    return [(int(row), int(column)) for row, column in cells[picked]]


def _too_few(
    allowed: np.ndarray,
    found: int,
    count: int,
    origin: Position,
    distance: Distance,
    what: str,
    ground: Block | None,
) -> str:
    steps = np.sort(manhattan(origin)[allowed])
    start = f"{count} {what} do not fit at distance {distance[0]} to {distance[1]} of {origin}: {found} cells would do"
    if len(steps) < count:
        room = "make room first (world.clear, world.room, world.carve)"
        if ground is not None:
            room = f"put {ground.name} there first: world.scatter(Block.{ground.name}, {count}, distance={distance})"
        return f"{start}, and only {len(steps)} on the whole floor; {room}"
    beyond = steps[steps >= distance[0]]
    if len(beyond) >= count:
        return f"{start}; distance=({distance[0]}, {int(beyond[count - 1])}) has room"
    return f"{start}; distance=({int(steps[-count])}, {max(int(steps[-1]), distance[1])}) has room"


def occupied(arrays: Arrays, floor: Floor) -> np.ndarray:
    """bool[48, 48]: cells with a mob, an item (torch, ladder), or the player."""
    taken: np.ndarray = arrays["mob_map"][floor] | (arrays["items"][floor] != Item.NONE)
    if arrays["player_level"] == floor:
        taken[tuple(arrays["player_position"])] = True
    return taken


def in_the_way(arrays: Arrays, floor: Floor, cell: Position) -> tuple[str, str]:
    """Who or what is on an occupied cell, and the call that makes room."""
    if arrays["player_level"] == floor and tuple(arrays["player_position"]) == cell:
        return "the player", "set world.player.position to another cell first"
    item = Item(int(arrays["items"][floor][cell]))
    if item in (Item.LADDER_DOWN, Item.LADDER_DOWN_BLOCKED):
        return "the ladder down", "call world.move_ladder_down(position) first"
    if item == Item.LADDER_UP:
        return "the ladder up", "call world.move_ladder_up(position) first"
    if item == Item.TORCH:
        return "a torch", "set world.items[floor][cell] = Item.NONE first"
    return "a mob", "call world.remove_mobs() first"


def rebuild_mob_map(arrays: Arrays) -> None:
    """Make `mob_map` say where the living mobs are."""
    arrays["mob_map"][...] = False
    for record in MAX_MOBS:
        floors, indices = np.nonzero(arrays[f"{record}.mask"])
        rows, columns = arrays[f"{record}.position"][floors, indices].T
        arrays["mob_map"][floors, rows, columns] = True


def rectangle(rows: tuple[int, int], columns: tuple[int, int]) -> tuple[slice, slice]:
    """Slices for rows[0]..rows[1] and columns[0]..columns[1], both ends included, or LevelError."""
    if isinstance(rows, (int, np.integer)) and isinstance(columns, (int, np.integer)):
        raise LevelError(
            f"rows is {rows}, columns is {columns}; use the first and the last, both included",
            hint=f"for one cell rows=({rows}, {rows}), columns=({columns}, {columns}), or world.place(block, ({rows}, {columns}))",
        )
    rows, columns = _ends(rows, "rows"), _ends(columns, "columns")
    top, left = as_position((rows[0], columns[0]))
    bottom, right = as_position((rows[1], columns[1]))
    if top > bottom or left > right:
        raise LevelError(f"rows {rows}, columns {columns} is empty; the first must not exceed the second")
    return slice(top, bottom + 1), slice(left, right + 1)


def _ends(value: object, what: str) -> tuple[int, int]:
    """First and last of a pair or a range, or LevelError: of more numbers nobody knows which two are meant."""
    if isinstance(value, range) and value and value.step == 1:
        return value[0], value[-1]
    ends: list[int] = list(value) if isinstance(value, (tuple, list, np.ndarray)) else []
    if len(ends) != 2:
        one = f"{what}=({value}, {value}) is one of them alone" if isinstance(value, (int, np.integer)) else ""
        example = f"{what}=(10, 20) or {what}=range(10, 21)"
        raise LevelError(f"{what} is {value!r}; use the first and the last, both included, as in {example}", hint=one)
    return ends[0], ends[1]


def grown(area: tuple[slice, slice]) -> tuple[slice, slice]:
    """A rectangle with one cell more on each side, cut at the map's edge."""
    rows, columns = (slice(max(0, side.start - 1), min(MAP_SIZE, side.stop + 1)) for side in area)
    return rows, columns


def square(center: Position, radius: int) -> tuple[slice, slice]:
    """The square of `radius` around `center`, cut at the map's edge."""
    if isinstance(as_amount(radius, "radius"), bool) or not isinstance(radius, (int, np.integer)) or radius < 0:
        raise LevelError(f"radius is {radius!r}; it must be a whole number of at least 0")
    rows, columns = ((max(0, at - radius), min(MAP_SIZE - 1, at + radius)) for at in center)
    return rectangle(rows, columns)
