"""Colours, shapes and number formats that figures and pages share; no drawing library.

Status is told by colour and by shape, so that it is read without colour as well.
"""

import math
from collections.abc import Sequence
from typing import Any

# Okabe and Ito's colours, which people with any kind of colour vision can tell apart.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F", "#000000")
INK, FAINT, GRID = "#222222", "#6E6E6E", "#E6E6E6"
STATUS_COLORS = {"A": "#009E73", "B": "#56B4E9", "C": "#E69F00", "D": "#D55E00", "-": "#9A9A9A"}
"""Colour by `Status` value, from mastered to unsolved; grey without a score."""
STATUS_SHAPES = {"A": "circle", "B": "square", "C": "triangle", "D": "diamond", "-": "ring"}
STATUS_MEANING = {
    "A": "solved in 75 % of the episodes or more",
    "B": "solved in 50 to 75 %",
    "C": "solved in 25 to 50 %",
    "D": "solved in less than 25 %",
    "-": "too few episodes to say",
}


def color(index: int) -> str:
    """The palette's colour number `index`, from the start again after eight."""
    return COLORS[index % len(COLORS)]


def spread(positions: Sequence[float], gap: float) -> list[float]:
    """Positions moved apart, in their order, until neighbours are at least `gap` away: for labels beside lines."""
    order = sorted(range(len(positions)), key=lambda i: positions[i])
    placed = [positions[i] for i in order]
    for _ in range(200):
        moved = False
        for i in range(len(placed) - 1):
            lack = gap - (placed[i + 1] - placed[i])
            if lack > 1e-9:
                placed[i], placed[i + 1], moved = placed[i] - lack / 2, placed[i + 1] + lack / 2, True
        if not moved:
            break
    result = [0.0] * len(positions)
    for place, i in enumerate(order):
        result[i] = placed[place]
    return result


def short_number(value: float, _: Any = None) -> str:
    """1234567 as 1.23M: for axes that count steps."""
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """About `count` round numbers within [low, high]."""
    span = high - low
    if not (math.isfinite(span) and span > 0):
        return [low] if math.isfinite(low) else []
    rough = span / max(count, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [i * step for i in range(first, last + 1)]
