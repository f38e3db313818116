"""What is checked before a model is let loose, and what a run says whose model never answers."""

import json
import logging
import sys
from contextlib import ExitStack
from dataclasses import replace

import pytest
from cows import GOOD, Grammar, brief, validate

from dicode.config import BudgetConfig, Config, DreamerConfig, FmConfig
from dicode.dreaming import trial
from dicode.dreaming.assembly import make_foundation_dreamer
from dicode.dreaming.person import MARK
from dicode.errors import ConfigError
from dicode.runs.dreams import spending
from dicode.streams import Streams
from dicode.types import Code, Origin, Rejected

pytestmark = pytest.mark.fast


@pytest.fixture(autouse=True)
def surroundings(monkeypatch, tmp_path):
    monkeypatch.setenv("FM_KEY", "sk-verysecret0123456789")
    monkeypatch.chdir(tmp_path)


def make(folder, url="http://127.0.0.1:9/v1", models=None, budget=None, dreamer=None, **fm):
    values = {
        "provider": "vllm",
        "model": "m",
        "base_url": url,
        "key_env": "FM_KEY",
        "timeout_s": 5.0,
        "retries": 0,
        "concurrency": 1,
    }
    config = replace(
        Config(),
        fm=replace(FmConfig(), **(values | fm)),
        models=models or {},
        budget=replace(BudgetConfig(), **(budget or {})),
        dreamer=replace(DreamerConfig(), **({"stages": 1, "deadline_s": 30.0} | (dreamer or {}))),
    )
    with ExitStack() as stack:
        return make_foundation_dreamer(config, folder / "journal", Streams(0), Grammar(), stack.pop_all())


def test_one_small_call_is_made_with_the_fields_of_the_dreams(fm_server, tmp_path):
    fm_server.script = [fm_server.said("ready")]
    made = make(tmp_path, fm_server.url)
    (asked,) = fm_server.requests
    assert (asked["max_tokens"], asked["temperature"], asked["top_p"]) == (32_000, 0.6, 0.95)
    assert made.ledger.total().calls == 1
    assert made.silence() is None
    made.journal.close()
    make(tmp_path, fm_server.url)
    assert len(fm_server.requests) == 2  # a resumed run tests again


@pytest.mark.parametrize(
    ("status", "message", "says"),
    [(401, "bad", "rejects the key in FM_KEY"), (404, "no such model", "no such model"), (402, "pay", "HTTP 402: pay")],
)
def test_a_server_that_refuses_is_an_error_before_anything_compiles(fm_server, tmp_path, status, message, says):
    fm_server.script = [fm_server.problem(status, message)]
    with pytest.raises(ConfigError, match=says):
        make(tmp_path, fm_server.url)
    assert len(fm_server.requests) == 1


def test_a_server_that_is_not_there_is_an_error_before_anything_compiles(fm_server, tmp_path):
    fm_server.close()
    with pytest.raises(ConfigError, match=r"m at vllm does not work: the connection failed"):
        make(tmp_path, fm_server.url)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_pass_is_a_warning(fm_server, tmp_path, caplog, status):
    fm_server.script = [fm_server.problem(status, "later")]
    make(tmp_path, fm_server.url)
    assert "later; the run goes on" in caplog.text


def test_what_a_small_call_in_vain_is_known_to_have_cost_counts(fm_server, tmp_path):
    body = {"choices": [], "usage": {"prompt_tokens": 90, "completion_tokens": 10, "cost": 0.25}}
    fm_server.script = [fm_server.Step(body=json.dumps(body).encode())]
    total = make(tmp_path, fm_server.url).ledger.total()
    assert (total.calls, total.tokens, total.usd) == (1, 100, 0.25)


def test_a_model_that_thinks_long_is_a_warning(fm_server, tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(trial, "SECONDS", 0.2)
    fm_server.script = [fm_server.Step(delay_s=1.0, body=fm_server.said("ready").body)]
    make(tmp_path, fm_server.url)
    assert "no answer within 0.2 s; the run goes on" in caplog.text


def test_what_the_small_call_learns_about_the_server_the_dreams_know(fm_server, tmp_path):
    def script(asked, number):
        return fm_server.problem(400, "temperature is not supported") if "temperature" in asked else level

    level = fm_server.said(GOOD.replace("{n}", "2"))
    fm_server.script = script
    made = make(tmp_path, fm_server.url)
    assert all(outcome.accepted for outcome in made.dream([brief(index=i) for i in range(2)], validate))
    assert ["temperature" in asked for asked in fm_server.requests] == [True, False, False, False]


def test_it_can_be_left_out_and_a_replay_makes_none(fm_server, tmp_path):
    fm_server.script = [fm_server.said(GOOD.replace("{n}", "2"))]
    made = make(tmp_path, fm_server.url, test_call=False)
    outcomes = made.dream([brief()], validate)
    assert len(fm_server.requests) == 1
    made.journal.close()
    assert make(tmp_path, fm_server.url, journal="replay").dream([brief()], validate) == outcomes
    assert len(fm_server.requests) == 1


def test_a_proxy_that_cannot_work_is_an_error_before_the_call(tmp_path, monkeypatch):
    from dicode.dreaming import transport

    monkeypatch.setattr(transport, "find_spec", lambda package: None)
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1080")
    with pytest.raises(ConfigError, match="ALL_PROXY names a socks5 proxy"):
        make(tmp_path, "https://models.example.org/v1")


def test_a_router_that_names_no_price_refuses_a_cap_in_money_before_the_run(fm_server, tmp_path):
    fm_server.script = [fm_server.said("ready")]
    with pytest.raises(ConfigError, match="names no price with the answers"):
        make(tmp_path, fm_server.url, provider="openrouter", budget={"usd": 1.0})


def test_a_router_s_price_that_the_person_says_holds_where_it_names_none(fm_server, tmp_path):
    fm_server.script = [fm_server.said("ready", usage=(1_000_000, 0))]
    priced = {"provider": "openrouter", "price_input": 1.0, "price_output": 2.0}
    made = make(tmp_path / "first", fm_server.url, budget={"usd": 5.0}, **priced)
    assert made.ledger.total().usd == pytest.approx(1.0, abs=0.001)
    other = replace(FmConfig(), base_url=fm_server.url, model="n", test_call=True, **priced)
    make(tmp_path / "second", fm_server.url, budget={"usd": 5.0}, models={"b": other})
    unpriced = replace(other, price_input=-1.0, price_output=-1.0)
    with pytest.raises(ConfigError, match=r"models.b.price_input=0.5"):
        make(tmp_path / "third", fm_server.url, budget={"usd": 5.0}, models={"b": unpriced})


@pytest.mark.parametrize(
    "fm", [{"provider": "command", "command": "cat"}, {"provider": "person", "model": "person", "compact": True}]
)
def test_an_embedding_model_without_a_server_is_an_error_before_anything_compiles(tmp_path, fm):
    with pytest.raises(ConfigError, match=r"fm.embedding_model needs a server, and fm=(command|person) asks none"):
        make(tmp_path, "", embedding_model="e", key_env="", **fm)


@pytest.mark.parametrize(
    ("fm", "second", "says"),
    [
        ({"model": "gpt-99"}, False, r"'gpt-99' at openai; .* costs: fm.price_input=0.5 fm.price_output=3"),
        ({"embedding_model": "e"}, False, r"'e' at openai; use budget.tokens, or leave fm.embedding_model out"),
        ({}, True, r"'gpt-99' at openai; .* costs: models.b.price_input=0.5 models.b.price_output=3"),
    ],
)
def test_a_missing_price_is_asked_for_where_it_can_be_said(tmp_path, fm, second, says):
    own = {"provider": "openai", "model": "gpt-5-mini", "price_input": -1.0, **fm}
    more = (
        {"b": replace(FmConfig(), provider="openai", model="gpt-99", base_url="http://127.0.0.1:9/v1")}
        if second
        else None
    )
    with pytest.raises(ConfigError, match=says):
        make(tmp_path, test_call=False, models=more, budget={"usd": 1.0}, **own)


@pytest.mark.parametrize(
    ("fm", "budget", "says"),
    [
        ({"provider": "openai", "model": "gpt-99"}, {"tokens": 1e6}, "no price is known for gpt-99 at openai"),
        ({"provider": "openai", "model": "gpt-5-mini"}, {"tokens": 1e6}, None),
        ({"provider": "vllm"}, {}, None),
    ],
)
def test_an_unknown_price_is_said_once(tmp_path, caplog, fm, budget, says):
    make(tmp_path, test_call=False, budget=budget, **fm)
    assert [says in r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == [True] * bool(says)


def test_a_lost_round_says_why_and_a_run_without_an_answer_knows_it(fm_server, tmp_path, caplog):
    made = make(tmp_path, fm_server.url, test_call=False)
    fm_server.script = [fm_server.problem(403, "your country is not served")]
    for cycle in (1, 2):
        outcomes = made.dream([brief(cycle, i) for i in range(3)], validate)
        assert all(outcome.draft is None for outcome in outcomes)
    told = [r.getMessage() for r in caplog.records if "dreams are lost" in r.getMessage()]
    assert told == ["cycle 1: 3 of 3 dreams are lost: HTTP 403: your country is not served"]
    assert "answered none of 2 calls: HTTP 403: your country is not served" in made.silence()
    assert spending(made, [], [])["silence"] == made.silence()
    fm_server.script = [fm_server.said(GOOD.replace("{n}", "2"))]
    made.dream([brief(3)], validate)
    assert made.silence() is None
    assert spending(made, [], [])["silence"] is None


@pytest.mark.slow
def test_a_late_model_is_a_silent_one(fm_server, tmp_path):
    made = make(tmp_path, fm_server.url, test_call=False, dreamer={"deadline_s": 0.3})
    fm_server.script = [fm_server.Step(delay_s=2.0, body=b"{}")]
    made.dream([brief()], validate)
    assert "none of 1 calls: broken off, as its dream had no level within 0.3 s" in made.silence()


def test_a_run_that_its_model_never_answered_ends_with_a_warning_and_a_code(caplog):
    from dicode.commands.launch import SILENT, _silence

    class Silent(Grammar):
        def silence(self):
            return "the model has answered none of 16 calls: no key"

    assert _silence(Grammar()) == 0
    assert _silence(Silent()) == SILENT != 0
    assert "answered none of 16 calls: no key" in caplog.text


def script_file(folder, body):
    path = folder / "model.py"
    path.write_text(body)
    return f"{sys.executable} {path}"


def test_a_program_dreams_and_a_replay_runs_none(tmp_path):
    level = GOOD.replace("{n}", "2")
    counted = tmp_path / "calls"
    command = script_file(
        tmp_path,
        f"import sys\nasked = sys.stdin.read()\nopen({str(counted)!r}, 'a').write('x')\n"
        f"print({level!r} if 'GOAL' in asked else 'ready')\n",
    )
    values = {"provider": "command", "model": "command", "key_env": "", "command": command, "compact": True}
    made = make(tmp_path, "", **values)
    outcomes = made.dream([brief(index=i) for i in range(2)], validate)
    assert all(outcome.accepted and outcome.draft.origin is Origin.FOUNDATION for outcome in outcomes)
    assert counted.read_text() == "xxx"
    assert made.ledger.total().estimated == 3
    made.journal.close()
    assert (
        make(tmp_path, "", journal="replay", **values).dream([brief(index=i) for i in range(2)], validate) == outcomes
    )
    assert counted.read_text() == "xxx"


def test_one_tiny_call_asks_a_program_too_and_no_person(tmp_path):
    values = {"provider": "command", "model": "c", "key_env": "", "command": script_file(tmp_path, "print('ready')")}
    found = trial.probe(replace(FmConfig(), **values))
    assert (found.ok, found.answer.text.strip()) == (True, "ready")
    assert trial.probe(replace(FmConfig(), provider="person", model="person", key_env="")).ok


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("import sys; sys.exit('no login')", "ended with code 1: no login"),
        ("import time; time.sleep(60)", "no answer within 2 s"),
        ("import sys\nwhile True: sys.stdout.write('x' * 100000)", "said more than 16 MB"),
        ("", "the answer is empty"),
        ("import os; os.close(0); print('ready')", None),
        ("print('\\ud800' if False else 'r\\x00eady')", None),
        ("import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])", "no answer within 2 s"),
        ("import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); sys.exit('no')", "ended with code 1: no"),
    ],
)  # fmt: skip
def test_a_program_that_fails_costs_its_call_only(tmp_path, caplog, body, says):
    import time

    began = time.monotonic()
    command = script_file(tmp_path, body)
    made = make(
        tmp_path, "", provider="command", model="c", key_env="", command=command, timeout_s=2.0, test_call=False
    )
    verdict = made.dream([brief()], validate)[0].verdict
    assert says is None or says in verdict.reason + str(made.silence())
    assert time.monotonic() - began < 30


def test_a_program_that_repeats_a_key_of_its_surroundings_shows_none(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-proj-verysecret99")
    said = "print('torch bearer approaches', __import__('os').environ['OPENAI_API_KEY'])"
    values = {"provider": "command", "model": "c", "key_env": "", "command": script_file(tmp_path, said)}
    assert trial.probe(replace(FmConfig(), **values)).answer.text.strip() == "torch bearer approaches [key]"


CHILD = "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {child!r}]){then}\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("child", "then", "text"),
    [
        ("import time; time.sleep(60)", "; print('ready')", "ready"),
        ("import time; time.sleep(0.3); print('ready')", "", "ready"),
        ("import time; time.sleep(0.3); print('y')", "; print('read', flush=True)", "read\ny"),
        ("import time, sys\nwhile True: sys.stderr.write('.'); time.sleep(0.1)", "; print('ready')", "ready"),
    ],
)
def test_a_child_that_a_program_leaves_behind_keeps_no_answer_back(tmp_path, child, then, text):
    command = script_file(tmp_path, CHILD.format(child=child, then=then))
    values = {"provider": "command", "model": "c", "key_env": "", "command": command, "timeout_s": 20.0}
    answer = trial.probe(replace(FmConfig(), **values)).answer
    assert answer.text.strip() == text
    assert answer.seconds < 10


def test_a_program_that_is_not_there_is_an_error_before_anything_compiles(tmp_path):
    with pytest.raises(ConfigError, match="can't be run"):
        make(tmp_path, "", provider="command", model="c", key_env="", command="/no/such/program --x")
    with pytest.raises(ConfigError, match=r'fm.command="PROGRAM ARGUMENTS"'):
        make(tmp_path, "", provider="command", model="c", key_env="", command=" ")
    with pytest.raises(ConfigError, match="quotation"):
        make(tmp_path, "", provider="command", model="c", key_env="", command="model 'x")
    with pytest.raises(ConfigError, match=r"budget.usd=1 cannot be kept"):
        make(tmp_path, "", provider="command", model="c", key_env="", command="cat", budget={"usd": 1.0})


def person(folder, answers):
    """Writes each answer into the next question that appears, in an editor's way; the questions' texts."""
    import threading
    import time

    seen = []

    def write():
        until = time.monotonic() + 30
        for answer in answers:
            while time.monotonic() < until:
                open_ones = sorted((folder / "person").glob("*.md"))
                if open_ones and MARK in open_ones[0].read_text():
                    break
                time.sleep(0.02)
            path = open_ones[0]
            seen.append(path.read_text())
            draft = path.with_suffix(".tmp")
            draft.write_text(f"{seen[-1]}{answer}\n")
            draft.replace(path)
            while path.exists() and time.monotonic() < until:
                time.sleep(0.02)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    return seen, thread


@pytest.mark.slow
def test_a_person_dreams_by_writing_into_a_file_and_a_replay_asks_nobody(tmp_path, monkeypatch, caplog):
    from dicode.dreaming import person as module

    monkeypatch.setattr(module, "POLL_S", 0.05)
    seen, thread = person(tmp_path, ["I am no model.", GOOD.replace("{n}", "2"), " SKIP "])
    values = {
        "provider": "person",
        "model": "person",
        "key_env": "",
        "compact": True,
        "concurrency": 1,
        "timeout_s": 60.0,
    }
    made = make(tmp_path, "", **values)
    briefs = [brief(index=i) for i in range(2)]
    outcomes = made.dream(briefs, validate)
    thread.join(10)
    assert outcomes[0].accepted
    assert len(outcomes[0].draft.repairs) == 1
    assert outcomes[1].draft is None
    assert "skipped by the person" in outcomes[1].verdict.reason
    assert "no code in the answer" in seen[1]
    assert "write it into" in caplog.text
    assert list((tmp_path / "person").iterdir()) == []
    made.journal.close()
    assert str(tmp_path) not in (tmp_path / "journal" / "calls.jsonl").read_text()
    assert make(tmp_path, "", journal="replay", **values).dream(briefs, validate) == outcomes


@pytest.mark.slow
def test_half_an_answer_stays_and_a_question_is_no_way_out_of_the_folder(tmp_path, monkeypatch):
    from dicode.dreaming import person as module

    monkeypatch.setattr(module, "POLL_S", 0.05)
    outside = tmp_path / "outside"
    made = make(tmp_path, "", provider="person", model="person", key_env="", compact=True, timeout_s=0.5)
    made.dream([brief()], validate)
    (question,) = (tmp_path / "person").glob("*.md")
    asked = question.read_text()
    assert asked.rstrip().endswith(module.MARK)
    question.unlink()
    question.symlink_to(outside)
    other = make(tmp_path / "second", "", provider="person", model="person", key_env="", compact=True, timeout_s=0.5)
    (tmp_path / "second" / "person").mkdir()
    (tmp_path / "second" / "person" / question.name).symlink_to(outside)
    assert "nobody answered" in other.dream([brief()], validate)[0].verdict.reason
    assert not outside.exists()


def test_progress_is_told_while_a_round_is_under_way(fm_server, tmp_path):
    seen, refused = [], Rejected("build", "no", code=Code.ERROR)

    def script(asked, number):
        seen.append(made.progress)
        return fm_server.problem(404, "gone") if number == 2 else fm_server.said(GOOD.replace("{n}", "29"[number]))

    made = make(tmp_path, fm_server.url, test_call=False, dreamer={"repairs": 0})
    assert made.progress is None
    fm_server.script = script
    made.dream(
        [brief(3, index) for index in range(3)], lambda draft: validate(draft) if "count=2" in draft.source else refused
    )
    assert [(p.cycle, p.dreams, p.accepted, p.rejected, p.under_way) for p in seen] == [
        (3, 3, 0, 0, 3),
        (3, 3, 1, 0, 2),
        (3, 3, 1, 1, 1),
    ]
    assert (made.progress.lost, made.progress.under_way) == (1, 0)
