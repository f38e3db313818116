"""The first page of a run: how it stands, how it learns, what it has achieved; and several runs side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from dicode import games
from dicode.evaluation.results import HELDOUT, TARGET, Evaluation
from dicode.received.text import line
from dicode.types import TARGET as OWN
from dicode.types import Origin
from dicode.view import spending, words
from dicode.view.pages import charts
from dicode.view.pages.charts import Axes, Series
from dicode.view.pages.data import RunData, final, finite, last_return
from dicode.view.pages.game import Game
from dicode.view.pages.levels import LevelLine, Levels
from dicode.view.pages.text import fixed, number, percent

_NEWEST = 8
_SETTINGS = ("method.name", "dreamer.name", "agent.kind", "seed", "preset")


@dataclass(frozen=True)
class Fact:
    """One number and what it is."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class AchievementLine:
    """One achievement on the target."""

    name: str
    training: float | None
    evaluation: float | None
    baseline: float | None


@dataclass(frozen=True)
class Overview:
    """A run at a glance."""

    subtitle: str
    facts: tuple[Fact, ...]
    curve: Markup
    heldout: Markup | None
    statuses: Markup
    achievements: tuple[AchievementLine, ...]
    never: tuple[str, ...]
    """Achievements that nobody has reached."""
    newest: tuple[LevelLine, ...]
    settings: tuple[tuple[str, str], ...]


def overview(data: RunData, levels: Levels, game: Game) -> Overview:
    """The run's first page."""
    reached, never = achievements(data, game)
    accepted = [one for one in levels.lines.values() if one.accepted]
    newest = sorted(accepted, key=lambda one: (-one.born, one.id))[:_NEWEST]
    return Overview(
        subtitle=" · ".join(_subtitle(data)),
        facts=facts(data, levels, game),
        curve=return_curve([data]),
        heldout=heldout_curve([data]),
        statuses=status_areas(data),
        achievements=reached,
        never=never,
        newest=tuple(newest),
        settings=tuple((line(name, 60), line(value, 120)) for name, value in sorted(data.settings.items())),
    )


def _subtitle(data: RunData) -> list[str]:
    said = [f"{name.partition('.')[0]} {line(data.settings[name], 30)}" for name in _SETTINGS if name in data.settings]
    cycles = data.snapshot.cycle + 1
    return [*said, f"{cycles} cycles finished" if cycles != 1 else "1 cycle finished"]


def facts(data: RunData, levels: Levels, game: Game) -> tuple[Fact, ...]:
    """The run's headline numbers."""
    found = [Fact("environment steps", number(data.rows[-1]["env_steps"]) if data.rows else "–")]
    found += [*_solved(data), *_returns(data, game)]
    accepted = [one for one in levels.lines.values() if one.accepted]
    active = sum(one.active for one in accepted)
    rejected = len(levels.lines) - len(accepted)
    lost = sum(outcome.level is None for outcome in data.snapshot.outcomes)
    found.append(
        Fact("levels", number(len(accepted)), f"{active} active, {sum(one.status == 'A' for one in accepted)} mastered")
    )
    found.append(Fact("rejected dreams", number(rejected), f"{lost} lost" if lost else ""))
    if spent := spending.line(_last_spending(data)):
        calls, _, rest = spent.partition(", ")
        found.append(Fact("foundation model", calls, rest))
    return tuple(found)


def _solved(data: RunData) -> list[Fact]:
    """How often a target that is a level was solved: it is what such a run is for."""
    if of_the_game(data):
        return []
    measured = final(data.evaluations)
    rate = None if measured is None else _rate(measured.success.get(OWN))
    name = line(str(data.settings["target"]).removeprefix(games.LIBRARY), 40)
    return [
        Fact("target solved", percent(rate), f"{name}, evaluated" if rate is not None else f"{name}, not evaluated")
    ]


def _returns(data: RunData, game: Game) -> list[Fact]:
    found = []
    if (measured := final(data.evaluations)) is not None:
        mean, half = mean_and_half(measured)
        where = [f"± {fixed(half)} over {len(measured.returns)} worlds", *_share(data, mean, game)]
        found.append(Fact("return, evaluated", fixed(mean), ", ".join(where)))
    trained = last_return(data)
    found.append(Fact("return, training", fixed(trained), ", ".join(_share(data, trained, game))))
    if (base := final(data.baseline)) is not None:
        found.append(Fact("return, random policy", fixed(mean_and_half(base)[0]), f"over {len(base.returns)} worlds"))
    return found


def _share(data: RunData, mean: float | None, game: Game) -> list[str]:
    """A return as a share of the highest possible, which is known of the game itself alone."""
    if mean is None or not of_the_game(data):
        return []
    return [f"{percent(mean / game.max_return)} of {game.max_return:g}"]


def of_the_game(data: RunData) -> bool:
    """Whether the run's target is the unmodified game."""
    return bool(data.settings.get("target", games.GAME) == games.GAME)


def _last_spending(data: RunData) -> Mapping[str, Any]:
    row: Mapping[str, Any]
    for row in reversed(data.rows):
        spent = row.get("fm")
        if isinstance(spent, Mapping) and _has_sums(spent):
            return row
    return {}


def _has_sums(spent: Mapping[str, Any]) -> bool:
    total = spent.get("total")
    names = ("calls", "tokens_in", "tokens_out", "estimated")
    if not isinstance(total, Mapping) or not all(finite(total.get(name)) for name in names):
        return False
    return finite(spent.get("accepted")) and (total.get("usd") is None or finite(total["usd"]))


def mean_and_half(evaluation: Evaluation) -> tuple[float, float]:
    """Mean return and half its 95 % interval."""
    returns = evaluation.returns
    half = 1.96 * float(returns.std(ddof=1)) / float(np.sqrt(len(returns))) if len(returns) > 1 else 0.0
    return float(returns.mean()), half


def return_curve(runs: Sequence[RunData]) -> Markup:
    """Return on the target over steps: while training, evaluated, and of a random policy where that was measured."""
    series: list[Series] = []
    for data in runs:
        of = f"{line(data.name, 14)}, " if len(runs) > 1 else ""
        points = [(row["env_steps"], row["target_return"]) for row in data.rows if finite(row.get("target_return"))]
        series.append(Series(f"{of}training", points))
        measured = [one for one in data.evaluations if one.protocol == TARGET]
        if measured:
            means = [(one.env_steps, *mean_and_half(one)) for one in measured]
            bars = [(x, mean - half, mean + half) for x, mean, half in means]
            series.append(Series(f"{of}evaluated", [(x, mean) for x, mean, _ in means], dots=True, bars=bars))
    series += _baseline(runs)
    title = "Mean return on the target over environment steps" + (", with a random policy's" if _baseline(runs) else "")
    return charts.lines(series, Axes("environment steps", "mean return per episode", title))


def _baseline(runs: Sequence[RunData]) -> list[Series]:
    found = [one for data in runs if (one := final(data.baseline)) is not None]
    ends = [float(data.rows[-1]["env_steps"]) for data in runs if data.rows]
    if not found or not ends:
        return []
    mean = mean_and_half(found[0])[0]
    return [Series("random policy", [(0.0, mean), (max(ends), mean)], dashed=True)]


def heldout_curve(runs: Sequence[RunData]) -> Markup | None:
    """Success on levels that nobody trained on, over steps; None where it was never measured."""
    series = []
    for data in runs:
        measured = [one for one in data.evaluations if one.protocol == HELDOUT and _rates(one)]
        points = [(one.env_steps, float(np.mean(_rates(one)))) for one in measured]
        if points:
            series.append(Series(line(data.name, 14) if len(runs) > 1 else "held-out", points, dots=True))
    if not series:
        return None
    title = "Mean success rate on held-out levels over environment steps"
    return charts.lines(series, Axes("environment steps", "success rate", title, high=1.0, percent=True))


def _rates(one: Evaluation) -> list[float]:
    rates = one.success.values() if isinstance(one.success, Mapping) else ()
    return [float(rate) for rate in rates if finite(rate)]


def status_areas(data: RunData) -> Markup:
    """How many levels had which status, over steps."""
    rows = [row for row in data.rows if isinstance(row.get("status"), Mapping)]
    steps = [0.0, *(float(row["env_steps"]) for row in rows)]
    layers = {
        letter: [
            0.0,
            *(float(row["status"].get(letter, 0)) if finite(row["status"].get(letter, 0)) else 0.0 for row in rows),
        ]
        for letter in "DCBA"
    }
    title = "Number of levels by status over environment steps"
    axes = Axes("environment steps", "levels", title)
    return charts.stack(steps if rows else (), layers, {letter: letter.lower() for letter in "DCBA"}, axes)


def achievements(data: RunData, game: Game) -> tuple[tuple[AchievementLine, ...], tuple[str, ...]]:
    """Every achievement that was reached by anyone, most frequent first; and those that nobody reached."""
    row = next((row for row in reversed(data.rows) if isinstance(row.get("target_success"), Mapping)), None)
    training = row["target_success"] if row else {}
    measured, base = final(data.evaluations), final(data.baseline)
    found, never = [], []
    for name in game.achievements:
        rates = [
            _rate(training.get(name, 0.0)) if row else None,
            _rate(measured.achievements.get(name)) if measured else None,
            _rate(base.achievements.get(name)) if base else None,
        ]
        if any(rates):
            found.append(AchievementLine(game.plain(name), *rates))
        else:
            never.append(game.plain(name))
    found.sort(key=lambda one: (-(one.evaluation or one.training or 0.0), -(one.training or 0.0), one.name))
    return tuple(found), tuple(never)


def _rate(value: Any) -> float | None:
    return float(value) if finite(value) and 0 <= value <= 1 else None


def dreamt(one: LevelLine) -> str:
    """Where a level comes from, in words."""
    source = {
        Origin.LIBRARY.value: "library",
        Origin.FILE.value: "a person's file",
        Origin.FOUNDATION.value: "foundation model",
        Origin.FRONTIER.value: "grammar, from where the agent was",
    }
    return source.get(one.author, one.author) + (f" ({words.printable(one.move)})" if one.move else "")
