"""The pages of one run or several as texts by address; what is written to disk and what is served are the same.

Addresses are relative, so a folder of pages can lie anywhere. No page holds a script or a style of its own, and each
says so to the browser (Content-Security-Policy).
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, cached_property, partial
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from dicode.received.text import line
from dicode.types import LevelRecord
from dicode.view import palette, spending
from dicode.view.pages import charts, code, dreams, lineage, overview, text
from dicode.view.pages.charts import Axes, Series
from dicode.view.pages.data import RunData
from dicode.view.pages.game import Game
from dicode.view.pages.levels import LevelPage, Levels, index
from dicode.view.pages.levels import page as level_page

STATIC = ("pages.css", "pages.js", "play.js", "icon.svg")
FIGURES = {
    "learning_curve.png": "return on the target and the levels' statuses",
    "achievements.png": "success rates on the target",
    "levels.png": "how each level's success rate rose",
    "lineage.png": "who descends from whom",
    **{f"newest_{place}.png": "where an episode of a new level starts" for place in range(1, 5)},
}
GIFS = {"target.gif": "The agent on the target", "newest.gif": "The agent on the newest level"}
_FOLDED = 200
"""Levels from which the lineage opens folded."""

Render = Callable[[], str]


def policy(live: bool) -> str:
    """What a page's browser may load and do: files of the page's own place, nothing inline, nothing elsewhere."""
    connect = "'self'" if live else "'none'"
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src {connect}; "
        "base-uri 'none'; form-action 'none'"
    )


def static(name: str) -> bytes:
    """One of the files that pages refer to."""
    return resources.files("dicode.view.pages").joinpath("static", name).read_bytes()


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("dicode.view.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"number": text.number, "fixed": text.fixed, "percent": text.percent, "line": line}
    made.globals |= {
        "sign": charts.status,
        "meter": charts.meter,
        "shape": charts.shape,
        "code": code.python,
        "dreamt": overview.dreamt,
        "meaning": palette.STATUS_MEANING,
        "key": lambda status: charts.KEYS.get(status, "u"),
        "said": charts.said,
    }
    return made


def _finalize(value: Any) -> Any:
    """Every value that a template prints: text with hidden characters made visible, then escaped by Jinja."""
    return text.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


class Run:
    """The pages of one run. `prefix` is its place below the root: empty, or `run-1/`."""

    def __init__(self, data: RunData, game: Game, prefix: str = "", live: bool = False, several: bool = False) -> None:
        self.data, self.game, self.prefix, self._live, self._several = data, game, prefix, live, several

    @cached_property
    def levels(self) -> Levels:
        """All levels in a line each."""
        return index(self.data, self.game)

    @cached_property
    def calls(self) -> dict[str, dreams.CallLine]:
        """All calls in a line each, by key."""
        return {one.key: one for one in dreams.calls(self.data, self.levels)}

    @cached_property
    def _rejected(self) -> list[dreams.DreamLine]:
        return dreams.rejected(self.data, self.levels)

    def pages(self) -> Iterator[tuple[str, str, Render]]:
        """Every page: its address below the run's place, a hash of what it says (or nothing), what makes its text."""
        yield "index.html", "", self._overview
        yield "lineage.html", "", self._lineage
        yield "dreams.html", "", self._dreams
        yield "calls.html", "", self._calls
        for level in self.levels.lines:
            page = level_page(self.data, self.levels, level, self.game)
            yield f"levels/{level}.html", self._version(page), partial(self._level, page)
        for key, one in self.calls.items():
            yield f"calls/{key}.html", repr(one), partial(self._call, key)

    def _version(self, page: LevelPage) -> str:
        said = repr((page, self.data.picture(page.line.id)))
        return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()

    def page(self, address: str) -> str | None:
        """The text of one page; None for an address that is none."""
        folder, _, file = address.rpartition("/")
        name = file.removesuffix(".html")
        if not file.endswith(".html"):
            return None
        if folder == "levels":
            known = name in self.levels.lines
            return self._level(level_page(self.data, self.levels, name, self.game)) if known else None
        if folder == "calls":
            return self._call(name) if name in self.calls else None
        plain = {"index": self._overview, "lineage": self._lineage, "dreams": self._dreams, "calls": self._calls}
        return plain[name]() if not folder and name in plain else None

    def render(self, template: str, here: str, **values: Any) -> str:
        """A template with what every page of the run needs; `here` is the page's address."""
        up = "../" * here.count("/")
        accepted = sum(one.accepted for one in self.levels.lines.values())
        nav = [
            ("index.html", "Overview", None),
            ("lineage.html", "Lineage", text.number(accepted)),
            ("dreams.html", "Rejected", text.number(len(self._rejected))),
            ("calls.html", "Calls", text.number(len(self.calls))),
        ]
        return (
            _environment()
            .get_template(template)
            .render(
                policy=policy(self._live),
                live=self._live,
                several=self._several,
                name=line(self.data.name, 60),
                nav=nav,
                here=here,
                up=up,
                root=up + "../" * self.prefix.count("/"),
                notes=self.data.notes if here == "index.html" else (),
                floors=self.game.floors,
                accepted=accepted,
                **values,
            )
        )

    def _overview(self) -> str:
        o = overview.overview(self.data, self.levels, self.game)
        return self.render(
            "overview.html",
            "index.html",
            o=o,
            pictured=lambda level: self.data.picture(level) is not None,
            figures=[(name, said) for name, said in FIGURES.items() if self.data.file(name)],
            gifs=[(name, said) for name, said in GIFS.items() if self.data.file(name)],
        )

    def _lineage(self) -> str:
        lines = list(self.levels.lines.values())
        floors = sorted({one.floor for one in lines if one.floor is not None})
        births = [one.born + 1 for one in lines] or [1]
        return self.render(
            "lineage.html",
            "lineage.html",
            rows=lineage.rows(self.levels),
            choices=[(floor, self.game.floors[floor]) for floor in floors],
            authors=sorted({one.author for one in lines}),
            stages=sorted({one.verdict for one in lines if not one.accepted}),
            fold=2 if len(lines) > _FOLDED else "",
            first=min(births),
            last=max(births),
        )

    def _level(self, page: LevelPage) -> str:
        level = page.line.id
        keys = [call.key for call in page.calls]
        return self.render(
            "level.html",
            f"levels/{level}.html",
            p=page,
            pictured=self.data.picture(level) is not None,
            playable=self.playable(level) is not None,
            curve=_curve(page),
            source=code.python(page.source),
            difference=code.difference(page.difference) if page.difference else None,
            calls=[self.calls[key] for key in keys if key in self.calls],
            cost=_cost([self.calls[key] for key in keys if key in self.calls]),
        )

    def playable(self, level: str) -> LevelRecord | None:
        """The level, if it is one that can be played."""
        one = self.levels.lines.get(level)
        shown = one is not None and one.accepted and self.game.frame is not None
        return self.data.snapshot.levels[level] if shown else None

    def play(self, level: str) -> str | None:
        """The page on which a level is played; None for what is no such level. Needs a server."""
        if self.playable(level) is None:
            return None
        actions = [self.game.plain(action) for action in self.game.actions]
        told: dict[str, list[str]] = {}
        for key, action in self.game.keys.items():
            told.setdefault(actions[action], []).append({" ": "space"}.get(key, key))
        return self.render(
            "play.html",
            f"play/{level}.html",
            one=self.levels.lines[level],
            keys=json.dumps(dict(self.game.keys)),
            actions=actions,
            help=[(" or ".join(keys), action) for action, keys in told.items()],
        )

    def _dreams(self) -> str:
        counts = Counter(one.stage for one in self._rejected).most_common()
        return self.render("dreams.html", "dreams.html", dreams=self._rejected, counts=counts)

    def _calls(self) -> str:
        calls = list(self.calls.values())
        return self.render("calls.html", "calls.html", calls=calls, cost=_cost(calls))

    def _call(self, key: str) -> str:
        said = dreams.messages(self.data.calls[key])
        return self.render("call.html", f"calls/{key}.html", one=self.calls[key], messages=said)


def _curve(page: LevelPage) -> Markup:
    rates = [(point.cycle + 1, point.rate) for point in page.points if point.rate is not None]
    worth = [(point.cycle + 1, point.learnability) for point in page.points if point.learnability is not None]
    series = [Series("solved", rates, dots=len(rates) < 40), Series("p(1−p)", worth, dashed=True)]
    title = "Success rate and learnability of this level by cycle"
    return charts.lines(series, Axes("cycle", "share of episodes", title, high=1.0, percent=True, whole_x=True))


def _cost(calls: Sequence[dreams.CallLine]) -> str:
    priced = [one.usd for one in calls if one.usd is not None]
    money = spending.money(sum(priced)) if priced else "price unknown"
    read, written = sum(one.tokens_in for one in calls), sum(one.tokens_out for one in calls)
    return f"{len(calls)} calls, {read:,} tokens read, {written:,} written, {money}" if calls else "no calls"


def compare(runs: Mapping[str, Run], live: bool = False) -> str:
    """The page that shows several runs side by side; `runs` by their place."""
    each = list(runs.values())
    datas = [run.data for run in each]
    game = each[0].game
    facts = [{fact.name: fact for fact in overview.facts(run.data, run.levels, game)} for run in each]
    names = list(dict.fromkeys(name for one in facts for name in one))
    said = [line(data.name, 30) for data in datas]
    return _environment().get_template("compare.html").render(
        policy=policy(live), live=live, several=False, name="", nav=(), here="index.html", up="", root="", notes=(),
        names=said,
        links=list(zip(runs, said, strict=True)),
        facts=[(name, [one.get(name) for one in facts]) for name in names],
        curve=overview.return_curve(datas),
        heldout=overview.heldout_curve(datas),
        statuses=[(name, overview.status_areas(data)) for name, data in zip(said, datas, strict=True)],
        achievements=_achievements(each),
        differences=_differences(datas),
    )  # fmt: skip


def _achievements(runs: Sequence[Run]) -> list[tuple[str, list[float | None]]]:
    tables = [
        {one.name: one.evaluation if one.evaluation is not None else one.training for one in found}
        | dict.fromkeys(never, 0.0 if found else None)
        for found, never in (overview.achievements(run.data, run.game) for run in runs)
    ]
    names = dict.fromkeys(name for table in tables for name, rate in table.items() if rate)
    rows = [(name, [table.get(name) for table in tables]) for name in names]
    return sorted(rows, key=lambda row: -max(rate or 0.0 for rate in row[1]))


def _differences(datas: Sequence[RunData]) -> list[tuple[str, list[str]]]:
    names = sorted({str(name) for data in datas for name in data.settings} - {"run"})
    rows = [(line(name, 60), [line(data.settings.get(name, "–"), 60) for data in datas]) for name in names]
    return [row for row in rows if len(set(row[1])) > 1]
