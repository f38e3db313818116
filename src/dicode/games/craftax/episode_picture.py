"""An episode as an animated picture, drawn from what the agent saw: nothing is compiled, nothing is played again.

The trajectory holds observations of one kilobyte; each becomes a frame with the 9 x 11 window in the
game's textures, and below it the vitals, the goal, the floor, what is held, and the return so far.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from dicode.games.craftax import panel
from dicode.games.craftax.level_picture import ITEM_TEXTURES, TILE, Picture, block_tiles, paste
from dicode.games.craftax.level_sheet import font
from dicode.games.craftax.levels.names import Block, Facing, Item, Mob

_MOB_BYTES = {3: 1, 4: 0, 5: 2}
"""Byte of a cell -> class of mob (0 passive, 1 melee, 2 ranged)."""
_PROJECTILE_BYTES = (6, 7)
_PROJECTILES = ("arrow-up", "dagger", "fireball", "iceball", "arrow-up", "slimeball", "fireball", "iceball")
_VITALS = {"health": "#D62728", "food": "#C98B3A", "drink": "#4C9BE0", "energy": "#E0B400"}
"""Name -> colour of its bar."""
_FACING = slice(31, 35)
_PANEL = 46
"""Height of what is written below the window, in pixels of its textures."""
_LAST_MS = 2500
"""How long the last frame stays."""


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


def frame(
    cells: np.ndarray, scalars: np.ndarray, goal: str = "", played: str = "", verdict: str = "", scale: int = 2
) -> Picture:
    """One observation with vitals, goal, floor, inventory and what was `played` so far below it.

    A `verdict`, on the last frame, is written over the window. Returns uint8[height, width, 3].
    """
    image = Image.fromarray(window(cells, scalars, scale))
    canvas = Image.new("RGB", (image.width, image.height + _PANEL * scale), "#101014")
    canvas.paste(image, (0, 0))
    draw, seen = ImageDraw.Draw(canvas), panel.read(scalars)
    _bars(draw, dict(seen.vitals), image.height, image.width, scale)
    lines = [f"goal: {goal}" if goal else "", f"floor {seen.floor} · {played}", f"holds {seen.inventory}"]
    letters = font(5 * scale + 1)
    for number, text in enumerate(filter(None, lines)):
        place = (3 * scale, image.height + (12 + 11 * number) * scale)
        draw.text(
            place,
            _fitting(text, letters, image.width - 6 * scale),
            fill="#FFFFFF" if not number else "#C8C8D0",
            font=letters,
        )
    if verdict:
        _banner(draw, verdict, image.width, image.height // 2, scale)
    return np.asarray(canvas)


def _bars(draw: ImageDraw.ImageDraw, vitals: Mapping[str, float], top: int, width: int, scale: int) -> None:
    """A bar for each vital, with its name and number in it: colour alone would not tell them apart."""
    each, letters = width // len(_VITALS), font(5 * scale)
    for number, (name, colour) in enumerate(_VITALS.items()):
        left, value = number * each + 2, vitals[name]
        share = float(np.clip(value / 10, 0, 1))
        draw.rectangle((left, top + 3, left + each - 5, top + 8 * scale + 3), fill="#2A2A32")
        draw.rectangle((left, top + 3, left + round((each - 5) * share), top + 8 * scale + 3), fill=colour)
        place = (left + 4, top + 4 * scale + 3)
        draw.text(
            place, f"{name} {value:g}", fill="#FFFFFF", font=letters, anchor="lm", stroke_width=1, stroke_fill="#000000"
        )


def _fitting(text: str, letters: Any, width: int) -> str:
    """As much of the text as has room, the cut marked."""
    if letters.getlength(text) <= width:
        return text
    while text and letters.getlength(text + "…") > width:
        text = text[:-1]
    return text.rstrip(" ,") + "…"


def _banner(draw: ImageDraw.ImageDraw, text: str, width: int, middle: int, scale: int) -> None:
    draw.rectangle((0, middle - 9 * scale, width, middle + 9 * scale), fill="#101014")
    draw.text((width // 2, middle), text, fill="#FFFFFF", font=font(8 * scale), anchor="mm")


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


def write_gif(path: Path, seen: Mapping[str, np.ndarray], goal: str, frames: int = 150) -> Path:
    """The first episode of what `Trainer.watch` has seen as a GIF of at most `frames` frames; returns the path.

    Every frame shows goal, floor, inventory, step and return; the last one how the episode ended.
    """
    ends = np.flatnonzero(seen["done"])
    steps = int(ends[0]) + 1 if ends.size else len(seen["done"])
    returns = np.cumsum(seen["rewards"][:steps])
    chosen = sorted({*range(0, steps, max(1, -(-steps // frames))), steps - 1})
    how = ("solved" if seen["success"].any() else "not solved") if ends.size else "goes on"
    pictures = [
        Image.fromarray(
            frame(
                seen["cells"][t],
                seen["scalars"][t],
                goal,
                f"step {t + 1} · return {returns[t]:.1f}",
                f"{how}, {steps} steps" if t == steps - 1 else "",
            )
        )
        for t in chosen
    ]
    partial = path.with_suffix(".tmp.gif")
    lasting = [80] * (len(pictures) - 1) + [_LAST_MS]
    pictures[0].save(partial, save_all=True, append_images=pictures[1:], duration=lasting, loop=0, optimize=True)
    partial.replace(path)
    return path
