"""Pictures of levels: a floor of a world in the game's own textures, and a sheet of a pool's worlds.

NumPy and Pillow only: the textures are read from the installed package as files, nothing is compiled.
"""

import importlib.util
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from dicode.errors import DicodeError
from dicode.games.craftax.levels.creatures import MOB_RECORDS
from dicode.games.craftax.levels.names import MAP_SIZE, Block, Facing, Item, Mob
from dicode.games.craftax.levels.schema import WorldArrays

Picture = np.ndarray
"""uint8[height, width, 3]."""

TILE = 16
_NAMED = {
    Block.CRAFTING_TABLE: "table",
    Block.PLANT: "plant_on_grass",
    Block.RIPE_PLANT: "ripe_plant_on_grass",
    Block.WALL: "wall2",
}
_PLAIN = {Block.INVALID: (255, 0, 255), Block.OUT_OF_BOUNDS: (128, 128, 128), Block.DARKNESS: (12, 12, 16)}
ITEM_TEXTURES = {
    Item.TORCH: "torch_in_inventory",
    Item.LADDER_DOWN: "ladder_down",
    Item.LADDER_UP: "ladder_up",
    Item.LADDER_DOWN_BLOCKED: "ladder_down_blocked",
}
_SHADE = 0.45
"""Brightness at which dark cells are shown, so that the map stays readable."""


def render_world(world: WorldArrays, floor: int | None = None, tile: int = TILE, shade: bool = True) -> Picture:
    """A whole floor (default: the player's) as uint8[48 * tile, 48 * tile, 3], mobs and player drawn.

    `shade` darkens the cells that cannot be seen for want of light.
    """
    where = int(world["player_level"]) if floor is None else int(floor)
    blocks, items = np.asarray(world["blocks"][where]), np.asarray(world["items"][where])
    picture = block_tiles()[blocks].astype(np.float32)
    for item in ITEM_TEXTURES:
        for row, column in np.argwhere(items == item):
            paste(picture[row, column], ITEM_TEXTURES[item])
    if shade:
        light = np.clip(np.asarray(world["light"][where], np.float32) / 255, 0, 1)
        picture *= (_SHADE + (1 - _SHADE) * light)[:, :, None, None, None]
    for mob, (row, column) in _mobs(world, where):
        paste(picture[row, column], mob.name.lower())
    if int(world["player_level"]) == where:
        row, column = world["player_position"]
        paste(picture[row, column], f"player-{Facing(int(world['player_direction'])).name.lower()}")
    whole = picture.transpose(0, 2, 1, 3, 4).reshape(MAP_SIZE * TILE, MAP_SIZE * TILE, 3)
    return _scaled(np.clip(whole, 0, 255).astype(np.uint8), tile / TILE)


def around_player(world: WorldArrays, radius: int = 8, tile: int = TILE) -> Picture:
    """The square of cells around the player's start, cut at the map's edge and filled with grey."""
    whole = render_world(world, tile=tile)
    row, column = (int(at) * tile for at in world["player_position"])
    side = (2 * radius + 1) * tile
    padded = np.pad(whole, ((radius * tile,) * 2, (radius * tile,) * 2, (0, 0)), constant_values=128)
    return padded[row : row + side, column : column + side]


def contact_sheet(pool: WorldArrays, count: int = 8, columns: int = 4, radius: int = 7, tile: int = TILE) -> Picture:
    """The starts of up to `count` worlds of a pool ([P, ...] arrays) side by side, with white gaps."""
    worlds = min(count, len(pool["blocks"]))
    if worlds < 1:
        raise DicodeError("a contact sheet needs at least one world")
    shots = [
        around_player({name: array[index] for name, array in pool.items()}, radius, tile) for index in range(worlds)
    ]
    columns = min(columns, worlds)
    gap, side = 6, shots[0].shape[0]
    rows = -(-worlds // columns)
    sheet = np.full((rows * (side + gap) - gap, columns * (side + gap) - gap, 3), 255, dtype=np.uint8)
    for index, shot in enumerate(shots):
        top, left = (index // columns) * (side + gap), (index % columns) * (side + gap)
        sheet[top : top + side, left : left + side] = shot
    return sheet


def _scaled(picture: Picture, factor: float) -> Picture:
    if factor == 1:
        return picture
    size = (round(picture.shape[1] * factor), round(picture.shape[0] * factor))
    return np.asarray(
        Image.fromarray(picture).resize(size, Image.Resampling.BOX if factor < 1 else Image.Resampling.NEAREST)
    )


def _mobs(world: WorldArrays, floor: int) -> list[tuple[Mob, tuple[int, int]]]:
    found = []
    for mob_class, record in enumerate(MOB_RECORDS):
        for index in np.flatnonzero(world[f"{record}.mask"][floor]):
            row, column = world[f"{record}.position"][floor, index]
            found.append((Mob(8 * mob_class + int(world[f"{record}.type_id"][floor, index])), (int(row), int(column))))
    return found


def paste(cell: np.ndarray, name: str) -> None:
    """Draw a texture over one cell float32[16, 16, 3], by its transparency."""
    texture = _texture(name)
    alpha = texture[:, :, 3:] / 255
    cell[...] = cell * (1 - alpha) + texture[:, :, :3] * alpha


@cache
def block_tiles() -> np.ndarray:
    """uint8[37, 16, 16, 3]: one opaque texture a block."""
    tiles = np.zeros((len(Block), TILE, TILE, 3), dtype=np.uint8)
    for block in Block:
        if block in _PLAIN:
            tiles[block] = _PLAIN[block]
        else:
            tiles[block] = _texture(_NAMED.get(block, block.name.lower()))[:, :, :3]
    return tiles


@cache
def _texture(name: str) -> np.ndarray:
    """float32[16, 16, 4] of one of the package's pictures."""
    path = _assets() / f"{name}.png"
    try:
        with Image.open(path) as image:
            texture = np.asarray(image.convert("RGBA"), dtype=np.float32)
    except OSError as error:
        raise DicodeError(f"the craftax package has no texture {name!r}: {error}") from error
    return texture


@cache
def _assets() -> Path:
    """Where the package keeps its pictures, found without importing it."""
    spec = importlib.util.find_spec("craftax")
    if spec is None or not spec.submodule_search_locations:
        raise DicodeError("pictures of levels need the craftax package: pip install craftax")
    return Path(next(iter(spec.submodule_search_locations)), "craftax", "assets")
