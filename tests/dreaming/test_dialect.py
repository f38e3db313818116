"""Servers that refuse a field by name are asked without it, at once and from then on."""

import asyncio
import json
import time

import pytest

from dicode.dreaming.calls import EMBEDDING, Kind, Message, Request
from dicode.dreaming.client import OpenAIClient, Patience
from dicode.dreaming.dialect import Dialect, complaint
from dicode.dreaming.providers import Endpoint, Key

pytestmark = pytest.mark.fast

MESSAGES = (Message("system", "Rules."), Message("user", "Write."))


def ask(server, rounds=1, count=1, **changes):
    """Answers of `rounds` clients that share what they learn, `count` calls each."""
    values = {
        "provider": "vllm",
        "model": "m",
        "base_url": server.url,
        "timeout_s": 10.0,
        "retries": 0,
        "concurrency": 8,
    }
    where, dialect = Endpoint(**(values | changes)), Dialect()
    calls = [Request(1, i, "code", 0, "vllm", "m", MESSAGES, 32_000, 0.6, 0.95, 7) for i in range(count)]

    async def go():
        async with OpenAIClient(where, Key("", ""), Patience(first_s=0.01), dialect) as client:
            return await asyncio.gather(*map(client.complete, calls))

    return [answer for _ in range(rounds) for answer in asyncio.run(go())]


def in_turn(server, lengths, max_tokens):
    """Answers to prompts of so many characters, one after the other."""
    where = Endpoint(provider="vllm", model="m", base_url=server.url, timeout_s=10.0, retries=0, concurrency=1)
    prompts = [(Message("user", "x" * length),) for length in lengths]
    calls = [Request(1, i, "code", 0, "vllm", "m", prompt, max_tokens) for i, prompt in enumerate(prompts)]

    async def go():
        async with OpenAIClient(where, Key("", ""), Patience(first_s=0.01)) as client:
            return [await client.complete(call) for call in calls]

    return asyncio.run(go())


def refusing(server, refuses, body):
    """A script: status 400 with `body` while `refuses(request)`, else an answer."""
    return lambda asked, number: server.Step(400, json.dumps(body).encode()) if refuses(asked) else server.said("ok")


REFUSALS = {
    "openai": ("temperature", {"error": {"message": "Unsupported parameter: 'temperature' is not supported with this model.", "type": "invalid_request_error", "param": "temperature", "code": "unsupported_parameter"}}),
    "openai value": ("temperature", {"error": {"message": "Unsupported value: 'temperature' does not support 0.6 with this model. Only the default (1) value is supported.", "param": "temperature"}}),
    "plain": ("temperature", {"message": "temperature is not supported"}),
    "gemini": ("seed", [{"error": {"code": 400, "message": 'Invalid JSON payload received. Unknown name "seed": Cannot find field.', "status": "INVALID_ARGUMENT"}}]),
    "groq": ("seed", {"error": {"message": "property 'seed' is unsupported"}}),
    "pydantic": ("top_p", {"detail": [{"type": "extra_forbidden", "loc": ["body", "top_p"], "msg": "Extra inputs are not permitted", "input": "temperature seed"}]}),
    "vllm": ("seed", {"object": "error", "message": "[{'type': 'extra_forbidden', 'loc': ('body', 'seed'), 'msg': 'Extra inputs'}]", "code": 400}),
    "anthropic": ("top_p", {"type": "error", "error": {"type": "invalid_request_error", "message": "`temperature` and `top_p` cannot both be specified for this model. Please use only one."}}),
    "bedrock": ("top_p", {"message": "ValidationException: The model returned the following errors: top_p is not supported"}),
    "text": ("seed", {"error": "unknown field seed"}),
    "vertex": ("max_tokens", {"error": {"code": 400, "message": "Unable to submit request because it has a maxOutputTokens value of 100000 but the supported range is from 1 (inclusive) to 65537 (exclusive)."}}),
    "openrouter": ("temperature", {"error": {"message": "Provider returned error", "code": 400, "metadata": {"raw": json.dumps({"error": {"message": "Unsupported parameter: 'temperature' is not supported with this model.", "param": "temperature"}}), "provider_name": "OpenAI"}}}),
    "openrouter words": ("seed", {"error": {"message": "Provider returned error", "code": 400, "metadata": {"raw": "unknown field seed"}}}),
    "gateway": ("top_p", {"error": {"message": "upstream", "cause": "\n" + json.dumps([{"error": {"message": "top_p is not supported"}}])}}),
    "limit": ("max_tokens", {"error": {"message": "Unrecognized request argument supplied: max_tokens"}}),
}  # fmt: skip


@pytest.mark.parametrize("maker", REFUSALS)
def test_a_refused_field_is_left_out_and_remembered(fm_server, maker):
    field, body = REFUSALS[maker]
    fm_server.script = refusing(fm_server, lambda asked: field in asked, body)
    answers = ask(fm_server, rounds=2)
    assert [answer.text for answer in answers] == ["ok", "ok"]
    assert [field in asked for asked in fm_server.requests] == [True, False, False]
    left = {"temperature", "top_p", "seed", "max_tokens"} - {field}
    assert left <= set(fm_server.requests[-1])


def test_a_server_of_vectors_that_refuses_their_encoding_is_asked_without_it(fm_server):
    def script(asked, number):
        if "encoding_format" in asked:
            return fm_server.problem(400, "unknown parameter: encoding_format")
        return fm_server.Step(200, json.dumps({"data": [{"embedding": [3.0, 4.0]}]}).encode())

    fm_server.script = script
    request = Request(1, 0, EMBEDDING, 0, "vllm", "m", (Message("user", "A level."),), 1)
    where = Endpoint(provider="vllm", model="m", base_url=fm_server.url, timeout_s=10.0, retries=0, concurrency=1)

    async def go():
        async with OpenAIClient(where, Key("", ""), Patience(first_s=0.01)) as client:
            return await client.complete(request), await client.complete(request)

    assert [answer.kind for answer in asyncio.run(go())] == [Kind.TEXT, Kind.TEXT]
    assert ["encoding_format" in asked for asked in fm_server.requests] == [True, False, False]


def test_several_refused_fields_are_given_up_one_by_one(fm_server):
    def script(asked, number):
        field = next((f for f in ("seed", "temperature", "top_p") if f in asked), None)
        return fm_server.problem(422, f"{field}: not permitted") if field else fm_server.said("ok")

    fm_server.script = script
    assert ask(fm_server)[0].text == "ok"
    assert len(fm_server.requests) == 4


def test_calls_under_way_together_learn_from_each_other(fm_server):
    fm_server.script = refusing(fm_server, lambda asked: "temperature" in asked, REFUSALS["openai"][1])
    assert all(answer.text == "ok" for answer in ask(fm_server, count=6))
    assert all("top_p" in asked and "seed" in asked for asked in fm_server.requests)
    assert len(fm_server.requests) <= 12


def test_the_other_name_of_the_token_limit_is_used_where_the_server_names_it(fm_server):
    said = {"error": {"message": "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", "param": "max_tokens"}}  # fmt: skip
    fm_server.script = refusing(fm_server, lambda asked: "max_tokens" in asked, said)
    assert all(answer.text == "ok" for answer in ask(fm_server, count=4))
    assert fm_server.requests[-1]["max_completion_tokens"] == 32_000


@pytest.mark.parametrize(
    "message",
    [
        "max_tokens: 32000 > 8192, which is the maximum allowed number of output tokens",
        "max_tokens is too large: 32000. This model supports at most 8192 completion tokens",
        "'max_tokens' or 'max_completion_tokens' is too large: the maximum context length is 16384 tokens",
        "max_completion_tokens is too large: 32000. This model supports at most 8192 completion tokens",
        "This model's maximum context length is 16384 tokens. However, you requested 40000 tokens (8000 in the messages, "
        "32000 in the completion). Please reduce the length of the messages or completion.",
        "request (40000 tokens) exceeds the available context size (16384 tokens)",
        "The maximum tokens you requested exceeds the model limit of 8192.",
        "`inputs` tokens + `max_new_tokens` must be <= 9000. Given: 500 `inputs` tokens and 32000 `max_new_tokens`",
    ],
)
def test_a_token_limit_that_is_too_large_is_halved_until_it_fits(fm_server, message):
    fm_server.script = refusing(fm_server, lambda asked: asked["max_tokens"] > 8192, {"error": {"message": message}})
    assert [answer.text for answer in ask(fm_server, rounds=2)] == ["ok", "ok"]
    assert [asked["max_tokens"] for asked in fm_server.requests] == [32_000, 16_000, 8_000, 8_000]


def test_a_prompt_that_is_too_long_for_the_server_lowers_no_other_request_s_limit(fm_server):
    """It is refused with every limit; what was tried on the way is forgotten."""
    said = "This model's maximum context length is 16384 tokens. However, you requested {} tokens ({} in the messages)."

    def script(asked, number):
        prompt = len(asked["messages"][0]["content"])
        whole = prompt + asked["max_tokens"]
        return fm_server.problem(400, said.format(whole, prompt)) if whole > 16_384 else fm_server.said("ok")

    fm_server.script = script
    answers = in_turn(fm_server, [16_500, 1_000, 9_000, 1_000, 9_000], max_tokens=8192)
    assert [answer.text for answer in answers] == ["", "ok", "ok", "ok", "ok"]
    assert [asked["max_tokens"] for asked in fm_server.requests[-5:]] == [8192, 8192, 4096, 8192, 4096]


def test_a_limit_that_holds_for_the_model_is_sent_with_shorter_prompts_too(fm_server):
    said = {"error": {"message": "max_tokens is too large: this model supports at most 4096 completion tokens"}}
    fm_server.script = refusing(fm_server, lambda asked: asked["max_tokens"] > 4096, said)
    in_turn(fm_server, [2_000, 100], max_tokens=8192)
    assert [asked["max_tokens"] for asked in fm_server.requests] == [8192, 4096, 4096]


@pytest.mark.parametrize(
    "said",
    [
        "System role not supported",
        "Developer instruction is not enabled for models/m",
        "Only user and assistant roles are supported!",
    ],
)
def test_a_model_without_a_system_role_gets_the_instructions_with_the_question(fm_server, said):
    fm_server.script = refusing(
        fm_server, lambda asked: asked["messages"][0]["role"] == "system", {"error": {"message": said}}
    )
    assert ask(fm_server)[0].text == "ok"
    assert fm_server.requests[1]["messages"] == [{"role": "user", "content": "Rules.\n\nWrite."}]


@pytest.mark.parametrize("status", [400, 422])
def test_a_refusal_that_names_no_field_is_final(fm_server, status):
    fm_server.script = [fm_server.problem(status, "the prompt breaks our rules")]
    answer = ask(fm_server)[0]
    assert answer.kind is Kind.DENIED
    assert "breaks our rules" in answer.reason
    assert len(fm_server.requests) == 1


def test_a_server_that_refuses_whatever_is_sent_is_given_up(fm_server):
    fm_server.script = [fm_server.problem(400, "temperature top_p seed max_tokens: too large, use fewer")]
    assert ask(fm_server)[0].kind is Kind.DENIED
    assert len(fm_server.requests) < 15


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"error": {"message": "a"}}, "a"),
        ([{"error": {"message": "b"}}], "b"),
        ({"detail": [{"msg": "c"}]}, "c"),
        ({"detail": "d"}, "d"),
        ({"error": "e"}, "e"),
        ({"errors": [{"message": "f"}]}, "f"),
        ("g\n", "g"),
        (None, "no message"),
        ({"error": {"message": None, "code": 7}}, "7"),
        ([[[[]]]], "no message"),
        ({"error": {"message": "a", "metadata": {"raw": '{"error": {"message": "h"}}'}}}, "h"),
        ({"error": {"message": "a", "metadata": {"raw": "{half"}}}, "{half"),
        ({"error": {"message": "a", "metadata": {"raw": None}}}, "a"),
        ({"error": {"message": '{"message": "i"}'}}, "i"),
        ({"error": {"message": "a", "cause": {"message": "j"}}}, "j"),
        ({"error": {"message": "[" * 15_000}}, "[" * 15_000),
    ],
)
def test_what_a_server_says_is_found_wherever_it_nests_it(body, says):
    assert complaint(body) == says


def test_an_error_of_many_parts_costs_little_time():
    tree = [{}]
    for _ in range(11):
        tree = [tree] * 3
    began = time.process_time()
    for body in (tree, {"error": tree}, {"errors": [{"error": tree}] * 3}):
        assert complaint(body) == "no message"
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("prompt is too long: 210000 tokens > 200000 maximum", Kind.FAILED),
        ("The response was filtered due to the prompt triggering our content management policy.", Kind.REFUSED),
    ],
)
def test_what_a_router_passes_on_about_one_prompt_ends_no_other_dream(fm_server, said, kind):
    raw = json.dumps({"error": {"message": said, "type": "invalid_request_error"}})
    fm_server.script = [fm_server.problem(400, "Provider returned error", metadata={"raw": raw})]
    answer = ask(fm_server)[0]
    assert answer.kind is kind
    assert said[:20] in answer.reason
