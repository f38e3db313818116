"""Charts as SVG in the page: drawn here, coloured by the style sheet, readable without colour and without a script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from dicode.received.text import line
from dicode.view.pages.data import finite
from dicode.view.pages.text import number, visible
from dicode.view.palette import short_number, spread, ticks

WIDTH, HEIGHT = 640.0, 260.0
LEFT, RIGHT, TOP, BOTTOM = 56.0, 132.0, 10.0, 40.0
_LETTER = 6.6
"""Width of a letter beside a line's end, in the drawing's units."""
_MOST_POINTS = 800


@dataclass(frozen=True)
class Series:
    """A line, or dots, with a name beside its end."""

    name: str
    points: Sequence[tuple[float, float]]
    dots: bool = False
    dashed: bool = False
    bars: Sequence[tuple[float, float, float]] = ()
    """(x, low, high): intervals."""


@dataclass(frozen=True)
class Axes:
    """What the axes say and how far they go."""

    x: str
    y: str
    title: str
    """What the chart shows, for those who hear it."""
    low: float = 0.0
    high: float | None = None
    percent: bool = False
    whole_x: bool = False


def lines(series: Sequence[Series], axes: Axes) -> Markup:
    """Lines over a common axis, named at their right ends; a sentence where there is nothing to draw."""
    sound = [_sound(one) for one in series]
    kept = [one for one in sound if one.points]
    if not kept:
        return Markup('<p class="none">Nothing to draw yet.</p>')
    xs = [x for one in kept for x, _ in one.points]
    ys = [y for one in kept for _, y in one.points] + [y for one in kept for _, *ends in one.bars for y in ends]
    longest = max(len(one.name) for one in kept)
    right = WIDTH - max(RIGHT, _LETTER * (longest + 6))
    first = min(xs) if axes.whole_x else min([0.0, *xs])
    plane = _Plane(first, max(xs), min([axes.low, *ys]), _top(axes, ys), right)
    ends = spread([plane.y(one.points[-1][1]) for one in kept], 13.0)
    parts = [_grid(plane, axes), *(_series(plane, one, place) for place, one in enumerate(kept))]
    parts += [_name(plane, one, place, ends[place], axes) for place, one in enumerate(kept)]
    return _svg(axes.title, parts)


def _top(axes: Axes, ys: Sequence[float]) -> float:
    if axes.high is not None:
        return axes.high
    return max(ys) * 1.06 if max(ys) > 0 else 1.0


def stack(
    steps: Sequence[float], layers: Mapping[str, Sequence[float]], kinds: Mapping[str, str], axes: Axes
) -> Markup:
    """Areas upon each other; `kinds` names the class of each layer. Layers are named at their right ends."""
    if not steps or not any(map(any, layers.values())):
        return Markup('<p class="none">Nothing to draw.</p>')
    keep = range(0, len(steps), max(1, len(steps) // _MOST_POINTS))
    floor = [0.0] * len(keep)
    total = [sum(layer[i] for layer in layers.values()) for i in keep]
    plane = _Plane(0.0, max(steps), 0.0, max(total) * 1.05 or 1.0)
    parts, middles = [_grid(plane, axes)], []
    for name, layer in layers.items():
        top = [low + layer[i] for low, i in zip(floor, keep, strict=True)]
        upper = [(plane.x(steps[i]), plane.y(y)) for i, y in zip(keep, top, strict=True)]
        lower = [(plane.x(steps[i]), plane.y(y)) for i, y in zip(keep, floor, strict=True)]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in [*upper, *reversed(lower)])
        parts.append(Markup('<polygon class="area {}" points="{}"/>').format(kinds[name], points))
        middles.append(plane.y((top[-1] + floor[-1]) / 2))
        floor = top
    for (name, layer), height in zip(layers.items(), spread(middles, 13.0), strict=True):
        text = f"{name}  {number(int(layer[-1]))}"
        parts.append(Markup('<text class="end" x="{:.1f}" y="{:.1f}">{}</text>').format(plane.right + 8, height, text))
    return _svg(axes.title, parts)


@dataclass(frozen=True)
class _Plane:
    """From values to pixels."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float

    right: float = WIDTH - RIGHT

    bottom = HEIGHT - BOTTOM

    def x(self, value: float) -> float:
        return LEFT + (self.right - LEFT) * (value - self.x_low) / ((self.x_high - self.x_low) or 1.0)

    def y(self, value: float) -> float:
        return self.bottom - (self.bottom - TOP) * (value - self.y_low) / ((self.y_high - self.y_low) or 1.0)


def _sound(one: Series) -> Series:
    points = [(float(x), float(y)) for x, y in one.points if finite(x) and finite(y)]
    step = max(1, -(-len(points) // _MOST_POINTS))
    thin = points[::step] if (len(points) - 1) % step == 0 else [*points[::step], points[-1]]
    bars = [bar for bar in one.bars if all(map(finite, bar))]
    return Series(line(one.name, 40), thin, one.dots, one.dashed, bars)


def _grid(plane: _Plane, axes: Axes) -> Markup:
    parts = []
    for value in ticks(plane.y_low, plane.y_high):
        y, text = plane.y(value), f"{100 * value:.0f} %" if axes.percent else short_number(value)
        parts.append(
            Markup('<line class="rule" x1="{}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>').format(LEFT, plane.right, y, y)
        )
        parts.append(
            Markup('<text class="tick" text-anchor="end" x="{}" y="{:.1f}">{}</text>').format(LEFT - 6, y + 3.5, text)
        )
    for value in ticks(plane.x_low, plane.x_high, 6):
        if axes.whole_x and value != int(value):
            continue
        text = short_number(value)
        parts.append(
            Markup('<text class="tick" text-anchor="middle" x="{:.1f}" y="{:.1f}">{}</text>').format(
                plane.x(value), plane.bottom + 15, text
            )
        )
    parts.append(
        Markup('<text class="axis" text-anchor="middle" x="{:.1f}" y="{:.1f}">{}</text>').format(
            (LEFT + plane.right) / 2, HEIGHT - 6, axes.x
        )
    )
    parts.append(
        Markup('<text class="axis" text-anchor="middle" transform="translate(11 {:.1f}) rotate(-90)">{}</text>').format(
            (TOP + plane.bottom) / 2, axes.y
        )
    )
    return Markup("").join(parts)


def _series(plane: _Plane, one: Series, place: int) -> Markup:
    spots = [(plane.x(x), plane.y(y)) for x, y in one.points]
    parts = [
        Markup('<line class="bar s{}" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>').format(
            place % 8, plane.x(x), plane.x(x), plane.y(low), plane.y(high)
        )
        for x, low, high in one.bars
    ]
    if len(spots) > 1:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
        kind = "line dashed" if one.dashed else "line"
        parts.append(Markup('<polyline class="{} s{}" points="{}"/>').format(kind, place % 8, points))
    if one.dots or len(spots) == 1:
        parts += [
            Markup('<circle class="dot s{}" r="3" cx="{:.1f}" cy="{:.1f}"/>').format(place % 8, *at) for at in spots
        ]
    return Markup("").join(parts)


def _name(plane: _Plane, one: Series, place: int, height: float, axes: Axes) -> Markup:
    value = one.points[-1][1]
    shown = f"{100 * value:.0f} %" if axes.percent else number(value)
    return Markup('<text class="end t{}" x="{:.1f}" y="{:.1f}">{} <tspan class="value">{}</tspan></text>').format(
        place % 8, plane.right + 8, height + 3.5, visible(one.name), shown
    )


def _svg(title: str, parts: Sequence[Markup]) -> Markup:
    return Markup('<svg class="chart" viewBox="0 0 {:g} {:g}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, HEIGHT, title, Markup("").join(parts)
    )


def meter(rate: float | None, status: str = "") -> Markup:
    """A rate as a bar of fixed width."""
    if rate is None or not finite(rate):
        return Markup('<span class="none">–</span>')
    share = min(max(rate, 0.0), 1.0)
    return Markup(
        '<svg class="meter" viewBox="0 0 60 8" aria-hidden="true"><rect class="track" width="60" height="8" rx="2"/>'
        '<rect class="fill {}" width="{:.1f}" height="8" rx="2"/></svg>'
    ).format(status, 60 * share)


KEYS = {"A": "a", "B": "b", "C": "c", "D": "d", "-": "u", "x": "x"}
"""The shape of each status."""


def said(value: str) -> str:
    """A status for those who hear it."""
    return {"-": "unscored", "x": "rejected"}.get(value, f"status {value}")


def status(value: str) -> Markup:
    """The sign of a status: its shape and colour, with the letter for those who hear it."""
    return Markup('<svg class="sign" viewBox="-6 -6 12 12" role="img" aria-label="{}">{}</svg>').format(
        said(value), shape(KEYS.get(value, "u"))
    )


_SHAPES = {
    "a": '<circle class="a" r="4.6"/>',
    "b": '<rect class="b" x="-4.2" y="-4.2" width="8.4" height="8.4"/>',
    "c": '<path class="c" d="M0 -5L5 4H-5Z"/>',
    "d": '<path class="d" d="M0 -5.4L5.4 0L0 5.4L-5.4 0Z"/>',
    "u": '<circle class="u" r="4"/>',
    "x": '<path class="x" d="M-4 -4L4 4M4 -4L-4 4"/>',
}


def shape(name: str) -> Markup:
    """The shape of a status around the origin."""
    return Markup(_SHAPES.get(name, _SHAPES["u"]))
