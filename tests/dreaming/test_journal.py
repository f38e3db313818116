import itertools
import json
import os
import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from dicode.dreaming.calls import Answer, Kind, Message, Request
from dicode.dreaming.journal import FILE, Fate, Journal, JournalMiss
from dicode.errors import ConfigError, RunError
from dicode.types import Accepted, Code, Draft, Origin, Rejected

pytestmark = pytest.mark.fast

FIXED = "The rules of the game. " * 50


def request(index=0, text="Write a level.", **changes):
    messages = (Message("system", FIXED), Message("user", text))
    values = {
        "cycle": 1,
        "index": index,
        "stage": "code",
        "attempt": 0,
        "provider": "vllm",
        "model": "m",
        "max_tokens": 9,
    }
    return Request(**(values | changes), messages=messages)


def answer(text="ok"):
    return Answer(Kind.TEXT, text, tokens_in=10, tokens_out=2)


def draft(source="x = 1\n"):
    return Draft(source, "d", Origin.FOUNDATION)


def test_what_was_recorded_is_answered_by_a_later_replay(tmp_path):
    with Journal(tmp_path) as journal:
        assert journal.answer(request()) is None
        journal.record(request(), answer())
    replay = Journal(tmp_path, "replay")
    assert replay.answer(request()) == answer()
    with pytest.raises(RunError, match="reading only"):
        replay.record(request(1), answer())


def test_a_resumed_recording_answers_what_it_already_holds(tmp_path):
    with Journal(tmp_path) as journal:
        journal.record(request(), answer("first"))
    with Journal(tmp_path) as journal:
        assert journal.answer(request()).text == "first"
        journal.record(request(1), answer("second"))
    assert [Journal(tmp_path, "replay").answer(request(i)).text for i in (0, 1)] == ["first", "second"]


def test_a_miss_names_the_nearest_request_and_the_first_difference(tmp_path):
    with Journal(tmp_path) as journal:
        journal.record(request(0, "Write a level about caves."), answer())
        journal.record(request(1, "Write a level about bats."), answer())
    replay = Journal(tmp_path, "replay")
    with pytest.raises(JournalMiss) as caught:
        replay.answer(request(1, "Write a level about cows."))
    message = str(caught.value)
    assert "nearest recorded request is cycle 1, dream 1, code, attempt 0" in message
    assert "messages[1].content at character 20" in message
    assert "bats" in message
    assert "cows" in message


@pytest.mark.parametrize("changes", [{"model": "n"}, {"seed": 3}, {"max_tokens": 10}])
def test_a_miss_names_a_setting_that_changed(tmp_path, changes):
    with Journal(tmp_path) as journal:
        journal.record(request(), answer())
    with pytest.raises(JournalMiss, match=f"first difference: {next(iter(changes))} "):
        Journal(tmp_path, "replay").answer(request(**changes))


def test_the_order_of_concurrent_calls_does_not_matter(tmp_path):
    for order in itertools.permutations(range(3)):
        folder = tmp_path / "".join(map(str, order))
        with Journal(folder) as journal:
            for index in order:
                journal.record(request(index), answer(f"answer {index}"))
        replay = Journal(folder, "replay")
        assert [replay.answer(request(i)).text for i in range(3)] == ["answer 0", "answer 1", "answer 2"]
        assert [c.key for c in replay.calls()] == sorted(c.key for c in replay.calls())


def test_many_threads_write_whole_lines(tmp_path):
    with Journal(tmp_path) as journal:
        threads = [
            threading.Thread(
                target=lambda k=k: [journal.record(request(10 * k + i), answer("x" * 500)) for i in range(5)]
            )
            for k in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(list(Journal(tmp_path, "replay").calls())) == 30


@pytest.mark.parametrize("keep", [1, 20, -1])
def test_a_torn_last_line_is_dropped_and_what_follows_is_sound(tmp_path, keep):
    with Journal(tmp_path) as journal:
        journal.record(request(0), answer("whole"))
        before = os.path.getsize(tmp_path / FILE)
        journal.record(request(1), answer("torn"))
    data = (tmp_path / FILE).read_bytes()
    torn = data[: before + keep] if keep > 0 else data[:-1]
    (tmp_path / FILE).write_bytes(torn)
    assert Journal(tmp_path, "replay").answer(request(0)).text == "whole"
    assert (tmp_path / FILE).read_bytes() == torn  # a replay leaves the file alone
    with Journal(tmp_path) as journal:
        assert journal.answer(request(1)) is None
        journal.record(request(1), answer("again"))
    assert Journal(tmp_path, "replay").answer(request(1)).text == "again"


def test_a_process_killed_while_writing_loses_no_recorded_answer(tmp_path):
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from dicode.dreaming.journal import Fate, Journal\n"
        "journal = Journal(Path(sys.argv[1]))\n"
        "journal.record_fate(Fate(1, 0, 'lost', 'late'))\n"
        'os.write(journal._lines._file, b\'{"kind":"call","key\')\n'
        "os.kill(os.getpid(), 9)\n"
    )
    import dicode

    there = os.environ | {"PYTHONPATH": os.path.dirname(dicode.__path__[0])}
    assert subprocess.run([sys.executable, "-c", script, tmp_path], check=False, env=there).returncode == -9
    assert Journal(tmp_path).fate(1, 0) == Fate(1, 0, "lost", "late")


def test_a_broken_line_in_the_middle_is_an_error_that_names_it(tmp_path):
    (tmp_path / FILE).write_bytes(b'{"kind": "text", "id": "a", "text": "b"}\n???\n')
    with pytest.raises(RunError, match=r"line 2 of .*calls\.jsonl"):
        Journal(tmp_path)


@pytest.mark.parametrize("told", [{"usd": -1e6}, {"tokens_out": -5}])
def test_a_call_that_gives_something_back_is_an_error_since_it_would_lift_every_cap(tmp_path, told):
    with Journal(tmp_path) as journal:
        journal.record(request(0), replace(answer("whole"), **told))
    with pytest.raises(RunError, match=r"line \d of .*calls\.jsonl .*below 0"):
        Journal(tmp_path, "replay")


def test_lost_dreams_and_verdicts_are_kept(tmp_path):
    accepted = Accepted({"achievements": ["eat_cow"]}, {"melee_spawn": 0.5}, "hash", ("success",), ("alike",), 0.25)
    rejected = Rejected("verify", "goal met at reset", "ask for more", code=Code.SOLVED)
    with Journal(tmp_path) as journal:
        journal.record_fate(Fate(3, 2, "lost", "no answer within 900 s"))
        journal.record_verdict(3, 0, 0, draft(), rejected)
        journal.record_verdict(3, 0, 1, draft("y = 2\n"), accepted)
    replay = Journal(tmp_path, "replay")
    assert replay.fate(3, 2).reason == "no answer within 900 s"
    assert replay.fate(3, 1) is None
    assert replay.verdict(3, 0, 0, draft()) == rejected
    assert replay.verdict(3, 0, 1, draft("y = 2\n")) == accepted
    assert replay.verdict(3, 0, 1, draft()) is None


def test_long_texts_are_stored_once(tmp_path):
    with Journal(tmp_path) as journal:
        for index in range(5):
            journal.record(request(index), answer())
    assert (tmp_path / FILE).read_text().count(FIXED) == 1
    assert Journal(tmp_path, "replay").answer(request(4)) == answer()


def test_any_text_survives(tmp_path):
    text = 'line\r\nnext\u2028"quoted" \x00 caf\u00e9 \U0001f409'
    with Journal(tmp_path) as journal:
        journal.record(request(0, text * 20), answer(text))
    assert Journal(tmp_path, "replay").answer(request(0, text * 20)).text == text


@pytest.mark.parametrize(
    ("mode", "error", "says"),
    [
        ("replay", RunError, "no journal"),
        ("extend", RunError, "holds something"),
        ("repaly", ConfigError, "did you mean 'replay'"),
    ],
)
def test_a_journal_that_cannot_serve_its_mode_is_an_error(tmp_path, mode, error, says):
    with pytest.raises(error, match=says):
        Journal(tmp_path / "none", mode)


def test_each_line_is_ascii_json_without_the_directory(tmp_path):
    with Journal(tmp_path) as journal:
        journal.record(request(0, "caf\u00e9"), answer())
    data = (tmp_path / FILE).read_bytes()
    assert data.isascii()
    assert str(tmp_path).encode() not in data
    assert [json.loads(line)["kind"] for line in data.splitlines()] == ["text", "call"]
