import asyncio
import json
import logging
import time

import pytest

from dicode.dreaming.calls import Answer, Kind, Message, Request
from dicode.dreaming.client import OpenAIClient, Patience, _retry_after
from dicode.dreaming.providers import KEY_VARIABLES, PROVIDERS, Endpoint, Key, find_key, keys_present, scrub_paths
from dicode.dreaming.replies import MAX_KEPT
from dicode.dreaming.trial import probe
from dicode.errors import ConfigError

pytestmark = pytest.mark.fast

SECRET = "sk-verysecret0123456789"
QUICK = Patience(first_s=0.01, longest_s=0.02, longest_retry_after_s=1.0)


def endpoint(url, **changes):
    values = {
        "provider": "vllm",
        "model": "m",
        "base_url": url,
        "key_env": "FM_KEY",
        "timeout_s": 10.0,
        "retries": 2,
        "concurrency": 3,
    }
    return Endpoint(**(values | changes))


def request(index=0, **changes):
    values = {
        "cycle": 1, "index": index, "stage": "code", "attempt": 0, "provider": "vllm", "model": "m", "messages": (Message("user", "Write."),),
        "max_tokens": 50, "temperature": 0.6, "top_p": 0.95, "seed": 7,
    }  # fmt: skip
    return Request(**(values | changes))


def ask(where, *requests):
    async def go():
        async with OpenAIClient(where, Key("FM_KEY", SECRET), QUICK) as client:
            return await asyncio.gather(*(client.complete(r) for r in requests))

    answers = asyncio.run(go())
    return answers[0] if len(answers) == 1 else answers


def test_an_answer_comes_with_its_text_usage_and_model(fm_server):
    fm_server.script = [fm_server.said("Hello.")]
    answer = ask(endpoint(fm_server.url), request())
    assert (answer.kind, answer.text, answer.model) == (Kind.TEXT, "Hello.", "scripted-1")
    assert (answer.tokens_in, answer.tokens_out, answer.estimated, answer.retries) == (100, 20, False, 0)
    sent = fm_server.requests[0]
    assert sent["messages"] == [{"role": "user", "content": "Write."}]
    assert (sent["max_tokens"], sent["temperature"], sent["seed"]) == (50, 0.6, 7)


def test_each_provider_gets_the_fields_of_its_dialect(fm_server):
    fm_server.script = [fm_server.said("Hello.")]
    ask(endpoint(fm_server.url, provider="openai"), request(temperature=None, top_p=None))
    assert set(fm_server.requests[0]) == {"model", "messages", "max_completion_tokens"}


@pytest.mark.slow
def test_retry_after_is_waited_for(fm_server):
    fm_server.script = [fm_server.problem(429, headers={"Retry-After": "0.3"}), fm_server.said("ok")]
    answer = ask(endpoint(fm_server.url), request())
    assert (answer.kind, answer.retries) == (Kind.TEXT, 1)
    assert 0.3 <= fm_server.times[1] - fm_server.times[0] < 5


def test_a_server_that_asks_for_too_long_a_wait_is_given_up_on(fm_server):
    fm_server.script = [fm_server.problem(429, "slow down", headers={"Retry-After": "3600"})]
    answer = ask(endpoint(fm_server.url), request())
    assert (answer.kind, answer.reason, len(fm_server.requests)) == (Kind.FAILED, "HTTP 429: slow down", 1)


@pytest.mark.parametrize(("header", "seconds"), [("2", 2.0), ("0", 0.0), ("-1", None), ("nan", None), ("soon", None)])
def test_retry_after_is_read_as_seconds(header, seconds):
    assert _retry_after({"retry-after": header}) == seconds


def test_retry_after_is_read_as_a_date():
    from email.utils import formatdate

    assert 3 < _retry_after({"retry-after": formatdate(time.time() + 5)}) < 7


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault",
    ["500", "503", "drop", "cut", "time-out", "drip", "invalid json", "html", "wrong shape", "error in a 200", "depth"],
)
def test_what_may_pass_is_tried_again(fm_server, fault):
    step = fm_server.Step
    faults = {
        "500": fm_server.problem(500),
        "503": fm_server.problem(503),
        "drop": step(drop=True),
        "cut": step(body=b'{"choices": [', cut=True),
        "time-out": step(delay_s=1.0, body=b"{}"),
        "drip": step(drip_s=0.02, body=fm_server.said("dripped").body),
        "invalid json": step(body=b'{"choices": ['),
        "html": step(body=b"<html>gateway</html>", headers={"Content-Type": "text/html"}),
        "wrong shape": step(body=b'{"choices": [{"message": 3}]}'),
        "depth": step(
            body=b'{"choices": [{"message": {"content": %s}}]}' % (b'[{"content":' * 400 + b"1" + b"}]" * 400)
        ),
        "error in a 200": step(body=b'{"error": {"message": "overloaded", "code": 502}}'),
    }
    fm_server.script = [faults[fault], fm_server.said("ok")]
    slow = fault in ("time-out", "drip")
    answer = ask(endpoint(fm_server.url, timeout_s=0.5 if slow else 10.0), request())
    assert (answer.kind, answer.text, answer.retries) == (Kind.TEXT, "ok", 1)


def test_a_server_that_never_recovers_gives_a_failed_answer_after_the_retries(fm_server):
    fm_server.script = [fm_server.problem(500, "broken")]
    answer = ask(endpoint(fm_server.url), request())
    assert (answer.kind, answer.reason, answer.retries) == (Kind.FAILED, "HTTP 500: broken", 2)
    assert len(fm_server.requests) == 3


def test_a_server_that_is_not_there_gives_a_failed_answer(fm_server):
    fm_server.close()
    answer = ask(endpoint(fm_server.url, retries=0), request())
    assert answer.kind is Kind.FAILED
    assert "connection failed" in answer.reason


@pytest.mark.parametrize(
    ("status", "error", "says"),
    [
        (401, {}, "the server rejects the key in FM_KEY"),
        (404, {"code": "model_not_found"}, "model 'm' at vllm"),
        (404, {"message": "Not Found"}, "fm.base_url='http://127.0.0.1:"),
        (400, {}, "HTTP 400"),
        (402, {}, "HTTP 402"),
        (429, {"code": "insufficient_quota"}, "HTTP 429"),
    ],
)
def test_what_will_not_pass_is_denied_at_once(fm_server, status, error, says):
    fm_server.script = [fm_server.problem(status, **error)]
    answer = ask(endpoint(fm_server.url), request())
    assert answer.kind is Kind.DENIED
    assert says in answer.reason
    assert len(fm_server.requests) == 1


FLAGGED = {
    "azure": (400, {"error": {"message": "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.", "type": None, "param": "prompt", "code": "content_filter", "status": 400, "innererror": {"code": "ResponsibleAIPolicyViolation"}}}),
    "openrouter": (403, {"error": {"code": 403, "message": 'openai/o3 requires moderation on OpenAI. Your input was flagged for "violence".', "metadata": {"reasons": ["violence"]}}}),
    "openai": (400, {"error": {"message": "Invalid prompt: your prompt was flagged as potentially violating our usage policy. Lower the temperature.", "code": "invalid_prompt"}}),
    "anthropic": (400, {"type": "error", "error": {"type": "invalid_request_error", "message": "Output blocked by content filtering policy"}}),
    "deepseek": (400, {"error": {"message": "Content Exists Risk", "type": "invalid_request_error"}}),
    "alibaba": (400, {"error": {"code": "data_inspection_failed", "message": "Input data may contain inappropriate content."}}),
    "xai": (403, {"code": "The caller does not have permission to execute the specified operation", "error": "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO"}),
    "zhipu": (400, {"contentFilter": [{"level": 1}], "error": {"code": "1301", "message": "System detected potentially unsafe or sensitive content in input or generation."}}),
    "litellm": (400, {"error": {"message": "{'error': 'Violated guardrail policy'}", "code": "400"}}),
    "guardrails": (403, {"message": "Input blocked by guardrails"}),
    "in a 200": (200, {"error": {"code": 403, "message": "Your input was flagged"}}),
}  # fmt: skip


@pytest.mark.parametrize("maker", FLAGGED)
def test_a_prompt_that_a_filter_stops_is_refused_and_teaches_nothing_of_fields(fm_server, maker):
    status, body = FLAGGED[maker]
    fm_server.script = [fm_server.Step(status, json.dumps(body).encode()), fm_server.said("ok")]
    answer = ask(endpoint(fm_server.url), request())
    assert answer.kind is Kind.REFUSED
    assert "content filter" in answer.reason
    assert len(fm_server.requests) == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (413, {"message": "Request Entity Too Large"}),
        (400, {"message": "too many", "code": "context_length_exceeded"}),
        (400, {"message": "prompt is too long: 208310 tokens > 200000 maximum"}),
        (400, {"message": "This model's maximum prompt length is 131072 but the request contains 137978 tokens."}),
        (400, {"message": "too many tokens: size limit exceeded by 10932 tokens. Try using shorter or fewer inputs"}),
        (422, {"message": "Input validation error: `inputs` must have less than 4096 tokens. Given: 5000"}),
        (400, {"message": "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."}),
    ],
)
def test_a_prompt_that_is_too_long_fails_at_once_and_denies_nothing_to_others(fm_server, status, error):
    fm_server.script = [fm_server.problem(status, **error)]
    answer = ask(endpoint(fm_server.url), request())
    assert (answer.kind, answer.retries) == (Kind.FAILED, 0)
    assert f"too long for the server (HTTP {status})" in answer.reason


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (403, "your plan does not include this model"),
        (403, "this account was flagged"),
        (400, "unknown model m"),
        (400, "the guardrail identifier in the request does not exist"),
    ],
)
def test_a_refusal_that_holds_for_every_prompt_is_denied(fm_server, status, message):
    fm_server.script = [fm_server.problem(status, message)]
    assert ask(endpoint(fm_server.url), request()).kind is Kind.DENIED


@pytest.mark.parametrize(
    ("content", "extra", "kind"),
    [
        ("", {}, Kind.EMPTY),
        (None, {}, Kind.EMPTY),
        ("  \n ", {}, Kind.EMPTY),
        ("half of a lev", {"finish": "length"}, Kind.TRUNCATED),
        (None, {"finish": "length"}, Kind.TRUNCATED),
        (None, {"refusal": "I can't help with that."}, Kind.REFUSED),
        ("", {"finish": "content_filter"}, Kind.REFUSED),
        ("I'm sorry, but I can't assist with that request.", {}, Kind.REFUSED),
        ([{"type": "text", "text": "in "}, {"type": "text", "text": "parts"}], {}, Kind.TEXT),
        ("I can't make it simpler:\n```python\nx = 1\n```", {}, Kind.TEXT),
    ],
)
def test_refusals_cut_and_empty_answers_are_told_apart_and_not_retried(fm_server, content, extra, kind):
    fm_server.script = [fm_server.said(content, **extra)]
    answer = ask(endpoint(fm_server.url), request())
    assert answer.kind is kind
    assert bool(answer.reason) == (kind is not Kind.TEXT)
    assert len(fm_server.requests) == 1


def body_of(finish="stop", tokens=10_000, usd=0.10, choices=True):
    message = {"finish_reason": finish, "message": {"content": "half of a level"}}
    usage = {"prompt_tokens": tokens - 1000, "completion_tokens": 1000, "cost": usd}
    return {"choices": [message] if choices else [], "usage": usage}


@pytest.mark.parametrize(
    ("bodies", "kind", "tokens", "usd"),
    [
        ([(200, body_of("error"))] * 3 + [(200, body_of(tokens=8000, usd=0.05))], Kind.TEXT, 38_000, 0.35),
        ([(200, body_of(choices=False))], Kind.FAILED, 40_000, 0.40),
        ([(200, body_of("error"))], Kind.FAILED, 40_000, 0.40),
        ([(200, body_of() | {"error": {"message": "overloaded"}})], Kind.FAILED, 40_000, 0.40),
        ([(502, body_of() | {"error": {"message": "upstream"}}), (200, body_of())], Kind.TEXT, 20_000, 0.20),
        ([(400, body_of() | {"error": {"code": "content_filter"}})], Kind.REFUSED, 10_000, 0.10),
        ([(200, body_of() | {"error": {"code": "content_filter"}})], Kind.REFUSED, 10_000, 0.10),
        ([(500, {"error": "down"}), (200, body_of())], Kind.TEXT, 10_000, 0.10),
        ([(200, body_of("error")), (200, body_of(usd=None))], Kind.TEXT, 20_000, None),
    ],
)
def test_what_failed_tries_are_known_to_have_cost_counts(fm_server, bodies, kind, tokens, usd):
    fm_server.script = [fm_server.Step(status, json.dumps(body).encode()) for status, body in bodies]
    answer = ask(endpoint(fm_server.url, retries=3), request())
    assert (answer.kind, answer.tokens_in + answer.tokens_out, answer.estimated) == (kind, tokens, False)
    assert answer.usd == (None if usd is None else pytest.approx(usd))


@pytest.mark.parametrize("usage", [None, (-5, 3), ("7", 3), (10**12, 3)])
def test_usage_that_is_missing_or_absurd_is_estimated_from_characters(fm_server, usage):
    fm_server.script = [fm_server.said("x" * 41, usage=usage)]
    answer = ask(endpoint(fm_server.url), request())
    assert answer.estimated
    assert answer.tokens_in == 2
    assert answer.tokens_out in (3, 11)


def test_no_more_requests_than_the_limit_are_under_way_at_once(fm_server):
    fm_server.script = lambda body, number: fm_server.Step(delay_s=0.05, body=fm_server.said("ok").body)
    answers = ask(endpoint(fm_server.url), *(request(i) for i in range(9)))
    assert all(a.kind is Kind.TEXT for a in answers)
    assert fm_server.most_under_way == 3


def test_every_round_may_open_its_own_loop_and_a_client_refuses_a_strange_one(fm_server):
    fm_server.script = [fm_server.said("ok")]
    for _ in range(4):
        assert ask(endpoint(fm_server.url), request()).kind is Kind.TEXT
    client = OpenAIClient(endpoint(fm_server.url), Key("FM_KEY", SECRET))

    async def opened():
        await client.__aenter__()

    asyncio.run(opened())
    with pytest.raises(RuntimeError, match="event loop"):
        asyncio.run(client.complete(request()))


def test_the_key_is_sent_but_never_logged_nor_returned(fm_server, caplog):
    caplog.set_level(logging.DEBUG)
    echo = f"Incorrect key {SECRET} (Bearer {SECRET})"
    fm_server.script = [fm_server.problem(500, echo), fm_server.said(echo), fm_server.problem(403, echo)]
    where = endpoint(fm_server.url)
    answers = [ask(where, request()), ask(where, request())]
    assert fm_server.headers[0]["authorization"] == f"Bearer {SECRET}"
    assert [a.kind for a in answers] == [Kind.TEXT, Kind.DENIED]
    shown = repr(answers) + caplog.text + repr(Key("FM_KEY", SECRET)) + repr(where)
    assert SECRET not in shown
    assert "verysecret" not in shown


@pytest.mark.parametrize("before", [80, 120, 200])
@pytest.mark.parametrize("place", ["error in a 200", "filter in a 200", "status", "refusal", "text"])
def test_no_part_of_a_key_stays_where_a_long_reason_is_cut(fm_server, before, place):
    """Without a prefix by which keys of known makers are told."""
    key = "".join(chr(ord("A") + i % 26) + str(i % 10) for i in range(60))
    said = f"I'm sorry, {'w' * before} {key}"
    fm_server.script = {
        "error in a 200": [fm_server.problem(200, said)],
        "filter in a 200": [fm_server.problem(200, said, code="content_filter")],
        "status": [fm_server.problem(403, said)],
        "refusal": [fm_server.said(None, refusal=said)],
        "text": [fm_server.said(said)],
    }[place]

    async def go():
        async with OpenAIClient(endpoint(fm_server.url, retries=0), Key("FM_KEY", key), QUICK) as client:
            return await client.complete(request())

    answer = asyncio.run(go())
    assert answer.kind is not Kind.TEXT or len(said) >= 400
    assert not any(key[i : i + 6] in answer.reason + answer.text for i in range(0, len(key) - 6, 2))


def test_no_part_of_a_key_stays_where_a_text_is_cut_that_is_longer_than_what_is_read(fm_server):
    fm_server.script = [fm_server.said("x" * (MAX_KEPT - 8) + SECRET)]
    answer = ask(endpoint(fm_server.url), request())
    assert len(answer.text) == MAX_KEPT - 3
    assert answer.text.endswith("x[key]")


def test_words_of_an_answer_that_only_look_like_a_key_stay(fm_server):
    words = f"the torch bearer approaches sk-distances and hf_aaaaaaaaaaaaaaaaaaaaaaaa; {SECRET}"
    fm_server.script = [fm_server.said(words), fm_server.problem(403, words)]
    answers = [ask(endpoint(fm_server.url), request()) for _ in range(2)]
    assert answers[0].text == words.replace(SECRET, "[key]")
    assert answers[1].reason == "HTTP 403: the torch [key] [key] and [key]; [key]"


def test_openai_settings_of_the_environment_are_not_sent_to_other_providers(fm_server, monkeypatch):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-mine")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-mine")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-theotherkey99")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://192.0.2.1/")
    fm_server.script = [fm_server.said("ok")]
    ask(endpoint(fm_server.url), request())
    assert "of-mine" not in str(fm_server.headers)
    assert "theotherkey" not in str(fm_server.headers)


def test_a_proxy_is_not_asked_for_a_server_on_this_machine(fm_server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    fm_server.script = [fm_server.said("ok")]
    assert ask(endpoint(fm_server.url, retries=0), request()).kind is Kind.TEXT


def test_a_key_comes_from_the_environment_else_from_dotenv_and_leaves_the_environment_alone(tmp_path, monkeypatch):
    import os

    where = endpoint("http://localhost:1/v1", key_env="DICODE_TEST_KEY")
    (tmp_path / ".env").write_text("DICODE_TEST_KEY=fromfile99\n")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert find_key(where, below).reveal() == "fromfile99"
    assert "DICODE_TEST_KEY" not in os.environ
    monkeypatch.setenv("DICODE_TEST_KEY", "fromenv99")
    assert find_key(where, below).reveal() == "fromenv99"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_dotenv_is_read_in_the_encodings_in_which_editors_and_shells_write_it(tmp_path, monkeypatch, encoding):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes("# Schl\u00fcssel\r\nGEMINI_API_KEY=fromfile99\r\n".encode(encoding))
    where = endpoint("https://generativelanguage.googleapis.com/v1beta/openai", key_env="GEMINI_API_KEY")
    monkeypatch.delenv("GEMINI_API_KEY", raising=False)
    assert find_key(where, tmp_path).reveal() == "fromfile99"
    assert keys_present()["GEMINI_API_KEY"]


def test_a_missing_key_is_an_error_that_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.delenv("DICODE_TEST_KEY", raising=False)
    with pytest.raises(ConfigError, match=r"set DICODE_TEST_KEY .* or use dreamer=grammar"):
        find_key(endpoint("http://localhost:1/v1", key_env="DICODE_TEST_KEY"), tmp_path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"provider": "opnai"}, "did you mean 'openai'"),
        ({"base_url": "localhost:8000"}, "not an http"),
        ({"base_url": "https://me:pw@host/v1"}, "user name or password"),
        ({"model": ""}, "fm.model is empty"),
        ({"key_env": "sk-oops-the-key"}, "name"),
    ],
)
def test_a_wrong_endpoint_is_an_error_that_never_repeats_a_key(change, says):
    with pytest.raises(ConfigError, match=says) as caught:
        endpoint(**({"url": "http://localhost:1/v1"} | change))
    assert "oops" not in str(caught.value)
    assert "pw@" not in str(caught.value)


def test_absolute_paths_are_scrubbed_and_addresses_stay():
    assert scrub_paths("no file /home/me/models/a.gguf here") == "no file [path]/a.gguf here"
    assert scrub_paths(r"in C:\Users\me\x.py now") == "in [path]/x.py now"
    assert scrub_paths("see https://host.org/a/b and wood/stone") == "see https://host.org/a/b and wood/stone"


def test_probe_says_what_works_and_what_does_not(fm_server, monkeypatch):
    monkeypatch.setenv("FM_KEY", SECRET)
    fm_server.script = [fm_server.said("ready"), fm_server.problem(404, "no such model")]
    good = probe(endpoint(fm_server.url))
    assert good.ok
    assert "usage is reported" in good.sentence
    bad = probe(endpoint(fm_server.url))
    assert not bad.ok
    assert "no such model" in bad.sentence
    assert len(fm_server.requests) == 2
    monkeypatch.delenv("FM_KEY")
    with pytest.raises(ConfigError, match="set FM_KEY"):
        probe(endpoint(fm_server.url))


def test_the_key_of_a_request_covers_every_field():
    base = request()
    changes = {
        "cycle": 2, "index": 5, "stage": "design", "attempt": 1, "provider": "openai", "model": "n", "messages": (Message("user", "Write!"),),
        "max_tokens": 51, "temperature": 0.7, "top_p": 0.9, "seed": 8,
    }  # fmt: skip
    assert len({request(**{name: value}).key for name, value in changes.items()} | {base.key}) == len(changes) + 1
    assert request().key == base.key
    assert len(base.key) == 32


def test_an_answer_survives_json():
    answer = Answer(Kind.TRUNCATED, "text", "why", 3, 1, 2, True, 0.5, "m", 1.25, 1)
    assert Answer.from_json(json.loads(json.dumps(answer.to_json()))) == answer


def test_every_provider_has_a_configuration_entry_that_makes_an_endpoint():
    from importlib import resources

    import yaml

    folder = resources.files("dicode.conf").joinpath("fm")
    entries = {p.name[:-5]: yaml.safe_load(p.read_text()) for p in folder.iterdir() if p.name.endswith(".yaml")}
    assert set(entries) == set(PROVIDERS)
    for name, values in entries.items():
        fields = {k: v for k, v in values.items() if k in Endpoint.__dataclass_fields__}
        needed = (
            {"model": "any", "base_url": "", "command": "cat"}
            if name == "command"
            else {"model": "any", "base_url": ""}
        )
        assert Endpoint(**(needed | {k: v for k, v in fields.items() if v != ""})).provider == name
    assert {values.get("key_env", "") for values in entries.values()} - {""} == set(KEY_VARIABLES)


KEYS = ["sk-verysecret0123456789", "AIzaSyD1234567890abcdefghij", "hf_abcdefghij1234567890abcd", "gsk_abcdefghij1234567890abcd", "abcdefghij1234567890abcdefghij12", "A" * 41]  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("place", ["fm", "models.b"])
def test_a_key_in_the_place_of_its_variable_s_name_is_refused_before_anything_shows_or_keeps_it(key, place):
    from dicode import config

    words = ["fm=[vllm,gemini]", "fm.model=m", "models.gemini.model=n", "dreamer=foundation"]
    with pytest.raises(ConfigError, match=r"key_env must be the \*name\* of an environment variable") as refused:
        config.load([*words, f"{'fm' if place == 'fm' else 'models.gemini'}.key_env={key}"])
    assert key not in str(refused.value)
    with pytest.raises(ConfigError, match=rf"{place}.key_env must be") as refused:
        Endpoint("openai", "m", "https://api.example/v1", key, place=place)
    assert key not in str(refused.value)


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "my_key_2", "COMPANY_2024_GATEWAY_TOKEN", "a_name_of_a_key"])
def test_a_name_of_a_variable_is_none_of_a_key(name):
    assert Endpoint("openai", "m", "https://api.example/v1", name).key_env == name


def test_doctor_sees_keys_without_their_values(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in KEY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".env").write_text("GEMINI_API_KEY=abcdef123\nOPENAI_API_KEY=\n")
    assert keys_present() == {name: name == "GEMINI_API_KEY" for name in KEY_VARIABLES}
