"""What a run knows of prices, from whom, and when it cannot keep a cap in money."""

import errno
import json

import pytest

from dicode.dreaming.calls import Answer, Kind, Message, Request
from dicode.dreaming.ledger import Ledger
from dicode.dreaming.prices import FILE, Price, kept, quote
from dicode.dreaming.providers import Endpoint
from dicode.errors import ConfigError, RunError

pytestmark = pytest.mark.fast


def endpoint(provider="vllm", url="https://models.example.org/v1", **changes):
    return Endpoint(**({"provider": provider, "model": "m", "base_url": url} | changes))


def rates(*endpoints):
    return {(e.provider, e.model): quote(e).price for e in endpoints}


@pytest.mark.parametrize("provider", ["vllm", "ollama", "llamacpp", "local"])
@pytest.mark.parametrize("url", ["https://models.example.org/v1", "http://10.0.0.5:8000/v1", "http://gpu:8000/v1"])
def test_a_server_elsewhere_has_no_known_price_and_refuses_a_cap_in_money(provider, url):
    where = endpoint(provider, url)
    with pytest.raises(
        ConfigError, match=r"no price is known for 'm' at .* use budget.tokens, or say .* fm.price_input"
    ):
        Ledger(provider, "m", usd=0.0001, rates=rates(where))
    Ledger(provider, "m", tokens=100, rates=rates(where))


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/v1", "http://localhost:8000/v1", "http://[::1]:8000/v1"])
def test_a_server_on_this_machine_is_free(url):
    assert quote(endpoint(url=url)).price == Price(0.0, 0.0)
    Ledger("vllm", "m", usd=0.0001, rates=rates(endpoint(url=url)))


def test_a_price_that_is_said_holds_anywhere():
    where = endpoint("openai", model="gpt-5-mini", price_input=1.0, price_output=2.0)
    assert quote(where).price == Price(1.0, 2.0)
    assert quote(endpoint(price_input=0.0, price_output=0.0)).price == Price(0.0, 0.0)
    with pytest.raises(ConfigError, match="together"):
        endpoint(price_input=1.0)


def test_a_program_has_no_known_price_and_a_person_asks_for_none():
    program = Endpoint("command", "command", "", command="cat")
    assert quote(program).price is None
    assert quote(Endpoint("person", "person", "")).price == Price(0.0, 0.0)


def answered(usd=None, tokens=(10, 5), kind=Kind.TEXT):
    return Answer(kind, "x", "", tokens[0], 0, tokens[1], usd=usd)


def asked(index, provider="openrouter"):
    return Request(1, index, "code", 0, provider, "m", (Message("user", "x"),), 50)


def test_an_answer_without_a_price_stops_the_model_under_a_cap_in_money():
    ledger = Ledger("openrouter", "m", usd=5.0)
    ledger.charge(asked(0), answered(usd=0.01))
    assert ledger.spent() is None
    ledger.charge(asked(1), answered(tokens=(0, 0), kind=Kind.FAILED))
    assert ledger.spent() is None  # nothing came back
    ledger.charge(asked(2), answered())
    assert "budget.usd=5 cannot be kept any more: 1 answers came without a price" in ledger.spent()
    without = Ledger("openrouter", "m")
    without.charge(asked(0), answered())
    assert without.spent() is None


def test_calls_under_way_count_with_the_mean_price_where_only_answers_tell_it():
    ledger = Ledger("openrouter", "m", usd=0.25)
    ledger.charge(asked(0), answered(usd=0.1))
    with ledger.expecting(asked(1)):
        assert ledger.spent() is None
        with ledger.expecting(asked(2)):
            assert "budget.usd=0.25 is spent" in ledger.spent()


def test_sums_by_model():
    ledger = Ledger("openrouter", "m")
    ledger.charge(asked(0), answered(usd=0.1))
    ledger.charge(asked(1, "vllm"), answered())
    assert {name: total.usd for name, total in ledger.by_model().items()} == {
        ("openrouter", "m"): 0.1,
        ("vllm", "m"): 0.0,
    }


def test_prices_are_written_into_the_run_with_their_date_and_hold_for_good(tmp_path):
    first = endpoint("openai", model="gpt-5-mini")
    written = kept(tmp_path, [quote(first)])
    told = json.loads((tmp_path / FILE).read_text())["models"][0]
    assert told["price"]["input"] == written["openai", "gpt-5-mini"].input
    assert told["source"].startswith("2026-")
    told["price"]["input"] = 77.0
    (tmp_path / FILE).write_text(json.dumps({"models": [told]}))
    again = kept(tmp_path, [quote(first), quote(endpoint())])
    assert again["openai", "gpt-5-mini"].input == 77.0
    assert again["vllm", "m"] is None
    ledger = Ledger("openai", "gpt-5-mini", rates=again)
    ledger.charge(Request(1, 0, "code", 0, "openai", "gpt-5-mini", (), 5), answered(tokens=(1_000_000, 0)))
    assert ledger.total().usd == 77.0


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"models": [{}]}', '{"models": [{"provider": 1}]}', "[" * 9000, '{"models": [{"provider": "vllm", "model": "m", "price": {"input": -1.0, "output": 0.0}, "source": ""}]}', '{"models": [{"provider": "vllm", "model": "m", "price": {"input": "1", "output": 0.0}, "source": ""}]}', '{"models": [{"provider": "vllm", "model": "m", "price": {"input": NaN, "output": 0.0}, "source": ""}]}'])  # fmt: skip
def test_a_damaged_price_list_is_one_sentence(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    with pytest.raises(RunError, match=r"prices\.json"):
        kept(tmp_path, [])


def test_a_price_list_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    kept(tmp_path, [quote(endpoint("openai", model="gpt-5-mini"))])
    before = (tmp_path / FILE).read_bytes()
    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(RunError, match=r"cannot write .*prices\.json: .*free some space"):
        kept(tmp_path, [quote(endpoint())])
    assert (tmp_path / FILE).read_bytes() == before
    assert list(tmp_path.iterdir()) == [tmp_path / FILE]


def full_disk(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_an_embedding_model_has_a_price_too():
    where = endpoint("openai", model="gpt-5-mini")
    assert quote(where, "text-embedding-3-small").price == Price(0.02, 0.0)
    assert quote(where, "unknown").price is None
