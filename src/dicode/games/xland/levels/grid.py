"""What holds for cells of a grid: where one can walk, which part is reached from where, how far."""

from collections import deque
from collections.abc import Iterable

import numpy as np

from dicode.games.xland.levels.names import OBJECTS, WALKABLE, Side, Thing, Tile, from_code

Cell = tuple[int, int]


def at(grid: np.ndarray, cell: Cell) -> Thing:
    """The thing in a cell of uint8[13, 13, 2]."""
    tile, colour = grid[cell]
    return from_code(int(tile), int(colour))


def cells_of(grid: np.ndarray, tiles: Iterable[Tile]) -> list[Cell]:
    """The cells that hold one of `tiles`, row by row."""
    found = np.argwhere(np.isin(grid[..., 0], [int(tile) for tile in tiles]))
    return [(int(row), int(column)) for row, column in found]


def objects(grid: np.ndarray) -> dict[Cell, Thing]:
    """What can be picked up, by cell."""
    return {cell: at(grid, cell) for cell in cells_of(grid, OBJECTS)}


def beside(cell: Cell) -> list[Cell]:
    """The four neighbours, up, right, down, left."""
    return [(cell[0] + side.step[0], cell[1] + side.step[1]) for side in Side]


def passable(grid: np.ndarray, locked: bool = False, things: bool = True) -> np.ndarray:
    """bool[13, 13]: cells that one can walk through, closed doors being opened on the way.

    `locked`: locked doors count too; `things`: so do cells with objects, which can be carried away.
    """
    tiles = [*WALKABLE, Tile.DOOR_CLOSED, *([Tile.DOOR_LOCKED] * locked), *(OBJECTS if things else ())]
    return np.isin(grid[..., 0], [int(tile) for tile in tiles])


def reached(open_cells: np.ndarray, start: Cell) -> np.ndarray:
    """int32[13, 13]: steps from `start` through open cells, -1 where there is no way."""
    far = np.full(open_cells.shape, -1, np.int32)
    far[start] = 0
    waiting = deque([start])
    rows, columns = open_cells.shape
    while waiting:
        cell = waiting.popleft()
        for row, column in beside(cell):
            if 0 <= row < rows and 0 <= column < columns and open_cells[row, column] and far[row, column] < 0:
                far[row, column] = far[cell] + 1
                waiting.append((row, column))
    return far
