"""The dreamer against a scripted server: real sockets, real retries, a stand-in for the sandbox."""

import asyncio
import json
import logging
import time
from dataclasses import replace
from functools import partial

import pytest
from cows import GOOD, Grammar, brief, validate
from rounds import SECRET, dreamer, replayed

from dicode.dreaming.assembly import make_foundation_dreamer
from dicode.dreaming.calls import Kind
from dicode.dreaming.journal import FILE, JournalMiss
from dicode.dreaming.ledger import Ledger
from dicode.dreaming.settings import FmConfig
from dicode.games.craftax.asking import PROMPTS
from dicode.runs.dreams import spending
from dicode.streams import Streams
from dicode.types import Code, LevelRecord, Origin, Rejected

DESIGN = "<reasoning>food</reasoning><description>" + "The player starts hungry beside cows. " * 3 + "</description>"


def test_two_stages_make_a_level_and_a_replay_makes_the_same(fm_server, tmp_path):
    fm_server.script = lambda body, n: fm_server.said(
        DESIGN if "You design" in body["messages"][0]["content"] else GOOD.replace("{n}", "2")
    )
    briefs = [brief(index=i) for i in range(3)]
    outcomes = dreamer(fm_server, tmp_path, stages=2).dream(briefs, validate)
    assert len(fm_server.requests) == 6
    for outcome in outcomes:
        assert outcome.accepted
        assert outcome.draft.origin is Origin.FOUNDATION
        assert outcome.draft.description.startswith("The player starts hungry")
        assert outcome.draft.parents == ("a" * 12,)
        assert outcome.draft.move == "design+code"
        assert len(outcome.draft.requests) == 2
        assert outcome.draft.source.startswith('"""Objective: eat 2')
    assert replayed(fm_server, tmp_path, [briefs], stages=2) == [outcomes]
    assert len(fm_server.requests) == 6


def test_a_rejected_draft_goes_back_with_stage_reason_and_hint_until_it_is_accepted(fm_server, tmp_path):
    fm_server.script = [fm_server.said(GOOD.replace("{n}", n)) for n in ("50", "40", "4")]
    outcome = dreamer(fm_server, tmp_path).dream([brief()], validate)[0]
    assert outcome.accepted
    assert "count=4" in outcome.draft.source
    assert [(r.stage, r.hint) for r in outcome.draft.repairs] == [("build", "use 5"), ("build", "use 4")]
    assert len(outcome.draft.requests) == 3
    asked = fm_server.requests[2]["messages"]
    assert [m["role"] for m in asked] == ["system", "user", "assistant", "user"]
    assert asked[:2] == fm_server.requests[0]["messages"]
    assert "count=40" in asked[2]["content"]
    for part in ('stage "build"', "40 cows do not fit", "Hint: use 4", "An earlier attempt failed at build: 50 cows"):
        assert part in asked[3]["content"]
    assert "/home/me" not in asked[3]["content"]


def test_repairs_are_bounded_and_the_last_draft_is_kept_with_its_verdict(fm_server, tmp_path):
    fm_server.script = [fm_server.said(GOOD.replace("{n}", "50"))]
    outcome = dreamer(fm_server, tmp_path, repairs=2).dream([brief()], validate)[0]
    assert outcome.verdict == Rejected("build", "50 cows do not fit (in [path]/level.py)", "use 5", code=Code.NO_ROOM)
    assert len(outcome.draft.repairs) == 2
    assert len(fm_server.requests) == 3


@pytest.mark.parametrize("fault", ["refusal", "empty", "cut", "chatter"])
def test_answers_that_are_no_level_are_asked_for_again(fm_server, tmp_path, fault):
    faults = {
        "refusal": fm_server.said(None, refusal="I cannot."),
        "empty": fm_server.said(""),
        "cut": fm_server.said(GOOD[:150], finish="length"),
        "chatter": fm_server.said("What a lovely idea! Let me know if I should write it."),
    }
    fm_server.script = [faults[fault], fm_server.said(GOOD.replace("{n}", "2"))]
    outcome = dreamer(fm_server, tmp_path).dream([brief()], validate)[0]
    assert outcome.accepted
    assert [r.stage for r in outcome.draft.repairs] == ["parse"]
    assert outcome.draft.repairs[0].hint
    roles = [m["role"] for m in fm_server.requests[1]["messages"]]
    assert roles == (["system", "user"] if fault in ("refusal", "empty") else ["system", "user", "assistant", "user"])


def test_the_example_copied_back_is_no_dream(fm_server, tmp_path):
    example = PROMPTS.example.replace("defeat a zombie", "beat a zombie")
    fm_server.script = [fm_server.said(f"```python\n{example}```"), fm_server.said(GOOD.replace("{n}", "2"))]
    outcome = dreamer(fm_server, tmp_path).dream([brief()], validate)[0]
    assert outcome.accepted
    assert [r.stage for r in outcome.draft.repairs] == ["novelty"]


def test_a_cut_answer_whose_code_was_whole_counts(fm_server, tmp_path):
    fm_server.script = [fm_server.said(GOOD.replace("{n}", "2") + "\nAnd now I will expl", finish="length")]
    assert dreamer(fm_server, tmp_path).dream([brief()], validate)[0].draft.repairs == ()


def test_a_design_that_cannot_be_read_is_asked_for_again(fm_server, tmp_path):
    fm_server.script = [fm_server.said(t) for t in ("<description>hm</description>", DESIGN, GOOD.replace("{n}", "2"))]
    outcome = dreamer(fm_server, tmp_path, stages=2).dream([brief()], validate)[0]
    assert outcome.accepted
    assert len(outcome.draft.requests) == 3
    fm_server.script = [fm_server.said("no")]
    outcome = dreamer(fm_server, tmp_path, stages=2).dream([brief(2)], validate)[0]
    assert outcome.draft.source == "no"
    assert outcome.verdict.stage == "parse"


def test_a_dream_past_the_deadline_is_lost_for_good(fm_server, tmp_path):
    def script(body, n):
        return fm_server.Step(delay_s=4.0 * (n >= 1), body=fm_server.said(GOOD.replace("{n}", "2")).body)

    fm_server.script = script
    briefs = [brief(index=i) for i in range(3)]
    started = time.monotonic()
    outcomes = dreamer(fm_server, tmp_path, deadline_s=1.5, concurrency=1).dream(briefs, validate)
    assert time.monotonic() - started < 3.5
    assert [o.accepted for o in outcomes] == [True, False, False]
    assert outcomes[1].draft is None
    assert outcomes[1].verdict.stage == "lost"
    assert outcomes[1].verdict.reason == "no level within 1.5 s of dispatch"
    assert replayed(fm_server, tmp_path, [briefs], concurrency=1, deadline_s=1.5) == [outcomes]
    asked = len(fm_server.requests)
    resumed = dreamer(fm_server, tmp_path, deadline_s=20, concurrency=1).dream(briefs, validate)
    assert resumed == outcomes
    assert len(fm_server.requests) == asked


def test_a_call_that_the_deadline_ends_counts_with_its_earlier_tries_and_one_that_waits_does_not(fm_server, tmp_path):
    billed = {"error": {"message": "busy"}, "usage": {"prompt_tokens": 300, "completion_tokens": 7}}
    busy = fm_server.Step(503, json.dumps(billed).encode())
    fm_server.script = lambda body, n: fm_server.Step(delay_s=30.0) if n else busy
    made = dreamer(fm_server, tmp_path, deadline_s=5.0, timeout_s=60.0, concurrency=1)
    outcomes = made.dream([brief(index=i) for i in range(3)], validate)
    assert [o.verdict.reason for o in outcomes] == ["no level within 5 s of dispatch"] * 3
    call = next(made.journal.calls())
    assert (call.answer.kind, call.answer.retries) == (Kind.FAILED, 1)
    assert "no level within 5 s" in call.answer.reason
    assert (made.ledger.total().calls, made.ledger.total().tokens) == (1, 307)
    assert dreamer(fm_server, tmp_path).ledger.total() == made.ledger.total()
    assert len(fm_server.requests) == 2


@pytest.mark.parametrize(("status", "says"), [(401, "rejects the key in FM_KEY"), (404, "model 'm'")])
def test_a_bad_key_or_model_loses_the_round_after_few_calls_and_the_next_round_tries_again(
    fm_server, tmp_path, status, says
):
    fm_server.script = [fm_server.problem(status, "wrong")]
    made = dreamer(fm_server, tmp_path, concurrency=1)
    first = [brief(1, i) for i in range(4)]
    outcomes = made.dream(first, validate)
    assert all(o.draft is None and says in o.verdict.reason for o in outcomes)
    assert len(fm_server.requests) == 1
    fm_server.script = [fm_server.said(GOOD.replace("{n}", "2"))]
    second = [brief(2, 0)]
    assert made.dream(second, validate)[0].accepted
    assert replayed(fm_server, tmp_path, [first], concurrency=1) == [outcomes]


@pytest.mark.parametrize(
    ("status", "error", "calls", "accepted"),
    [
        (400, {"code": "content_filter", "message": "The prompt was filtered."}, 4, 3),
        (403, {"message": "Your input was flagged."}, 4, 3),
        (413, {"message": "Request too large"}, 3, 2),
        (400, {"code": "context_length_exceeded", "message": "too long"}, 3, 2),
    ],
)
def test_what_is_wrong_with_one_prompt_costs_that_dream_alone(fm_server, tmp_path, status, error, calls, accepted):
    good = fm_server.said(GOOD.replace("{n}", "2"))
    fm_server.script = lambda body, n: fm_server.problem(status, **error) if n == 0 else good
    outcomes = dreamer(fm_server, tmp_path, concurrency=1).dream([brief(index=i) for i in range(3)], validate)
    assert len(fm_server.requests) == calls
    assert [outcome.accepted for outcome in outcomes].count(True) == accepted


def test_a_spent_budget_falls_back_to_the_grammar_with_a_message(fm_server, tmp_path, caplog):
    fm_server.script = [fm_server.said(GOOD.replace("{n}", "2"), usage=(900, 200))]
    briefs = [brief(index=i) for i in range(4)]
    ledger = Ledger("vllm", "m", tokens=1500)
    with caplog.at_level(logging.WARNING):
        made = dreamer(fm_server, tmp_path, ledger=ledger, concurrency=1)
        outcomes = made.dream(briefs, validate)
    origins = [o.draft.origin for o in outcomes]
    assert origins[0] is Origin.FOUNDATION
    assert origins[-1] is Origin.GRAMMAR
    assert all(o.accepted for o in outcomes)
    assert "budget.tokens=1500 is spent" in caplog.text
    assert len(fm_server.requests) == origins.count(Origin.FOUNDATION)
    spent = spending(made, [], [])
    assert spent["total"]["calls"] == len(fm_server.requests)
    assert spent["stopped"]["cycle"] == 1
    assert spent["stopped"]["dreams"] == origins.count(Origin.GRAMMAR)
    assert "budget.tokens=1500 is spent" in spent["stopped"]["reason"]
    assert replayed(fm_server, tmp_path, [briefs], concurrency=1) == [outcomes]
    resumed = dreamer(fm_server, tmp_path, ledger=Ledger("vllm", "m", tokens=1500), concurrency=1)
    assert resumed.dream([brief(2)], validate)[0].draft.origin is Origin.GRAMMAR


def test_concurrent_answers_in_any_order_give_the_same_outcomes(fm_server, tmp_path):
    def script(body, n, offset):
        number = 1 + len(body["messages"][-1]["content"]) % 7
        return fm_server.Step(
            delay_s=0.05 * ((body["seed"] + offset) % 3), body=fm_server.said(GOOD.replace("{n}", str(number))).body
        )

    def dreamt(offset):
        fm_server.script = partial(script, offset=offset)
        return dreamer(fm_server, tmp_path / str(offset)).dream(briefs, validate)

    briefs = [brief(index=i) for i in range(6)]
    results = [dreamt(offset) for offset in range(2)]
    assert results[0] == results[1]
    assert replayed(fm_server, tmp_path / "1", [briefs]) == [results[0]]
    assert len({r["seed"] for r in fm_server.requests}) == 6


def test_a_resumed_round_asks_only_for_what_is_missing(fm_server, tmp_path):
    fm_server.script = [fm_server.said(GOOD.replace("{n}", "2"))]
    briefs = [brief(index=i) for i in range(4)]
    whole = dreamer(fm_server, tmp_path / "whole").dream(briefs, validate)
    dreamer(fm_server, tmp_path / "cut").dream(briefs[:2], validate)
    asked = len(fm_server.requests)
    resumed = dreamer(fm_server, tmp_path / "cut").dream(briefs, validate)
    assert resumed == whole
    assert len(fm_server.requests) == asked + 2


def test_a_replay_of_another_question_names_the_difference(fm_server, tmp_path):
    fm_server.script = [fm_server.said(GOOD.replace("{n}", "2"))]
    dreamer(fm_server, tmp_path).dream([brief()], validate)
    with pytest.raises(JournalMiss, match=r"messages\[1\]"):
        dreamer(fm_server, tmp_path, "replay").dream([brief(target_return=2.0)], validate)


def test_verdicts_are_recorded_so_that_a_slower_machine_replays_the_same(fm_server, tmp_path):
    fm_server.script = [fm_server.said(GOOD.replace("{n}", n)) for n in ("50", "4")]
    outcome = dreamer(fm_server, tmp_path).dream([brief()], validate)
    replay = dreamer(fm_server, tmp_path, "replay")
    assert replay.dream([brief()], lambda draft: Rejected("limits", "too slow", code=Code.TIME)) == outcome


def test_a_run_of_several_rounds_goes_through_every_fault_and_ends_well(fm_server, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    step, said, problem = fm_server.Step, fm_server.said, fm_server.problem
    level = said(GOOD.replace("{n}", "3"))
    faults = [
        problem(429, f"slow down, {SECRET}", headers={"Retry-After": "0.05"}),
        problem(500, "oops"),
        step(delay_s=0.7, body=b"{}"),
        step(drip_s=0.02, body=level.body),
        step(drop=True),
        step(body=b'{"choi', cut=True),
        step(body=b"not json"),
        said(None, refusal="No."),
        said(""),
        said(GOOD[:90], finish="length"),
        problem(429, "x", headers={"Retry-After": "9999"}),
        problem(404, "no model /srv/models/m.bin"),
        problem(401, f"bad key {SECRET}"),
        said(GOOD.replace("{n}", "50")),
        step(body=json.dumps({"choices": [{"message": {"content": 5}}]}).encode()),
    ]
    fm_server.script = lambda body, n: faults[n // 2] if n % 2 == 0 and n // 2 < len(faults) else level
    made = dreamer(fm_server, tmp_path, stages=1, timeout_s=0.5)
    rounds = [[brief(cycle, i) for i in range(4)] for cycle in range(1, 9)]
    outcomes = [made.dream(briefs, validate) for briefs in rounds]
    assert len(fm_server.requests) > 2 * len(faults)
    assert all(len(o) == 4 for o in outcomes)
    assert all(o.accepted for o in outcomes[-1])
    accepted = [o for round_ in outcomes for o in round_ if o.accepted]
    assert len(accepted) >= 20
    assert any(o.draft.repairs for o in accepted)
    for outcome in (o for round_ in outcomes for o in round_ if not o.accepted):
        assert outcome.verdict.reason
    assert replayed(fm_server, tmp_path, rounds) == outcomes
    written = (tmp_path / "journal" / FILE).read_text()
    for private in (SECRET, "verysecret", str(tmp_path), "/srv/models", "/home/me"):
        assert private not in written
        assert private not in caplog.text
    assert made.ledger.total().calls == len(list(made.journal.calls()))


def test_a_round_can_be_cancelled_without_losing_its_dreams(fm_server, tmp_path):
    made, cancelled = dreamer(fm_server, tmp_path, timeout_s=30.0), []
    level = fm_server.said(GOOD.replace("{n}", "2"))

    def script(body, n):
        if n == 0:
            cancelled.append(time.monotonic())
            made.cancel()
        return fm_server.Step(delay_s=4.0 * (n == 0), body=level.body)

    fm_server.script = script
    with pytest.raises(asyncio.CancelledError):
        made.dream([brief()], validate)
    assert time.monotonic() - cancelled[0] < 3.0
    assert made.journal.fate(1, 0) is None
    assert list(made.journal.calls()) == []
    assert made.dream([brief()], validate)[0].accepted


def test_a_configuration_makes_a_dreamer_and_a_replay_needs_no_key(fm_server, tmp_path, monkeypatch):
    from contextlib import ExitStack

    from dicode import config as configuration
    from dicode.errors import ConfigError

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FM_KEY", SECRET)
    words = (
        "preset=smoke", "dreamer=foundation", "fm=vllm", "fm.model=m", f"fm.base_url={fm_server.url}", "fm.key_env=FM_KEY",
        "fm.retries=0", "fm.compact=true", "fm.blocking=true", "fm.test_call=false", "dreamer.repairs=1",
    )  # fmt: skip
    config = configuration.load(words)
    fm_server.script = [fm_server.said(GOOD.replace("{n}", "2"))]
    with ExitStack() as stack:
        made = make_foundation_dreamer(config, tmp_path / "journal", Streams(0), None, stack)
        assert made.blocking
        outcomes = made.dream([brief()], validate)
    monkeypatch.delenv("FM_KEY")
    with ExitStack() as stack, pytest.raises(ConfigError, match="set FM_KEY"):
        make_foundation_dreamer(config, tmp_path / "journal", Streams(0), None, stack)
    replayed = configuration.load([*words, "fm.journal=replay"])
    with ExitStack() as stack:
        again = make_foundation_dreamer(replayed, tmp_path / "journal", Streams(0), None, stack)
        assert again.dream([brief()], validate) == outcomes
    assert len(fm_server.requests) == 1


@pytest.mark.parametrize(
    ("fm", "budget", "says"),
    [
        ({"provider": "openai", "model": "gpt-5-mini"}, {}, "budget.usd=5 (dollars) or budget.tokens=1e6 sets one"),
        ({"provider": "openai", "model": "a-model-without-a-price"}, {}, "no cap is set; budget.tokens=1e6 sets one"),
        ({"provider": "openai", "model": "gpt-5-mini"}, {"tokens": 1e6}, None),
        ({"provider": "vllm", "model": "m"}, {}, None),
    ],
)
def test_a_run_that_may_spend_money_without_end_says_so_in_one_line(tmp_path, monkeypatch, caplog, fm, budget, says):
    from contextlib import ExitStack
    from dataclasses import replace

    from dicode.config import BudgetConfig, Config

    monkeypatch.setenv("FM_KEY", SECRET)
    fm = replace(FmConfig(), base_url="http://127.0.0.1:9/v1", key_env="FM_KEY", test_call=False, **fm)
    with ExitStack() as stack, caplog.at_level(logging.WARNING):
        config = replace(Config(), fm=fm, budget=replace(BudgetConfig(), **budget))
        make_foundation_dreamer(config, tmp_path / "journal", Streams(0), None, stack)
    told = [record.getMessage() for record in caplog.records]
    assert [says in line and "may cost money" in line and "\n" not in line for line in told] == [True] * bool(says)


def test_a_round_that_nobody_waits_for_is_lost_in_a_replay_too(fm_server, tmp_path):
    fm_server.script = [fm_server.said(GOOD.replace("{n}", "2"))]
    made = dreamer(fm_server, tmp_path)
    briefs = [brief(index=i) for i in range(2)]
    made.dream(briefs[:1], validate)
    outcomes = made.forfeit(briefs, "no answer within 1 s of dispatch")
    assert [o.verdict.stage for o in outcomes] == ["lost", "lost"]
    assert replayed(fm_server, tmp_path, [briefs]) == [outcomes]
    assert made.dream(briefs, validate) == outcomes


def test_a_measured_level_goes_back_to_the_model_with_what_was_seen_and_may_be_repaired(fm_server, tmp_path):
    fm_server.script = [fm_server.said(GOOD.replace("{n}", n)) for n in ("4", "50", "3")]
    first = dreamer(fm_server, tmp_path, repairs=1)
    draft = first.dream([brief()], validate)[0].draft
    measured = Rejected("probe", "0 of 12 episodes; agents reached EAT_COW 90 %", "fewer", code=Code.TOO_HARD)
    level = LevelRecord(
        draft.id, draft.source, draft.description, draft.origin, draft.parents, draft.move, 3, measured,
        requests=draft.requests,
    )  # fmt: skip
    again = brief(cycle=3, revises=level)
    outcome = first.dream([again], validate)[0]
    assert outcome.accepted
    assert "count=3" in outcome.draft.source
    assert [r.stage for r in outcome.draft.repairs] == ["probe", "build"]
    assert len(outcome.draft.requests) == 3
    asked = fm_server.requests[1]["messages"]
    assert "count=4" in asked[2]["content"]
    for part in ('stage "probe"', "0 of 12 episodes; agents reached EAT_COW 90 %", "Hint: fewer"):
        assert part in asked[3]["content"]
    assert replayed(fm_server, tmp_path, [[again]], repairs=1) == [[outcome]]


def test_a_measured_level_of_the_grammar_goes_back_to_the_grammar(fm_server, tmp_path):
    measured = Rejected("probe", "0 of 12", "fewer", code=Code.TOO_HARD)
    level = LevelRecord("b" * 12, "# a\n", "by grammar", Origin.GRAMMAR, (), "", 3, measured)
    outcome = dreamer(fm_server, tmp_path).dream([brief(cycle=3, revises=level)], validate)[0]
    assert outcome.draft.origin is Origin.GRAMMAR
    assert fm_server.requests == []


def test_a_fallback_that_fails_loses_its_dream_and_no_other(fm_server, tmp_path):
    """A grammar that could not read a level ended the run, and again at every resumption."""

    class Failing(Grammar):
        def dream(self, briefs, validate):
            if briefs[0].index == 1:
                raise IndexError("list index out of range")
            return super().dream(briefs, validate)

    made = dreamer(fm_server, tmp_path, fallback=Failing(), max_drafts=1)
    fm_server.script = lambda body, n: fm_server.said(GOOD.replace("{n}", "2"))
    outcomes = made.dream([brief(index=i) for i in range(3)], validate)
    assert [outcome.accepted for outcome in outcomes] == [True, False, True]
    assert "the dreamer in its place raised IndexError" in outcomes[1].verdict.reason


def test_only_dreams_that_models_write_are_told_to_each_other(fm_server, tmp_path):
    asked = replace(brief(), target_success={"COLLECT_WOOD": 0.5}, round=12)
    assert "The 11 other dreams of this round" in dreamer(fm_server, tmp_path / "all").leanings(asked)
    assert "The 2 other dreams of this round" in dreamer(fm_server, tmp_path / "few", max_drafts=3).leanings(asked)
