"""XLand-MiniGrid as people are shown it: rules in words, pictures, and how it is played in a browser."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from dicode import files
from dicode.errors import LevelError
from dicode.games.display import Display, RuleLine, plain, said
from dicode.games.picture import save_picture
from dicode.games.xland import pictures
from dicode.games.xland.levels.goal import ACHIEVEMENTS, Goal
from dicode.games.xland.levels.names import Action, Side
from dicode.games.xland.levels.rules import Rule
from dicode.received.text import line
from dicode.types import LevelRecord

VIEW = 5
_THING = 2
"""Bytes of a cell that say what is there; the third is its mark."""
_SIZE = 32
_LINE = 16
"""Pixels of a line of text."""
KEYS: Mapping[str, Action] = {
    "ArrowUp": Action.FORWARD,
    "w": Action.FORWARD,
    "ArrowRight": Action.TURN_RIGHT,
    "d": Action.TURN_RIGHT,
    "ArrowLeft": Action.TURN_LEFT,
    "a": Action.TURN_LEFT,
    "p": Action.PICK_UP,
    "o": Action.PUT_DOWN,
    " ": Action.TOGGLE,
}
_LAST_MS = 2000


def frame(cells: np.ndarray, scalars: np.ndarray) -> np.ndarray:
    """An observation: the view with the player looking up, beside it goal and productions in words."""
    view = pictures.board(cells[:VIEW, :, :_THING], _SIZE)
    view = pictures.mark_player(view, (VIEW - 1, VIEW // 2), Side.UP, _SIZE)
    lines = told(cells)
    canvas = Image.new("RGB", (view.shape[1] + 330, max(view.shape[0], _LINE * (len(lines) + 1))), "#101014")
    canvas.paste(Image.fromarray(view), (0, 0))
    draw = ImageDraw.Draw(canvas)
    for number, text in enumerate(lines):
        draw.text((view.shape[1] + 8, 6 + _LINE * number), text, fill="#FFFFFF" if not number else "#C8C8D0")
    return np.asarray(canvas)


def told(cells: np.ndarray) -> list[str]:
    """Goal and productions of an observation in words; what cannot be read is left out."""
    rows = [[int(row[0][0]), *(int(part) for cell in row[1:4] for part in cell[:_THING])] for row in cells[VIEW:]]
    lines = []
    for number, row in enumerate(rows):
        try:
            if not number:
                goal = Goal.from_code(row[:5])
                lines.append(f"goal: {goal}" if not goal.is_empty else "goal: not told")
            else:
                rule = Rule.from_code(row)
                lines += [str(rule)] if rule else []
        except LevelError:
            continue
    return lines


def _panel(scalars: np.ndarray) -> dict[str, Any]:
    facing = Side(int(np.argmax(scalars[: len(Side)])))
    return {"floor": f"facing {facing.name.lower()}", "vitals": [], "held": "not shown"}


def rule_lines(rules: Mapping[str, object]) -> list[RuleLine]:
    """A level's productions, a line each, and how its episodes go."""
    lines = []
    for name, value in list(rules.items())[:20]:
        if name == "productions" and isinstance(value, list):
            for number, production in enumerate(value[:20]):
                lines.append(RuleLine("production", str(number + 1), line(_production(production), 120), "", "", ""))
        else:
            lines.append(RuleLine(line(str(name), 60), "", line(said(value), 60), "", "", ""))
    return lines


def _production(value: object) -> str:
    try:
        return str(Rule.from_json(value))
    except LevelError:
        return "cannot be read"


def whole(world: Mapping[str, np.ndarray], floor: int | None = None) -> np.ndarray:
    """The grid of a world with its player as a picture."""
    used = world["grid"][..., 0] > 0
    rows, columns = int(used.any(axis=1).sum()), int(used.any(axis=0).sum())
    picture = pictures.board(world["grid"][: max(rows, 1), : max(columns, 1)], _SIZE)
    cell = (int(world["position"][0]), int(world["position"][1]))
    return pictures.mark_player(picture, cell, int(world["direction"]), _SIZE)


def starts(pool: Mapping[str, np.ndarray], count: int) -> np.ndarray:
    """Up to `count` worlds side by side, four in a row."""
    worlds = [{name: array[index] for name, array in pool.items()} for index in range(min(count, len(pool["grid"])))]
    side = max(len(pool["grid"][0]) * _SIZE, 1) + 8
    across = min(4, len(worlds))
    canvas = Image.new("RGB", (across * side, -(-len(worlds) // across) * side), "#101014")
    for index, world in enumerate(worlds):
        canvas.paste(Image.fromarray(whole(world)), (index % across * side, index // across * side))
    return np.asarray(canvas)


def sheet(world: Mapping[str, np.ndarray], level: str, goal: str, path: Path) -> Path:
    """Draw where a level starts, with its goal and productions, in the format of the file's name."""
    picture = whole(world)
    lines = [line(goal, 90), line(level, 60)]
    for code in world["productions"].tolist():
        try:
            rule = Rule.from_code(code)
        except LevelError:
            continue
        lines += [str(rule)] if rule else []
    canvas = Image.new("RGB", (max(picture.shape[1], 420), picture.shape[0] + _LINE * (len(lines) + 1)), "#FFFFFF")
    canvas.paste(Image.fromarray(picture), (0, _LINE * (len(lines) + 1)))
    draw = ImageDraw.Draw(canvas)
    for number, text in enumerate(lines):
        draw.text((6, 6 + _LINE * number), text, fill="#101014")
    path.parent.mkdir(parents=True, exist_ok=True)
    with files.whole(path) as partial:
        if path.suffix == ".svg":
            _save_svg(canvas, partial)
        else:
            canvas.save(partial)
    return path


def _save_svg(canvas: Image.Image, path: Path) -> None:
    import base64
    import io

    stored = io.BytesIO()
    canvas.save(stored, "PNG")
    data = base64.b64encode(stored.getvalue()).decode()
    size = f'width="{canvas.width}" height="{canvas.height}"'
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}><image {size} href="data:image/png;base64,{data}"/></svg>'
    )


def film(path: Path, seen: Mapping[str, np.ndarray], goal: str) -> Path:
    """The first episode of what was watched as a GIF, goal and productions beside the view; returns the path."""
    ends = np.flatnonzero(seen["done"])
    steps = int(ends[0]) + 1 if ends.size else len(seen["done"])
    chosen = sorted({*range(0, steps, max(1, -(-steps // 150))), steps - 1})
    shown = [frame(seen["cells"][t], seen["scalars"][t]) for t in chosen]
    size = (max(each.shape[1] for each in shown), max(each.shape[0] for each in shown))
    images = []
    for each in shown:
        canvas = Image.new("RGB", size, "#101014")
        canvas.paste(Image.fromarray(each), (0, 0))
        images.append(canvas)
    partial = path.with_suffix(".tmp.gif")
    lasting = [120] * (len(images) - 1) + [_LAST_MS]
    images[0].save(partial, save_all=True, append_images=images[1:], duration=lasting, loop=0, optimize=True)
    partial.replace(path)
    return path


def _floor_of(record: LevelRecord) -> int | None:
    return None


DISPLAY = Display(
    name="XLand-MiniGrid",
    max_return=1.0,
    achievements=ACHIEVEMENTS,
    floors=(),
    plain=plain,
    floor_of=_floor_of,
    rules=rule_lines,
    actions=tuple(action.name for action in Action),
    keys={key: int(action) for key, action in KEYS.items()},
    frame=frame,
    panel=_panel,
    film=film,
    sheet=sheet,
    starts=starts,
    whole=whole,
    save=save_picture,
)
