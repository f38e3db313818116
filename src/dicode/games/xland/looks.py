"""What worlds look like in numbers: size, doors, what lies there, how far away."""

from collections import Counter
from collections.abc import Mapping

import numpy as np

from dicode.games.host import Looks
from dicode.games.xland.levels import grid
from dicode.games.xland.levels.names import DOORS, WALL, Tile


def statistics(pool: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Means over a pool of worlds.

    `size.*`: rows and columns; `doors.*`: closed, locked, open ones and coloured walls; `things.*`: objects by shape;
    `far.things`: log2(1 + steps) from the player to objects on average, through doors.
    """
    rows = [_one({name: array[world] for name, array in pool.items()}) for world in range(len(pool["grid"]))]
    names = sorted({name for row in rows for name in row})
    return {name: round(float(np.mean([row.get(name, 0.0) for row in rows])), 4) for name in names}


def _one(world: Mapping[str, np.ndarray]) -> dict[str, float]:
    board = world["grid"]
    filled = board[..., 0] > 0
    numbers = {"size.rows": float(filled.any(axis=1).sum()), "size.columns": float(filled.any(axis=0).sum())}
    for tile in DOORS:
        numbers[f"doors.{tile.name.removeprefix('DOOR_').lower()}"] = float((board[..., 0] == tile).sum())
    coloured = (board[..., 0] == Tile.WALL) & (board[..., 1] != WALL.colour)
    numbers["doors.hidden"] = float(coloured.sum())
    things = grid.objects(board)
    shapes = Counter(what.tile.name.lower() for what in things.values())
    numbers |= {f"things.{shape}": float(count) for shape, count in shapes.items()}
    start = (int(world["position"][0]), int(world["position"][1]))
    far = grid.reached(grid.passable(board, locked=True), start)
    steps = [float(np.log2(1 + far[cell])) for cell in things if far[cell] >= 0]
    return numbers | ({"far.things": float(np.mean(steps))} if steps else {})


LOOKS = Looks(statistics, {"size": 0.5, "doors": 0.5, "things": 0.5, "far": 0.6})
