"""Bodies of all makers: what was said, why it stopped, what it took and what it cost."""

import json
import time

import pytest

from dicode.dreaming.calls import Kind, Message, Request
from dicode.dreaming.journal import Journal
from dicode.dreaming.parse import parse_answer
from dicode.dreaming.replies import read_reply, read_text, read_vector
from dicode.dreaming.unwrap import MAX_ANSWER

pytestmark = pytest.mark.fast

REQUEST = Request(1, 0, "code", 0, "vllm", "m", (Message("user", "x" * 40),), 50)


def reply(content="Hello.", finish="stop", usage=None, **message):
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content, **message}}
    return read_reply({"choices": [choice], **({"usage": usage} if usage is not None else {})}, REQUEST)


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        ({"prompt_tokens": 20, "completion_tokens": 198, "total_tokens": 623}, (20, 0, 603)),
        ({"prompt_tokens": 20, "completion_tokens": 198, "total_tokens": 218}, (20, 0, 198)),
        ({"prompt_tokens": 20, "completion_tokens": 198, "total_tokens": 218, "completion_tokens_details": {"reasoning_tokens": 405}}, (20, 0, 603)),
        ({"prompt_tokens": 20, "total_tokens": 623}, (20, 0, 603)),
        ({"promptTokenCount": 20, "thoughtsTokenCount": 405, "totalTokenCount": 425}, (20, 0, 405)),
        ({"promptTokenCount": 20, "thoughtsTokenCount": 405}, (20, 0, 405)),
        ({"prompt_tokens": 20.0, "completion_tokens": 198.0, "total_tokens": 623.0}, (20, 0, 603)),
        ({"prompt_tokens": 20, "completion_tokens": 198}, (20, 0, 198)),
        ({"prompt_tokens": 20, "completion_tokens": 198, "total_tokens": 3}, (20, 0, 198)),
        ({"prompt_tokens": 20, "completion_tokens": 198, "total_tokens": "many"}, (20, 0, 198)),
        ({"prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 130, "completion_tokens_details": {"reasoning_tokens": 100}}, (20, 0, 110)),
        ({"prompt_tokens": 20, "completion_tokens": 10, "completion_tokens_details": {"reasoning_tokens": 100}}, (20, 0, 110)),
        ({"prompt_tokens": 20, "completion_tokens": 150, "completion_tokens_details": {"reasoning_tokens": 100}}, (20, 0, 150)),
        ({"prompt_tokens": 20, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 12}}, (20, 12, 5)),
        ({"prompt_tokens": 20, "completion_tokens": 5, "prompt_cache_hit_tokens": 16}, (20, 16, 5)),
        ({"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 90}, (100, 90, 5)),
        ({"input_tokens": 10, "output_tokens": 5, "cache_creation_input_tokens": 90}, (100, 0, 5)),
        ({"input_tokens": 100, "output_tokens": 5, "input_tokens_details": {"cached_tokens": 64}}, (100, 64, 5)),
        ({"inputTokens": 10, "outputTokens": 5, "totalTokens": 105, "cacheReadInputTokens": 90}, (100, 90, 5)),
        ({"inputTokens": 10, "outputTokens": 5, "totalTokens": 15, "cacheReadInputTokens": 90}, (100, 90, 5)),
        ({"promptTokenCount": 20, "candidatesTokenCount": 198, "thoughtsTokenCount": 405, "totalTokenCount": 623}, (20, 0, 603)),
        ({"tokens": {"input_tokens": 7, "output_tokens": 3}, "billed_units": {"input_tokens": 2}}, (7, 0, 3)),
        ({"prompt_tokens": 20, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 999}}, (20, 20, 5)),
    ],
)  # fmt: skip
def test_tokens_are_counted_with_their_reasoning_whoever_counts_them(usage, counts):
    answer = reply(usage=usage)
    assert (answer.tokens_in, answer.tokens_cached, answer.tokens_out) == counts
    assert not answer.estimated


@pytest.mark.parametrize("usage", [None, {}, [], "x", {"prompt_tokens": True, "completion_tokens": 3}, {"prompt_tokens": -1, "completion_tokens": 3}, {"prompt_tokens": 10**12, "completion_tokens": 3}])  # fmt: skip
def test_counts_that_cannot_be_believed_are_estimated(usage):
    answer = reply("x" * 41, usage=usage)
    assert answer.estimated
    assert answer.tokens_in == 10
    assert answer.tokens_out in (3, 11)


def test_reasoning_that_is_shown_is_part_of_an_estimate():
    assert reply("x" * 40, reasoning_content="y" * 400).tokens_out == 110


@pytest.mark.parametrize(
    ("usage", "usd"),
    [
        ({"cost": 0, "cost_details": {"upstream_inference_cost": 0.05}}, 0.05),
        ({"cost": 0.0025, "cost_details": {"upstream_inference_cost": 0.05}}, 0.0525),
        ({"cost": 0.05, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.04}}, 0.09),
        ({"cost": 0.05, "cost_details": {"upstream_inference_cost": 0.04}}, 0.05),
        ({"cost": 0.05, "cost_details": {"upstream_inference_cost": None}}, 0.05),
        ({"cost_details": {"upstream_inference_cost": 0.05}}, 0.05),
        ({"cost": 0, "cost_details": {"upstream_inference_cost": None, "upstream_inference_prompt_cost": 0.01, "upstream_inference_completions_cost": 0.04}}, 0.05),
        ({"cost": 0, "cost_details": {"upstream_inference_input_cost": 0.01, "upstream_inference_output_cost": "0.04"}}, 0.05),
        ({"estimated_cost": 0.05}, 0.05),
        ({"cost": "0.05"}, 0.05),
        ({"cost": {"total_cost": 0.05}}, 0.05),
        ({"total_cost": 0.05}, 0.05),
        ({"cost": 0}, 0.0),
        ({}, None),
        ({"cost": -1}, None),
        ({"cost": True}, None),
        ({"cost": float("nan")}, None),
        ({"cost": float("inf")}, None),
        ({"cost": "free"}, None),
        ({"cost": [1]}, None),
        ({"cost": 1e9}, None),
    ],
)  # fmt: skip
def test_money_is_what_all_makers_of_an_answer_charge(usage, usd):
    found = reply(usage={"prompt_tokens": 1, "completion_tokens": 1, **usage}).usd
    assert found == (usd if usd is None else pytest.approx(usd))


@pytest.mark.parametrize("finish", ["length", "max_tokens", "MAX_TOKENS", "max_output_tokens", "model_length", "MaxTokens", "max-tokens", "model_context_window_exceeded", "Length", "FINISH_REASON_MAX_TOKENS", "FinishReason.MAX_TOKENS", "max_tokens_reached", "token_limit_reached", "context_length", "ERROR_LIMIT"])  # fmt: skip
def test_an_answer_that_was_cut_is_cut_whatever_the_maker_calls_it(finish):
    assert reply("half of a lev", finish).kind is Kind.TRUNCATED
    assert "went into reasoning" in reply(None, finish, reasoning_content="```python\ndraft\n```").reason
    assert reply(None, finish, reasoning_content="draft").text == ""


@pytest.mark.parametrize("finish", ["content_filter", "SAFETY", "RECITATION", "PROHIBITED_CONTENT", "refusal", "guardrail_intervened", "content_filtered", "contentFilter", "FINISH_REASON_SAFETY", "ERROR_TOXIC", "IMAGE_PROHIBITED_CONTENT"])  # fmt: skip
def test_a_filter_is_a_refusal_whatever_the_maker_calls_it(finish):
    assert reply("", finish).kind is Kind.REFUSED


@pytest.mark.parametrize("finish", ["error", "network_error", "MALFORMED_FUNCTION_CALL", "abort", "insufficient_system_resource", "FINISH_REASON_OTHER", "USER_CANCEL", "ERROR"])  # fmt: skip
def test_a_fault_of_the_provider_may_be_asked_again(finish):
    assert reply("half", finish).kind is Kind.FAILED


@pytest.mark.parametrize(
    "finish", ["stop", "STOP", "end_turn", "stop_sequence", "eos", "tool_calls", "COMPLETE", None, 3, {}]
)
def test_any_other_end_is_an_end(finish):
    assert reply("Hello.", finish).kind is Kind.TEXT


@pytest.mark.parametrize("feedback", [{"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}, {"prompt_feedback": {"block_reason": "SAFETY"}, "candidates": []}])  # fmt: skip
def test_a_question_that_is_blocked_before_an_answer_begins_is_refused(feedback):
    answer = read_reply({**feedback, "usageMetadata": {"promptTokenCount": 9}}, REQUEST)
    assert (answer.kind, answer.tokens_in) == (Kind.REFUSED, 9)
    assert "content filter" in answer.reason


CODE = "GOAL = 1\n"
ARGUMENTS = json.dumps({"code": CODE})


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"content": None, "reasoning_content": CODE}, CODE),
        ({"content": "", "reasoning": CODE}, CODE),
        ({"content": " \n", "thinking": CODE}, CODE),
        ({"content": None, "tool_calls": [{"function": {"name": "write", "arguments": ARGUMENTS}}]}, ARGUMENTS),
        ({"content": None, "tool_calls": [{"function": {"name": "write", "arguments": {"code": CODE}}}]}, ARGUMENTS),
        ({"content": None, "function_call": {"name": "write", "arguments": ARGUMENTS}}, ARGUMENTS),
        ({"content": [{"type": "tool_use", "input": {"code": CODE}}]}, ARGUMENTS),
        ({"content": None, "tool_calls": [{"custom": {"input": CODE}}], "reasoning": "why"}, CODE),
        ({"content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": CODE}]}, CODE),
        ({"content": [{"type": "reasoning", "text": "hm"}, CODE]}, CODE),
        ({"content": None, "reasoning_details": [{"type": "reasoning.text", "text": CODE}]}, CODE),
        (
            {"content": "I write it:", "tool_calls": [{"function": {"arguments": ARGUMENTS}}]},
            f"I write it:\n```\n{ARGUMENTS}\n```",
        ),
        ({"content": CODE, "reasoning_content": "hm"}, CODE),
        ({"content": CODE, "tool_calls": [{"function": {"arguments": "{}"}}]}, CODE),
        ({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, "ab"),
    ],
)
def test_the_answer_is_found_where_the_server_put_it(message, text):
    answer = read_reply({"choices": [{"finish_reason": "stop", "message": message}]}, REQUEST)
    assert (answer.kind, answer.text) == (Kind.TEXT, text)


@pytest.mark.parametrize(
    "body",
    [
        {"content": [{"type": "text", "text": "Hello."}], "stop_reason": "end_turn", "usage": {"input_tokens": 3, "output_tokens": 2}},
        {"candidates": [{"content": {"parts": [{"text": "hm", "thought": True}, {"text": "Hello."}]}, "finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2}},
        {"message": {"role": "assistant", "content": "Hello."}, "done_reason": "stop", "prompt_eval_count": 3, "eval_count": 2},
        {"output": [{"type": "reasoning", "summary": []}, {"type": "message", "content": [{"type": "output_text", "text": "Hello."}]}], "usage": {"input_tokens": 3, "output_tokens": 2}},
        {"output": {"message": {"role": "assistant", "content": [{"text": "Hello."}]}}, "stopReason": "end_turn", "usage": {"inputTokens": 3, "outputTokens": 2}},
        {"choices": [{"text": "Hello.", "finish_reason": "stop"}], "usage": {"prompt_tokens": 3, "completion_tokens": 2}},
        [{"choices": [{"message": {"content": "Hello."}}], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}],
    ],
)  # fmt: skip
def test_the_shapes_of_other_protocols_are_read(body):
    answer = read_reply(body, REQUEST)
    assert (answer.kind, answer.text, answer.tokens_in, answer.tokens_out) == (Kind.TEXT, "Hello.", 3, 2)


def test_a_cut_answer_of_another_protocol_is_cut():
    body = {"output": [{"content": [{"text": "Hel"}]}], "incomplete_details": {"reason": "max_output_tokens"}}
    assert read_reply(body, REQUEST).kind is Kind.TRUNCATED
    anthropic = {"content": [{"type": "text", "text": "Hel"}], "stop_reason": "max_tokens"}
    assert read_reply(anthropic, REQUEST).kind is Kind.TRUNCATED


LEVEL = (
    '"""Objective: eat."""\nfrom dicode.levels import Achievement, Goal\n\nGOAL = Goal.all_of(Achievement.EAT_COW)\n'
)


def called(*arguments):
    return [{"function": {"name": "f", "arguments": each}} for each in arguments]


@pytest.mark.parametrize("content", [None, "I write it.", "Words. " * 100, "First:\n```python\nx = 1\n```\n", "`a`\n```\nx\n```"])  # fmt: skip
@pytest.mark.parametrize(
    "calls",
    [
        called(json.dumps({"code": LEVEL})),
        called({"code": LEVEL}),
        called(LEVEL),
        called(json.dumps({"code": LEVEL}).replace("\\n", "\n")),
        called(json.dumps({"thought": "A cow\nis food."}), json.dumps({"code": LEVEL})),
        called({"code": LEVEL}, {"done": True}),
        called("think", LEVEL),
    ],
)
def test_the_file_that_a_tool_is_called_with_is_found_beside_words_code_and_other_calls(content, calls):
    answer = reply(content, "tool_calls", tool_calls=calls)
    assert answer.kind is Kind.TEXT
    assert parse_answer(answer.text).source.strip() == LEVEL.strip()


def test_a_tool_that_is_called_with_a_word_adds_nothing_to_an_answer():
    assert reply(CODE * 10, tool_calls=called({"done": True})).text == CODE * 10


@pytest.mark.parametrize("usage", [{"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}, {"input_tokens": 0, "output_tokens": 0}])  # fmt: skip
def test_a_count_of_no_tokens_is_none(usage):
    answer = reply("x" * 8000, usage=usage)
    assert (answer.tokens_in, answer.tokens_out, answer.estimated) == (10, 2000, True)
    vector = read_vector({"data": [{"embedding": [1.0]}], "usage": usage}, REQUEST)
    assert (vector.tokens_in, vector.estimated) == (10, True)


@pytest.mark.parametrize(
    "body",
    [
        {"choices": [{"finish_reason": "max_" * 12_000, "message": {"content": "x"}}]},
        {"choices": [{"message": {"content": "x"}}], "usage": {str(n): {} for n in range(500_000)}},
    ],
    ids=["reason", "usage"],
)
def test_no_body_costs_more_than_its_length(body):
    began = time.process_time()
    assert read_reply(body, REQUEST).text == "x"
    assert time.process_time() - began < 0.5


JUNK = [
    None,
    5,
    "x",
    [],
    {},
    [[]],
    [{}],
    {"message": []},
    {"content": {}},
    {"text": 5},
    {"parts": [None]},
    float("nan"),
    "\ud800",
]


@pytest.mark.parametrize("name", ["choices", "message", "content", "usage", "model", "error", "tool_calls", "output", "candidates", "finish_reason", "refusal", "data", "incomplete_details"])  # fmt: skip
def test_no_shape_makes_reading_raise(name):
    for junk in JUNK:
        bodies = [
            {name: junk},
            {"choices": [{name: junk, "message": {"content": "x"}}]},
            {"choices": [{"message": {"content": "x", name: junk}}], name: junk},
            {"choices": [{"message": {name: junk}}]},
            {"choices": junk, name: junk, "usage": {"prompt_tokens": junk, "cost": junk, "cost_details": {name: junk}}},
        ]
        for body in bodies:
            answer = read_reply(body, REQUEST)
            json.dumps(answer.to_json())
            answer.text.encode()
            assert answer.kind is Kind.TEXT or answer.reason
            read_vector(body, REQUEST)


def test_a_program_s_text_is_an_answer_with_estimated_tokens():
    answer = read_text("x" * 8, REQUEST)
    assert (answer.kind, answer.tokens_in, answer.tokens_out, answer.estimated) == (Kind.TEXT, 10, 2, True)
    assert read_text(" ", REQUEST).kind is Kind.EMPTY


@pytest.mark.parametrize("read", [lambda text: reply(text), lambda text: read_text(text, REQUEST)])
def test_a_journal_that_holds_the_longest_answer_can_be_read_again(tmp_path, read):
    """Each character becomes six bytes there."""
    answer = read("\u00e9" * 6_000_000)
    assert answer.tokens_out == 1_500_000
    with Journal(tmp_path) as journal:
        journal.record(REQUEST, answer)
    assert Journal(tmp_path, "replay").answer(REQUEST) == answer
    rejected = parse_answer(answer.text)
    assert f"has {MAX_ANSWER + 1} characters" in rejected.reason


def test_an_embedding_tells_its_cost():
    body = {"data": [{"embedding": [1.0, 2.0]}], "usage": {"prompt_tokens": 4, "cost": 0.001}}
    assert (read_vector(body, REQUEST).usd, read_vector(body, REQUEST).tokens_in) == (0.001, 4)
