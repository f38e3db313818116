"""A level's picture for people: the floor where an episode starts, with the goal, the id and the map's coordinates.

As PNG for pages and slides, as SVG for papers: there the words and axes are drawn, the map itself is one picture in
the game's textures.
"""

import base64
import importlib.util
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from dicode.games.craftax.level_picture import render_world
from dicode.games.craftax.levels.names import MAP_SIZE, Floor
from dicode.received.text import line

_EVERY = 8
"""Cells between two numbers on the axes."""
_COLORS = 96
"""Of a PNG's palette: the game's textures need few, and files are a fifth of the size."""


@dataclass(frozen=True)
class Sheet:
    """A picture's words and where things stand, in pixels."""

    title: str
    subtitle: str
    tile: int

    @property
    def font(self) -> int:
        """Height of the small letters."""
        return max(10, round(1.35 * self.tile))

    @property
    def left(self) -> int:
        """Of the map."""
        return round(2.1 * self.font)

    @property
    def top(self) -> int:
        """Of the map."""
        return round(4.7 * self.font)

    @property
    def side(self) -> int:
        """Of the map."""
        return MAP_SIZE * self.tile

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the whole."""
        return self.left + self.side + round(0.7 * self.font), self.top + self.side + round(0.5 * self.font)


def of_world(world: Mapping[str, np.ndarray], level: str, goal: str, tile: int = 8) -> tuple[Sheet, Image.Image]:
    """What to write around the start of `world`, and the map itself."""
    floor = int(world["player_level"])
    row, column = (int(at) for at in world["player_position"])
    where = (
        f"{level} · floor {floor}, {Floor(floor).name.lower().replace('_', ' ')} · start at row {row}, column {column}"
    )
    picture = Image.fromarray(render_world(world, tile=tile))
    _mark(ImageDraw.Draw(picture), row * tile, column * tile, tile)
    return Sheet(line(goal, 60), line(where), tile), picture


def _mark(draw: ImageDraw.ImageDraw, top: int, left: int, tile: int) -> None:
    """A frame around the start, dark within bright, so that it stands out on any ground."""
    for shade, away in (("#FFFFFF", 5), ("#000000", 4), ("#FFFFFF", 3)):
        draw.rectangle((left - away, top - away, left + tile - 1 + away, top + tile - 1 + away), outline=shade)


@cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Letters of about `size` pixels: matplotlib's, which know more alphabets than Pillow's own."""
    spec = importlib.util.find_spec("matplotlib")
    places = spec.submodule_search_locations if spec else None
    file = Path(next(iter(places or ["."])), "mpl-data", "fonts", "ttf", "DejaVuSans.ttf")
    return ImageFont.truetype(str(file), size) if file.is_file() else ImageFont.load_default(size)


def save(world: Mapping[str, np.ndarray], level: str, goal: str, path: Path) -> Path:
    """Write the level's picture as what the file's name says: `.png`, small, or `.svg`, for print."""
    return (save_svg if path.suffix == ".svg" else save_png)(world, level, goal, path)


def save_png(world: Mapping[str, np.ndarray], level: str, goal: str, path: Path, tile: int = 8) -> Path:
    """Write the level's picture; the file appears whole or not at all."""
    sheet, picture = of_world(world, level, goal, tile)
    canvas = Image.new("RGB", sheet.size, "#FFFFFF")
    canvas.paste(picture, (sheet.left, sheet.top))
    draw = ImageDraw.Draw(canvas)
    small, large = font(sheet.font), font(round(1.25 * sheet.font))
    draw.text((sheet.left, round(0.45 * sheet.font)), sheet.title, fill="#1B1F24", font=large)
    draw.text((sheet.left, round(1.95 * sheet.font)), sheet.subtitle, fill="#59616B", font=small)
    for number, at in _numbers(sheet):
        draw.text((sheet.left + at, sheet.top - 3), number, fill="#59616B", font=small, anchor="md")
        draw.text((sheet.left - 5, sheet.top + at), number, fill="#59616B", font=small, anchor="rm")
    partial = path.with_name(f".{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    _small(canvas).save(partial, format="png", optimize=True)
    partial.replace(path)
    return path


def save_svg(world: Mapping[str, np.ndarray], level: str, goal: str, path: Path, tile: int = 12) -> Path:
    """Write the level's picture as SVG; the file appears whole or not at all."""
    sheet, picture = of_world(world, level, goal, tile)
    packed = io.BytesIO()
    _small(picture).save(packed, format="png", optimize=True)
    data = base64.b64encode(packed.getvalue()).decode()
    partial = path.with_name(f".{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial.write_text(_svg(sheet, data), encoding="utf-8")
    partial.replace(path)
    return path


def _small(picture: Image.Image) -> Image.Image:
    """With a palette that keeps rare colours too: those of the letters are."""
    return picture.quantize(_COLORS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)


def _numbers(sheet: Sheet) -> list[tuple[str, float]]:
    """The axes' numbers and the middle of their row or column."""
    return [(str(cell), (cell + 0.5) * sheet.tile) for cell in range(0, MAP_SIZE, _EVERY)]


def _svg(sheet: Sheet, data: str) -> str:
    width, height = sheet.size
    axes = "".join(
        f'<text x="{sheet.left + at:g}" y="{sheet.top - 4}" text-anchor="middle">{number}</text>'
        f'<text x="{sheet.left - 5}" y="{sheet.top + at + 0.35 * sheet.font:g}" text-anchor="end">{number}</text>'
        for number, at in _numbers(sheet)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="Helvetica, Arial, sans-serif" font-size="{sheet.font}" fill="#59616B">'
        f'<rect width="{width}" height="{height}" fill="#FFFFFF"/>'
        f'<text x="{sheet.left}" y="{1.5 * sheet.font:g}" font-size="{1.25 * sheet.font:g}" fill="#1B1F24">'
        f"{escape(sheet.title)}</text>"
        f'<text x="{sheet.left}" y="{2.85 * sheet.font:g}">{escape(sheet.subtitle)}</text>{axes}'
        f'<image x="{sheet.left}" y="{sheet.top}" width="{sheet.side}" height="{sheet.side}" '
        f'style="image-rendering:pixelated" href="data:image/png;base64,{data}"/></svg>\n'
    )
