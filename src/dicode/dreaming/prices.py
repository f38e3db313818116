"""What models cost: a table with a date, one's own figures, and what a run has written down of both.

A run keeps the prices that it started with in its journal's folder, so that its caps and sums mean the
same at every resume and replay, whatever a later table says.
"""

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from dicode import files
from dicode.dreaming.providers import PROVIDERS, Endpoint
from dicode.received.shapes import record
from dicode.received.text import line

FILE = "prices.json"


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens."""

    input: float
    output: float
    cached: float | None = None
    """Of prompt tokens read from the provider's cache; None: like others."""

    def usd(self, tokens_in: int, tokens_cached: int, tokens_out: int) -> float:
        """What one call costs."""
        cached = self.input if self.cached is None else self.cached
        return (self.input * (tokens_in - tokens_cached) + cached * tokens_cached + self.output * tokens_out) / 1e6


Rates = Mapping[tuple[str, str], Price | None]
"""Prices by (provider, model); None where none is known."""


@dataclass(frozen=True)
class Quote:
    """The price of one model in one run, with its source and date."""

    provider: str
    model: str
    price: Price | None
    source: str


@cache
def price_table() -> tuple[dict[str, Price], str]:
    """Prices by model name, and the date and source of the table."""
    data = json.loads(resources.files("dicode.dreaming").joinpath("prices.json").read_text())
    models = {name: Price(**values) for name, values in data["models"].items()}
    return models, f"{data['date']}: {data['source']}"


@cache
def _embedding_prices() -> dict[str, Price]:
    data = json.loads(resources.files("dicode.dreaming").joinpath("prices.json").read_text())
    return {name: Price(usd, 0.0) for name, usd in data["embedding_models"].items()}


def price(provider: str, model: str) -> Price | None:
    """The price of a model in the table: 0 on one's own server, None where it is not known.

    A dated version (`gpt-5-mini-2025-08-07`) has the price of its model.
    """
    if provider in PROVIDERS and PROVIDERS[provider].free:
        return Price(0.0, 0.0)
    if provider not in PROVIDERS or not PROVIDERS[provider].in_table:
        return None
    table = price_table()[0] | _embedding_prices()
    return table.get(model) or table.get(re.sub(r"-(\d{4}-\d{2}-\d{2}|\d{8})$", "", model))


def quote(endpoint: Endpoint, model: str = "") -> Quote:
    """The price of the endpoint's model, or of another one there.

    A server that asks for no money is one on this machine: at an address elsewhere nobody knows the price.
    """
    provider, name = endpoint.provider, model or endpoint.model
    if endpoint.price_input >= 0 and not model:
        told = f"{endpoint.place}.price_input, {endpoint.place}.price_output"
        return Quote(provider, name, Price(endpoint.price_input, endpoint.price_output), told)
    if endpoint.quirks.reports_cost:
        return Quote(provider, name, None, "told by the provider with each answer")
    if endpoint.quirks.free:
        own = Price(0.0, 0.0) if endpoint.loopback else None
        return Quote(provider, name, own, "a server of one's own" if own else "not known")
    found = price(provider, name)
    return Quote(provider, name, found, price_table()[1] if found else "not known")


def kept(folder: Path, asked: Iterable[Quote], write: bool = True) -> Rates:
    """The prices of a run: those that its folder holds, else those of `asked`, which are written down there.

    Raises RunError for a file that is damaged.
    """
    path = Path(folder) / FILE
    known = {(q.provider, q.model): q for q in _read(path)}
    new = {(q.provider, q.model): q for q in asked if (q.provider, q.model) not in known}
    if new and write:
        with files.refusals("write to", folder):
            folder.mkdir(parents=True, exist_ok=True)
        rows = [asdict(q) for q in (*known.values(), *new.values())]
        told = {"unit": "US dollars per million tokens", "models": rows}
        files.write_text(path, json.dumps(told, indent=1) + "\n")
    return {name: q.price for name, q in (new | known).items()}


def _read(path: Path) -> list[Quote]:
    if not os.path.lexists(path):
        return []
    rows = files.read_json(path).get("models")
    try:
        quotes = [record(Quote, row) for row in rows] if isinstance(rows, list) else []
        wrong = [q.model for q in quotes if q.price and min(q.price.input, q.price.output, q.price.cached or 0.0) < 0]
    except ValueError as error:
        raise files.damaged(path, line(error, 200)) from error
    if not quotes or wrong:
        raise files.damaged(path, f"the price of {line(wrong[0], 60)} is negative" if wrong else "it holds no prices")
    return quotes
