"""The ledger: what dreaming has cost, per call, level, cycle and run, and whether it may go on.

Money comes from the provider's own figure where it gives one, else from the run's prices (see
`dicode.dreaming.prices`); a model that has neither is counted in tokens only. The ledger is a function of
the journal: a resumed run goes on counting where it was, and a replayed run shows what the original cost.

An answer counts with all tries that were made for it, as far as their bodies say what they took; a call that the
deadline of its dream ends is a call, too. Not covered: tokens of attempts that timed out or broke off are unknown to us
and may still be billed.
"""

import math
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from dicode.dreaming.calls import Answer, Request
from dicode.dreaming.journal import Journal
from dicode.dreaming.prices import Price, Rates, price
from dicode.dreaming.providers import PROVIDERS
from dicode.errors import ConfigError


def priced_by(place: str) -> str:
    """How to say a model's price, where the model's settings stand at `place`."""
    return (
        f"say in dollars per million tokens what it costs: {place}.price_input=0.5 {place}.price_output=3 "
        "(0 for a server of your own)"
    )


@dataclass(frozen=True)
class Charge:
    """One call in the ledger."""

    key: str
    cycle: int
    index: int
    stage: str
    provider: str
    model: str
    tokens_in: int
    tokens_cached: int
    tokens_out: int
    usd: float | None
    """None: no price is known."""
    estimated: bool


@dataclass(frozen=True)
class Totals:
    """A sum of charges."""

    calls: int = 0
    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_out: int = 0
    usd: float = 0.0
    unpriced: int = 0
    """Calls without a known price, which `usd` leaves out."""
    estimated: int = 0
    """Calls whose tokens are an estimate."""

    @property
    def tokens(self) -> int:
        """Tokens read and written."""
        return self.tokens_in + self.tokens_out

    def to_json(self) -> dict[str, Any]:
        """The sum as JSON values; `usd` is None where there are calls and no price is known for any."""
        usd = self.usd if self.unpriced < self.calls or not self.calls else None
        return {
            "calls": self.calls,
            "tokens_in": self.tokens_in,
            "tokens_cached": self.tokens_cached,
            "tokens_out": self.tokens_out,
            "usd": None if usd is None else round(usd, 8),
            "unpriced": self.unpriced,
            "estimated": self.estimated,
        }

    def __str__(self) -> str:
        money = f"${self.usd:.4f}" if self.unpriced < self.calls or not self.calls else "price unknown"
        left_out = f" ({self.unpriced} calls without a price)" if 0 < self.unpriced < self.calls else ""
        about = "about " if self.estimated else ""
        return f"{self.calls} calls, {about}{self.tokens_in} + {self.tokens_out} tokens, {money}{left_out}"


class Ledger:
    """Charges by journal key, with caps; safe to read from other threads."""

    def __init__(
        self,
        provider: str,
        model: str,
        usd: float = 0.0,
        tokens: float = 0.0,
        rates: Rates | None = None,
        remedies: Mapping[tuple[str, str], str] | None = None,
    ) -> None:
        """`usd` and `tokens` are the run's caps, 0 for none; `rates` are the prices of all its models, and
        `remedies` say what helps where one has none.

        Raises ConfigError for a cap in dollars on a model whose price nobody knows.
        """
        self._rates: dict[tuple[str, str], Price | None] = {(provider, model): price(provider, model), **(rates or {})}
        helps = remedies or {}
        for name, rate in self._rates.items():
            if usd and rate is None and not _reports(name[0]):
                raise ConfigError(
                    f"budget.usd={usd:g} cannot be kept: no price is known for {name[1]!r} at {name[0]}; use "
                    f"budget.tokens, or {helps.get(name) or priced_by('fm')}"
                )
        self.usd_cap, self.tokens_cap = usd, tokens
        self._charges: dict[str, Charge] = {}
        self._pending: dict[str, tuple[int, Price | None]] = {}
        self._lock = threading.Lock()

    def read(self, journal: Journal) -> None:
        """Count every call that a journal holds."""
        for call in journal.calls():
            r = call.request
            self._add(call.key, r["cycle"], r["index"], r["stage"], r["provider"], r["model"], call.answer)

    @contextmanager
    def expecting(self, request: Request) -> Iterator[None]:
        """Count a call towards the caps while it is under way."""
        with self._lock:
            rate = self._rates.get((request.provider, request.model))
            self._pending[request.key] = request.prompt_tokens, rate
        try:
            yield
        finally:
            with self._lock:
                self._pending.pop(request.key, None)

    def charge(self, request: Request, answer: Answer) -> None:
        """Count a call that ended; a call counts once, however often it is charged."""
        r = request
        self._add(r.key, r.cycle, r.index, r.stage, r.provider, r.model, answer)

    def _add(self, key: str, cycle: int, index: int, stage: str, provider: str, model: str, answer: Answer) -> None:
        rate = self._rates[provider, model] if (provider, model) in self._rates else price(provider, model)
        counted = (answer.tokens_in, answer.tokens_cached, answer.tokens_out)
        usd = answer.usd if answer.usd is not None else rate.usd(*counted) if rate else None
        if usd is None and not any(counted):
            usd = 0.0  # nothing came back
        charge = Charge(key, cycle, index, stage, provider, model, *counted, usd, answer.estimated)
        with self._lock:
            self._charges[key] = charge

    def charges(self) -> list[Charge]:
        """Every charge, sorted by cycle, dream and key."""
        with self._lock:
            found = list(self._charges.values())
        return sorted(found, key=lambda c: (c.cycle, c.index, c.key))

    def total(self) -> Totals:
        """The whole run."""
        return _sum(self.charges())

    def by_model(self) -> dict[tuple[str, str], Totals]:
        """Totals by (provider, model)."""
        charges = self.charges()
        names = sorted({(c.provider, c.model) for c in charges})
        return {name: _sum([c for c in charges if (c.provider, c.model) == name]) for name in names}

    def of(self, keys: Iterable[str]) -> Totals:
        """What one level cost: the calls named in its `requests`."""
        wanted = set(keys)
        return _sum([c for c in self.charges() if c.key in wanted])

    def spent(self) -> str | None:
        """Why no further call may be made, None while one may.

        Calls under way count with their prompts and answers of average length, so that many at once
        overshoot a cap by little.
        """
        total = self.total()
        with self._lock:
            pending = list(self._pending.values())
        answer = total.tokens_out // max(1, total.calls)
        tokens = total.tokens + sum(prompt for prompt, _ in pending) + len(pending) * answer
        if self.tokens_cap and tokens >= self.tokens_cap:
            return f"budget.tokens={self.tokens_cap:.0f} is spent ({tokens} tokens, calls under way included)"
        if self.usd_cap and total.unpriced:
            return (
                f"budget.usd={self.usd_cap:g} cannot be kept any more: {total.unpriced} answers came without a price; "
                "budget.tokens can"
            )
        each = total.usd / max(1, total.calls)
        usd = total.usd + sum(rate.usd(prompt, 0, answer) if rate else each for prompt, rate in pending)
        if self.usd_cap and usd >= self.usd_cap:
            return f"budget.usd={self.usd_cap:g} is spent (${usd:.4f}, calls under way included)"
        return None


def _reports(provider: str) -> bool:
    return provider in PROVIDERS and PROVIDERS[provider].reports_cost


def _sum(charges: list[Charge]) -> Totals:
    return Totals(
        calls=len(charges),
        tokens_in=sum(c.tokens_in for c in charges),
        tokens_cached=sum(c.tokens_cached for c in charges),
        tokens_out=sum(c.tokens_out for c in charges),
        usd=math.fsum(c.usd for c in charges if c.usd is not None),
        unpriced=sum(c.usd is None for c in charges),
        estimated=sum(c.estimated for c in charges),
    )
