import pytest

from dicode.dreaming.calls import Answer, Kind, Message, Request
from dicode.dreaming.journal import Journal
from dicode.dreaming.ledger import Ledger
from dicode.dreaming.prices import Price, price, price_table
from dicode.errors import ConfigError

pytestmark = pytest.mark.fast


def request(cycle=1, index=0, provider="openai", model="gpt-5-mini"):
    return Request(cycle, index, "code", 0, provider, model, (Message("user", "x" * 400),), 100)


def answer(tokens_in=1_000_000, tokens_out=100_000, cached=0, usd=None, estimated=False):
    return Answer(Kind.TEXT, "ok", "", tokens_in, cached, tokens_out, estimated, usd)


def test_money_is_tokens_times_the_table():
    ledger = Ledger("openai", "gpt-5-mini")
    ledger.charge(request(), answer())
    assert ledger.total().usd == pytest.approx(0.25 + 0.2)
    assert ledger.total().tokens == 1_100_000


def test_cached_tokens_cost_the_cached_price():
    assert Price(2.0, 8.0, 0.5).usd(1_000_000, 400_000, 0) == pytest.approx(1.2 + 0.2)
    assert Price(2.0, 8.0).usd(1_000_000, 400_000, 0) == pytest.approx(2.0)


def test_an_unknown_model_is_counted_in_tokens_only():
    ledger = Ledger("openai", "gpt-99")
    ledger.charge(request(model="gpt-99"), answer())
    total = ledger.total()
    assert (total.usd, total.unpriced, total.tokens) == (0.0, 1, 1_100_000)
    assert "price unknown" in str(total)


def test_what_the_provider_charged_beats_the_table():
    ledger = Ledger("openrouter", "qwen/any")
    ledger.charge(request(provider="openrouter", model="qwen/any"), answer(usd=0.03))
    assert ledger.total().usd == 0.03
    assert ledger.total().unpriced == 0


def test_ones_own_server_is_free_and_a_dated_model_has_its_models_price():
    assert price("vllm", "anything") == Price(0.0, 0.0)
    assert price("openai", "gpt-5-mini-2025-08-07") == price("openai", "gpt-5-mini") is not None
    assert price("openai", "gpt-5-mini-high") is None


def test_the_table_says_when_and_whence_and_no_price_is_absurd():
    table, source = price_table()
    assert source[:4] == "2026"
    assert len(source) > 30
    for model, each in table.items():
        assert 0 < (each.cached or each.input) <= each.input < each.output < 200, model


def test_a_call_counts_once_however_often_it_is_charged():
    ledger = Ledger("openai", "gpt-5-mini")
    for _ in range(3):
        ledger.charge(request(), answer())
    assert ledger.total().calls == 1


def test_totals_by_level():
    ledger = Ledger("openai", "gpt-5-mini")
    for cycle, index in [(1, 0), (1, 1), (3, 0)]:
        ledger.charge(request(cycle, index), answer(tokens_in=10 * cycle, tokens_out=index))
    assert ledger.of([request(1, 1).key, "unknown"]).tokens_out == 1


def test_a_cap_in_tokens_stops_and_counts_calls_under_way():
    ledger = Ledger("openai", "gpt-5-mini", tokens=1000)
    ledger.charge(request(), answer(700, 50))
    assert ledger.spent() is None
    with ledger.expecting(request(index=1)):  # 100 tokens of prompt and an answer of 50
        assert ledger.spent() is None
        with ledger.expecting(request(index=2)):
            assert "budget.tokens=1000 is spent" in ledger.spent()
    assert ledger.spent() is None


def test_a_cap_in_money_stops():
    ledger = Ledger("openai", "gpt-5-mini", usd=0.5)
    ledger.charge(request(), answer())
    assert ledger.spent() is None
    ledger.charge(request(index=1), answer())
    assert "budget.usd=0.5 is spent" in ledger.spent()


def test_a_cap_in_money_without_a_price_is_refused():
    with pytest.raises(ConfigError, match=r"no price is known for 'gpt-99' .* use budget.tokens"):
        Ledger("openai", "gpt-99", usd=1.0)
    Ledger("openrouter", "qwen/any", usd=1.0)
    Ledger("vllm", "any", usd=1.0)


def test_a_resumed_ledger_counts_what_the_journal_holds(tmp_path):
    first = Ledger("openai", "gpt-5-mini")
    with Journal(tmp_path) as journal:
        for index in (2, 0, 1):
            made = answer(tokens_in=333 * index + 1, tokens_out=7)
            first.charge(request(index=index), made)
            journal.record(request(index=index), made)
    second = Ledger("openai", "gpt-5-mini")
    second.read(Journal(tmp_path, "replay"))
    assert second.total() == first.total()
    assert second.charges() == first.charges()


def test_estimates_are_named_as_such():
    ledger = Ledger("vllm", "any")
    ledger.charge(request(provider="vllm", model="any"), answer(estimated=True))
    assert "about" in str(ledger.total())
