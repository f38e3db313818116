"""An episode as an animated picture, drawn from what the agent saw: nothing is compiled, nothing is played again.

The trajectory holds observations of one kilobyte; each becomes a frame with the 9 x 11 window in the
game's textures, the four vitals as bars, and the return so far.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from dicode.games.craftax.level_picture import ITEM_TEXTURES, TILE, Picture, block_tiles, paste
from dicode.games.craftax.levels.names import Block, Facing, Item, Mob

_MOB_BYTES = {3: 1, 4: 0, 5: 2}
"""Byte of a cell -> class of mob (0 passive, 1 melee, 2 ranged)."""
_PROJECTILE_BYTES = (6, 7)
_PROJECTILES = ("arrow-up", "dagger", "fireball", "iceball", "arrow-up", "slimeball", "fireball", "iceball")
_VITALS = {"health": (22, "#D62728"), "food": (23, "#C98B3A"), "drink": (24, "#1F77B4"), "energy": (25, "#E0B400")}
"""Name -> (index in the scalars, colour)."""
_FACING = slice(31, 35)
_PANEL = 18


def window(cells: np.ndarray, scalars: np.ndarray, scale: int = 3) -> Picture:
    """What an observation (cells uint8[9, 11, 8], scalars float32[51]) shows of the map, as uint8[height, width, 3]."""
    rows, columns = cells.shape[:2]
    blocks = np.minimum(cells[..., 0], len(Block))
    tiles = np.concatenate([block_tiles(), np.full((1, TILE, TILE, 3), 12, np.uint8)])
    picture = tiles[blocks].astype(np.float32)
    for row in range(rows):
        for column in range(columns):
            _things(picture[row, column], cells[row, column])
    facing = Facing(int(np.argmax(scalars[_FACING])) + 1)
    paste(picture[rows // 2, columns // 2], f"player-{facing.name.lower()}")
    view = np.clip(picture.transpose(0, 2, 1, 3, 4).reshape(rows * TILE, columns * TILE, 3), 0, 255)
    return np.repeat(np.repeat(view.astype(np.uint8), scale, axis=0), scale, axis=1)


def frame(cells: np.ndarray, scalars: np.ndarray, caption: str = "", scale: int = 2) -> Picture:
    """One observation with bars and a caption below, as uint8[height, width, 3]."""
    image = Image.fromarray(window(cells, scalars, scale))
    canvas = Image.new("RGB", (image.width, image.height + _PANEL * scale), "#101014")
    canvas.paste(image, (0, 0))
    _panel(ImageDraw.Draw(canvas), scalars, caption, image.height, image.width, scale)
    return np.asarray(canvas)


def _things(cell: np.ndarray, seen: np.ndarray) -> None:
    """Items, mobs and projectiles of one cell."""
    if seen[1] in ITEM_TEXTURES:
        paste(cell, ITEM_TEXTURES[Item(int(seen[1]))])
    for byte, mob_class in _MOB_BYTES.items():
        for kind in np.flatnonzero(np.unpackbits(seen[byte : byte + 1], bitorder="little")):
            if 8 * mob_class + kind in list(Mob):
                paste(cell, Mob(8 * mob_class + int(kind)).name.lower())
    for byte in _PROJECTILE_BYTES:
        for kind in np.flatnonzero(np.unpackbits(seen[byte : byte + 1], bitorder="little")):
            paste(cell, _PROJECTILES[kind])


def _panel(draw: ImageDraw.ImageDraw, scalars: np.ndarray, caption: str, top: int, width: int, scale: int) -> None:
    each = width // len(_VITALS)
    for number, (index, colour) in enumerate(_VITALS.values()):
        share = float(np.clip(scalars[index], 0, 1))
        left = number * each + 2
        draw.rectangle((left, top + 3, left + each - 5, top + 4 * scale + 3), fill="#2A2A32")
        draw.rectangle((left, top + 3, left + round((each - 5) * share), top + 4 * scale + 3), fill=colour)
    draw.text((4, top + 7 * scale), caption, fill="#E8E8E8")


def write_gif(
    path: Path,
    cells: np.ndarray,
    scalars: np.ndarray,
    rewards: np.ndarray,
    done: np.ndarray,
    title: str,
    frames: int = 150,
) -> Path:
    """The first episode of [T, ...] observations as a GIF of at most `frames` frames; returns the path."""
    ends = np.flatnonzero(done)
    steps = int(ends[0]) + 1 if ends.size else len(done)
    stride = max(1, -(-steps // frames))
    returns = np.cumsum(rewards[:steps])
    pictures: Sequence[Image.Image] = [
        Image.fromarray(frame(cells[t], scalars[t], f"{title}  step {t}  return {returns[t]:.1f}"))
        for t in range(0, steps, stride)
    ]
    partial = path.with_suffix(".tmp.gif")
    pictures[0].save(partial, save_all=True, append_images=list(pictures[1:]), duration=80, loop=0, optimize=True)
    partial.replace(path)
    return path
