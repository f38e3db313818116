"""The foundation dreamer of a run's configuration, and everything that is checked before it is let loose.

What can't work is an error before anything compiles: an endpoint, a key, a proxy, a cap that can't be
kept, a server that refuses one small call.
"""

import logging
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack
from pathlib import Path
from typing import Any

from dicode import games
from dicode.dreaming import prompts, trial
from dicode.dreaming.calls import Kind
from dicode.dreaming.client import Client
from dicode.dreaming.dialect import Dialect
from dicode.dreaming.dreamer import Dreamer, Similar
from dicode.dreaming.embeddings import Embeddings
from dicode.dreaming.foundation import FoundationDreamer
from dicode.dreaming.journal import Journal
from dicode.dreaming.ledger import Ledger, priced_by
from dicode.dreaming.person import PersonClient
from dicode.dreaming.prices import Rates, kept, quote
from dicode.dreaming.providers import Endpoint, Key, find_key, places
from dicode.dreaming.round import RoundSettings
from dicode.dreaming.similarity import most_similar
from dicode.dreaming.transport import check_reach
from dicode.dreaming.voices import Voice, check_voices
from dicode.errors import ConfigError
from dicode.streams import Streams

log = logging.getLogger(__name__)


def make_foundation_dreamer(
    config: Any, journal: Path, streams: Streams, fallback: Dreamer | None, stack: ExitStack
) -> FoundationDreamer:
    """The dreamer of a run's configuration, with its journal in the folder `journal`, closed by `stack`.

    Raises ConfigError for an endpoint, a key or a budget that cannot work, RunError for a journal that
    cannot serve `fm.journal`.
    """
    game, replays = games.load_host(config.game), config.fm.journal == "replay"
    prompts.of(game)
    entries = [config.fm, *_more(config).values()]
    endpoints = [
        Endpoint.from_config(entry, place) for entry, place in zip(entries, places(_more(config)), strict=True)
    ]
    quotes = [quote(endpoint) for endpoint in endpoints]
    if config.fm.embedding_model:
        if not replays:
            _check_embeds(endpoints[0])
        quotes.append(quote(endpoints[0], config.fm.embedding_model))
    rates = kept(journal, quotes, write=False)
    caps = config.budget.usd, config.budget.tokens
    ledger = Ledger(endpoints[0].provider, endpoints[0].model, *caps, rates, _remedies(config, endpoints))
    keys = [Key("", "") if replays else find_key(endpoint) for endpoint in endpoints]
    per_dollar = getattr(config.dreamer, "bandit", "dream") == "dollar"
    if per_dollar:
        _check_priced(config, endpoints, rates)
    book = stack.enter_context(Journal(journal, config.fm.journal))
    callers = [_Caller(e, key, journal.parent / "person") for e, key in zip(endpoints, keys, strict=True)]
    voices = [
        Voice(e, caller, entry.compact, entry.sketch)
        for e, caller, entry in zip(endpoints, callers, entries, strict=True)
    ]
    check_voices(voices)
    if not replays:
        for caller in callers:
            caller.check()
        _tell_prices(config, endpoints, rates)
        if getattr(config.fm, "test_call", False):
            for caller in callers:
                _test(caller, book, config.budget.usd, rates)
        kept(journal, quotes)
    similar: Similar = most_similar
    if config.fm.embedding_model:
        similar = Embeddings(endpoints[0], config.fm.embedding_model, book, ledger, callers[0]).similar
    settings = RoundSettings.from_config(config.fm, config.dreamer)
    return FoundationDreamer(
        game, endpoints[0], settings, streams, book, ledger, callers[0], fallback, similar, voices[1:], per_dollar
    )


def _check_embeds(endpoint: Endpoint) -> None:
    if endpoint.quirks.speaks != "http":
        raise ConfigError(f"fm.embedding_model needs a server, and fm={endpoint.provider} asks none; leave it out")


def _more(config: Any) -> Mapping[str, Any]:
    return getattr(config, "models", None) or {}


def _remedies(config: Any, endpoints: Sequence[Endpoint]) -> dict[tuple[str, str], str]:
    """What helps where a model has no price, by (provider, model)."""
    embeds = "leave fm.embedding_model out; fm.price_input and fm.price_output are the prices of the model that answers"
    told = {(endpoints[0].provider, config.fm.embedding_model): embeds}
    return told | {(e.provider, e.model): priced_by(p) for e, p in zip(endpoints, places(_more(config)), strict=True)}


class _Caller:
    """Opens clients of one endpoint; what one of them learns about the server, the next ones know."""

    def __init__(self, endpoint: Endpoint, key: Key, folder: Path) -> None:
        self.endpoint, self.key, self._folder = endpoint, key, folder
        self.dialect = Dialect()

    def __call__(self) -> AbstractAsyncContextManager[Client]:
        if self.endpoint.quirks.speaks == "person":
            return PersonClient(self.endpoint, self._folder)
        return trial.opened(self.endpoint, self.key, self.dialect)

    def check(self) -> None:
        """Raise ConfigError where no call can work."""
        if self.endpoint.quirks.speaks == "http":
            check_reach(self.endpoint)


def _test(caller: _Caller, book: Journal, usd: float, rates: Rates) -> None:
    """One small call, before anything compiles; what it costs is journaled like any other."""
    endpoint = caller.endpoint
    if endpoint.quirks.speaks == "person":
        return
    before = sum(c.request["stage"] == trial.PROBE and c.request["model"] == endpoint.model for c in book.calls())
    request = trial.probe_request(endpoint, before)
    answer = trial.call(caller, request)
    said = trial.message(endpoint, answer)
    if answer.kind is Kind.DENIED or not answer.reached:
        raise ConfigError(f"{said}; `dicode doctor fm=NAME` asks again, dreamer=grammar asks no model")
    if not trial.usable(answer):
        log.warning("%s; the run goes on, and asks again when it dreams", said)
        if answer.tokens_in or answer.tokens_out or answer.usd:
            book.record(request, answer)
        return
    book.record(request, answer)
    if usd and rates[endpoint.provider, endpoint.model] is None and answer.usd is None:
        raise ConfigError(
            f"budget.usd={usd:g} cannot be kept: {endpoint.provider} names no price with the answers of "
            f"{endpoint.model}; use budget.tokens, or {priced_by(endpoint.place)}"
        )


def _check_priced(config: Any, endpoints: Sequence[Endpoint], rates: Rates) -> None:
    for e, place in zip(endpoints, places(_more(config)), strict=True):
        if rates[e.provider, e.model] is None and not e.quirks.reports_cost:
            raise ConfigError(
                f"dreamer.bandit=dollar needs a price for {e.model!r} at {e.provider}: set {place}.price_input and "
                f"{place}.price_output, or dreamer.bandit=dream"
            )


def _tell_prices(config: Any, endpoints: Sequence[Endpoint], rates: Rates) -> None:
    """Once a run: which prices nobody knows, and that money may be spent without end."""
    for endpoint, place in zip(endpoints, places(_more(config)), strict=True):
        rate, reports = rates[endpoint.provider, endpoint.model], endpoint.quirks.reports_cost
        if rate is not None and not (rate.input or rate.output):
            continue
        known = rate is not None or reports
        if not (config.budget.usd or config.budget.tokens):
            log.warning("%s", _uncapped(endpoint, known))
        elif not known:
            log.warning(
                "no price is known for %s at %s: its calls are counted in tokens alone; %s.price_input and "
                "%s.price_output (dollars per million tokens) say one",
                *(endpoint.model, endpoint.provider, place, place),
            )


def _uncapped(endpoint: Endpoint, priced: bool) -> str:
    """That a run may spend money without end, and how to prevent it."""
    cap = "budget.usd=5 (dollars) or budget.tokens=1e6" if priced else "budget.tokens=1e6"
    unknown = "" if priced else " (no price is known)"
    return (
        f"this run asks {endpoint.model} at {endpoint.provider} for levels, which may cost money{unknown}, and no cap "
        f"is set; {cap} sets one, dreamer=grammar asks no model"
    )
