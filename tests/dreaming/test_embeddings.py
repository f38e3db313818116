"""Examples chosen by an embedding model: journaled, replayed without a socket, and given up for good after a failure."""

import json
import logging
import math

import numpy as np
import pytest
from scripted import no_sockets

from dicode.dreaming.calls import EMBEDDING, Answer, Kind, Message, Request
from dicode.dreaming.client import OpenAIClient, Patience
from dicode.dreaming.embeddings import Embeddings
from dicode.dreaming.journal import Journal, JournalMiss
from dicode.dreaming.ledger import Ledger
from dicode.dreaming.providers import Endpoint, Key
from dicode.dreaming.replies import decode_vector, encode_vector, read_vector
from dicode.dreaming.similarity import most_similar
from dicode.types import Accepted, Code, LevelRecord, Origin, Rejected

SECRET = "sk-verysecret0123456789"
QUICK = Patience(first_s=0.01, longest_s=0.02, longest_retry_after_s=0.5)
DIRECTIONS = {"north": (1.0, 0.1), "north too": (0.9, 0.2), "east": (0.1, 1.0), "south": (-1.0, 0.0)}


def record(name: str, verdict=None) -> LevelRecord:
    made = Accepted({"achievements": ["EAT_COW"]}, {}, "-")
    return LevelRecord(name, f"# {name}\nx = 1\n", name, Origin.GRAMMAR, (), "", 0, verdict or made)


LEVELS = [record(name) for name in DIRECTIONS]


def vectors(server, tokens: int | None = 7, broken: str = ""):
    """Answers with the direction that the text names; with nonsense for the level called `broken`."""

    def script(body, number):
        name = body["input"].split("\n")[0]
        if name == broken:
            return server.problem(404, f"no such model, {SECRET}")
        answer = {"model": "e", "data": [{"embedding": list(DIRECTIONS[name])}]}
        return server.Step(body=json.dumps(answer | ({"usage": {"prompt_tokens": tokens}} if tokens else {})).encode())

    return script


@pytest.fixture
def opened(fm_server, tmp_path):
    """Opens embeddings on the one journal, again and again, as a run and its resumptions do."""

    opened_before: list[Journal] = []

    def make(mode: str = "record", **caps: float) -> Embeddings:
        for ended in opened_before:
            ended.close()
        endpoint = Endpoint("vllm", "m", fm_server.url, "FM_KEY", timeout_s=10.0, retries=1)
        journal, ledger = Journal(tmp_path / "journal", mode), Ledger("vllm", "m", **caps)
        opened_before.append(journal)
        ledger.read(journal)
        made = Embeddings(endpoint, "e", journal, ledger, lambda: OpenAIClient(endpoint, Key("FM_KEY", SECRET), QUICK))
        made.ledger = ledger
        return made

    return make


def names(found) -> list[str]:
    return [r.id for r in found]


def test_examples_come_by_cosine_and_each_level_is_asked_for_once(fm_server, opened):
    fm_server.script = vectors(fm_server)
    made = opened()
    assert names(made.similar(LEVELS[0], LEVELS, 3)) == ["north too", "east", "south"]
    assert names(made.similar(LEVELS[2], LEVELS, 2)) == ["north too", "north"]
    assert sorted(r["input"].split("\n")[0] for r in fm_server.requests) == sorted(DIRECTIONS)
    assert {r["model"] for r in fm_server.requests} == {"e"}
    assert made.ledger.total().calls == 4
    assert made.ledger.total().tokens_in == 28


def test_rejected_levels_and_those_without_text_are_no_examples(fm_server, opened):
    fm_server.script = vectors(fm_server)
    bad = record("east", Rejected("build", "no", code=Code.ERROR))
    assert names(opened().similar(LEVELS[0], [*LEVELS[:2], bad], 3)) == ["north too"]


def test_a_resumed_run_pays_for_no_vector_twice_and_a_replay_opens_no_socket(fm_server, opened):
    fm_server.script = vectors(fm_server)
    first = names(opened().similar(LEVELS[0], LEVELS[:3]))
    again = opened()
    assert names(again.similar(LEVELS[0], LEVELS[:3])) == first
    assert len(fm_server.requests) == 3
    assert again.ledger.total().calls == 3
    with no_sockets():
        assert names(opened("replay").similar(LEVELS[0], LEVELS[:3])) == first
        with pytest.raises(JournalMiss, match="embedding"):
            opened("replay").similar(LEVELS[0], LEVELS)


def test_a_failure_is_told_once_and_structure_decides_from_then_on_also_after_resume_and_in_a_replay(
    fm_server, opened, caplog
):
    fm_server.script = vectors(fm_server, broken="east")
    made = opened()
    for level in LEVELS[:2]:
        assert made.similar(level, LEVELS, 2) == most_similar(level, LEVELS, 2)
    warnings = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "by structure from now on" in warnings[0]
    assert SECRET not in warnings[0]
    asked = len(fm_server.requests)
    fm_server.script = vectors(fm_server)
    assert opened().similar(LEVELS[0], [*LEVELS, record("north")], 2) == most_similar(LEVELS[0], LEVELS, 2)
    with no_sockets():
        assert opened("replay").similar(LEVELS[0], LEVELS, 2) == most_similar(LEVELS[0], LEVELS, 2)
    assert len(fm_server.requests) == asked


def test_a_spent_budget_is_a_failure_that_a_replay_repeats(fm_server, opened):
    fm_server.script = vectors(fm_server, tokens=1000)
    assert names(opened(tokens=500).similar(LEVELS[0], LEVELS[:2])) == ["north too"]
    poor = opened(tokens=500)
    assert poor.similar(LEVELS[0], LEVELS, 2) == most_similar(LEVELS[0], LEVELS, 2)
    assert len(fm_server.requests) == 2
    assert opened("replay").similar(LEVELS[0], LEVELS, 2) == most_similar(LEVELS[0], LEVELS, 2)


@pytest.mark.parametrize("text", ["A level, not a vector.", "3", "3c0", "00 00 \u0663"])
def test_a_journaled_answer_that_is_no_vector_ends_their_use_and_a_replay_repeats_it(opened, text):
    made = opened()
    for level in LEVELS:
        made._journal.record(made._request(level), Answer(Kind.TEXT, text))
    for mode in ("record", "replay"):
        assert opened(mode).similar(LEVELS[0], LEVELS, 2) == most_similar(LEVELS[0], LEVELS, 2)


REQUEST = Request(-1, 0, EMBEDDING, 0, "vllm", "e", (Message("user", "text"),), 0)


@pytest.mark.fast
@pytest.mark.parametrize(
    "values",
    ["x", None, [], [0.0, 0.0], [1.0, None], [1.0, math.nan], [math.inf], [True], [10**400], [1.0] * 20_000, [[1.0]]],
)
def test_an_answer_that_holds_no_vector_fails(values):
    assert read_vector({"data": [{"embedding": values}]}, REQUEST).kind is Kind.FAILED


@pytest.mark.fast
@pytest.mark.parametrize("body", [None, [], {}, {"data": []}, {"data": [3]}, {"data": {"embedding": [1.0]}}])
def test_a_body_of_another_form_fails(body):
    assert read_vector(body, REQUEST).kind is Kind.FAILED


@pytest.mark.fast
def test_a_stored_vector_keeps_its_direction():
    given = np.random.default_rng(0).normal(size=768) * 1e-20
    back = decode_vector(encode_vector(list(given)))
    assert abs(float(back @ given) / np.linalg.norm(given) - 1.0) < 1e-3
