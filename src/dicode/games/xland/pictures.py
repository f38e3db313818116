"""Pictures of grids: shapes drawn from their names, no texture, nothing of the package."""

from functools import cache
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from dicode.games.xland.levels.names import Colour, Side, Tile

_INK = {
    Colour.EMPTY: "#000000",
    Colour.RED: "#E53935",
    Colour.GREEN: "#43A047",
    Colour.BLUE: "#3C78E6",
    Colour.PURPLE: "#8E44C8",
    Colour.YELLOW: "#F5D033",
    Colour.GREY: "#8A8A92",
    Colour.BLACK: "#1C1C20",
    Colour.ORANGE: "#F28C28",
    Colour.WHITE: "#F5F5F5",
    Colour.BROWN: "#8D5A34",
    Colour.PINK: "#EC5FA4",
}
_FLOOR, _LINE = "#2A2A30", "#3A3A42"
_SHAPES = {
    Tile.PYRAMID: ((0.5, 0.15), (0.87, 0.82), (0.13, 0.82)),
    Tile.HEX: ((0.3, 0.16), (0.7, 0.16), (0.9, 0.5), (0.7, 0.84), (0.3, 0.84), (0.1, 0.5)),
    Tile.STAR: (
        (0.5, 0.08), (0.61, 0.38), (0.93, 0.38), (0.67, 0.58), (0.77, 0.9),
        (0.5, 0.7), (0.23, 0.9), (0.33, 0.58), (0.07, 0.38), (0.39, 0.38),
    ),
    Tile.SQUARE: ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8)),
}  # fmt: skip
_ARROW = ((0.5, 0.12), (0.85, 0.85), (0.5, 0.68), (0.15, 0.85))


@cache
def tile(kind: int, colour: int, size: int) -> np.ndarray:
    """uint8[size, size, 3]: one cell; what is no tile of a colour is drawn as nothing."""
    known = kind in set(Tile) and colour in set(Colour) and kind != Tile.EMPTY
    image = Image.new("RGB", (size, size), _FLOOR if known else "#000000")
    if known:
        draw = ImageDraw.Draw(image)
        if kind != Tile.WALL:
            draw.rectangle((0, 0, size - 1, size - 1), outline=_LINE)
        _thing(draw, Tile(kind), _INK[Colour(colour)], size)
    return np.asarray(image)


def board(cells: np.ndarray, size: int) -> np.ndarray:
    """uint8[rows * size, columns * size, 3] of (tile, colour) uint8[rows, columns, 2]."""
    rows = [np.concatenate([tile(int(kind), int(colour), size) for kind, colour in row], axis=1) for row in cells]
    return np.concatenate(rows, axis=0)


def mark_player(picture: np.ndarray, cell: tuple[int, int], facing: int, size: int) -> np.ndarray:
    """The picture with the player's arrow in a cell."""
    image = Image.fromarray(picture)
    arrow = [_turned(point, facing) for point in _ARROW]
    top, left = cell[0] * size, cell[1] * size
    points = [(left + x * size, top + y * size) for x, y in arrow]
    ImageDraw.Draw(image).polygon(points, fill="#FFFFFF", outline="#E53935")
    return np.asarray(image)


def _turned(point: tuple[float, float], facing: int) -> tuple[float, float]:
    x, y = point[0] - 0.5, point[1] - 0.5
    for _ in range(facing % len(Side)):
        x, y = -y, x
    return x + 0.5, y + 0.5


def _thing(draw: Any, kind: Tile, ink: str, size: int) -> None:
    def box(low: float, high: float) -> tuple[float, ...]:
        return (low * size, low * size, high * size, high * size)

    if kind in _SHAPES:
        draw.polygon([(x * size, y * size) for x, y in _SHAPES[kind]], fill=ink)
    elif kind is Tile.WALL:
        draw.rectangle((0, 0, size, size), fill=ink)
    elif kind is Tile.GOAL:
        draw.rectangle(box(0.06, 0.94), fill=ink)
    elif kind is Tile.BALL:
        draw.ellipse(box(0.18, 0.82), fill=ink)
    elif kind is Tile.KEY:
        draw.ellipse((0.32 * size, 0.1 * size, 0.72 * size, 0.5 * size), outline=ink, width=max(1, size // 8))
        draw.rectangle((0.47 * size, 0.5 * size, 0.57 * size, 0.9 * size), fill=ink)
        draw.rectangle((0.57 * size, 0.72 * size, 0.76 * size, 0.82 * size), fill=ink)
    elif kind is not Tile.FLOOR:
        _door(draw, kind, ink, size)


def _door(draw: Any, kind: Tile, ink: str, size: int) -> None:
    width = max(1, size // 10)
    if kind is Tile.DOOR_OPEN:
        draw.rectangle((0.84 * size, 0, size, size), fill=ink)
        return
    draw.rectangle(
        (0, 0, size - 1, size - 1), fill=ink if kind is Tile.DOOR_LOCKED else _FLOOR, outline=ink, width=width
    )
    if kind is Tile.DOOR_LOCKED:
        draw.ellipse((0.36 * size, 0.3 * size, 0.64 * size, 0.58 * size), fill="#101014")
        draw.rectangle((0.45 * size, 0.5 * size, 0.55 * size, 0.8 * size), fill="#101014")
    else:
        draw.ellipse((0.68 * size, 0.44 * size, 0.82 * size, 0.58 * size), fill=ink)
