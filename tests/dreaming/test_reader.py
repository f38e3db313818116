"""Reading hostile answers: linear, bounded, in a process of its own."""

import os
import random
import signal
import time

import pytest

from dicode.dreaming.parse import MAX_DEPTH, Parsed, parse_answer
from dicode.dreaming.reader import Reader, shared
from dicode.dreaming.similarity import syntax
from dicode.dreaming.unwrap import MAX_ANSWER
from dicode.games.craftax.host import HOST
from dicode.types import Code, Rejected

API = HOST.levels()
LEVEL = '''"""Objective: defeat a zombie.
Why: it gates the dungeon.
"""
from dicode.levels import Achievement, Goal, Mob, Rules, World

GOAL = Goal.all_of(Achievement.DEFEAT_ZOMBIE)
RULES = Rules(ranged_spawn=0.2)


def build(world: World) -> None:
    world.spawn(Mob.ZOMBIE, count=1, distance=(4, 8))
'''
FENCED = f"```python\n{LEVEL}```"
HOSTILE = {
    "sum": "```python\nGOAL = " + "+".join(["1"] * 400) + "\n\n\ndef build(world):\n    pass\n```",
    "attributes": "GOAL = a" + ".b" * 5000 + "\n",
    "calls": "GOAL = f" + "()" * 3000 + "\n",
    "subscripts": "GOAL = x" + "[0]" * 3000 + "\n",
    "not": "GOAL = " + "not " * 3000 + "x\n",
    "minus": "GOAL = " + "-" * 30_000 + "1\n",
    "lambda": "GOAL = " + "lambda: " * 3000 + "0\n",
    "conditional": "GOAL = " + "1 if x else " * 3000 + "0\n",
    "elif": "GOAL = 1\nif a: pass\n" + "elif a: pass\n" * 2900,
    "brackets": "GOAL = " + "[" * 90 + "]" * 90 + "\n" + "(" * 30_000,
    "f-string": 'GOAL = f"' + "{f'" * 1 + "{1}" + "'}" * 1 + '"\n' * 3000,
    "hexadecimal": "GOAL = 0x" + "f" * 30_000 + "\n",
    "decimal": "GOAL = " + "9" * 30_000 + "\n",
    "blocks in a row": "```python\nGOAL = 1\n```\n" * 25_000,
    "think": "<think>" * 85_000,
    "closed think": "<think></think>" * 40_000,
    "orphans": "</think>" * 70_000,
    "mixed tags": "<think>[THINK]<reasoning>" * 20_000,
    "channels": "<|channel|>analysis<|message|>" * 19_000,
    "half channels": "<|channel|>" * 50_000,
    "half tags": "<think " * 80_000,
    "spaces in a tag": "<think" + " " * 500_000,
    "marks": "<|" * 290_000,
    "descriptions": "<description>" * 45_000,
    "closed descriptions": "<description></description>" * 20_000,
    "backticks": "`" * 590_000,
    "tildes": "~~~~`" * 110_000,
    "spaces": " " * 590_000,
    "lines": "\n" * 590_000,
    "blank lines": " \n" * 290_000,
    "angles": "<" * 590_000,
    "words in angles": "<" + "a" * 590_000,
    "docstring of blanks": '"""' + " \n" * 15_000 + 'Objective:"""\nGOAL = 1\n',
    "imports": "import a\n" * 4300 + "GOAL = 1\n",
    "statements": "a=1\n" * 9900 + "GOAL=1\n",
    "quotes": "'" * 590_000,
    "apostrophes before tags": "it's <think>" * 45_000,
    "comments": "# " * 290_000 + "<think>",
    "surrogates": "\ud800" * 100_000,
    "combining": "e\u0301" * 200_000,
    "JSON": '{"code":' * 70_000,
    "JSON lists": "[" * 590_000,
    "JSON strings": '["a\\n",' * 80_000,
    "JSON in fences": '```json\n{"code": "x\\ny"}\n```\n' * 20_000,
    "bare errors": "def f(:\n" * 70_000,
    "nul": "\x00" * 590_000,
    "too long": "x" * 5_000_000,
}


@pytest.fixture(scope="module")
def reader():
    made = Reader()
    yield made
    made.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_no_answer_costs_much_time_or_the_reader(reader, name):
    reader.design("warm")
    starts, began = reader.starts, time.process_time()
    level, design = reader.level(HOSTILE[name], game=HOST.name), reader.design(HOSTILE[name])
    assert time.process_time() - began < 2.0  # in this process
    assert reader.starts == starts
    for read in (level, design):
        assert isinstance(read, Parsed | str) or (read.stage == "parse" and read.reason and read.hint)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["think", "marks", "lines", "backticks", "apostrophes before tags", "JSON strings"])
def test_the_time_grows_with_the_length_and_not_faster(name):
    def seconds(text):
        began = time.process_time()
        parse_answer(text)
        return time.process_time() - began

    text = HOSTILE[name]
    quarter = min(seconds(text[: len(text) // 4]) for _ in range(2))
    assert seconds(text) < 12 * quarter + 0.2


@pytest.mark.fast
@pytest.mark.parametrize("name", ["sum", "attributes", "calls", "subscripts", "conditional", "elif", "not"])
def test_deep_code_is_a_rejected_draft(reader, name):
    read = reader.level(HOSTILE[name])
    assert isinstance(read, Rejected)
    assert read.stage == "parse"
    assert read.code in (Code.NOT_TEXT, Code.SYNTAX)


@pytest.mark.fast
def test_code_of_ordinary_depth_is_read(reader):
    total = LEVEL + "\nN = " + " + ".join(["1"] * (MAX_DEPTH - 10)) + "\n"
    assert isinstance(reader.level(f"```python\n{total}```", game=HOST.name), Parsed)


@pytest.mark.fast
def test_what_is_read_in_the_process_is_what_is_read_here(reader):
    assert reader.level(FENCED, game=HOST.name) == parse_answer(FENCED, API)
    assert reader.level("no code", game=HOST.name) == parse_answer("no code", API)
    assert reader.design("word " * 30) == "word " * 29 + "word"


@pytest.mark.fast
def test_an_answer_is_cut_before_anything_reads_it(reader):
    read = reader.level(FENCED + " " * MAX_ANSWER)
    assert isinstance(read, Rejected)
    assert f"has {MAX_ANSWER + 1} characters" in read.reason
    assert isinstance(reader.design("x" * (MAX_ANSWER + 1)), Rejected)


@pytest.mark.slow
def test_a_reader_that_dies_costs_that_answer_only():
    made = Reader()
    assert isinstance(made.level(FENCED, game=HOST.name), Parsed)
    made._process.kill()
    made._process.wait()
    assert isinstance(made.level(FENCED, game=HOST.name), Parsed)
    assert made.starts == 2
    genuine, made._line = made._line, lambda process, seconds: (process.kill(), genuine(process, seconds))[1]
    os.kill(made._process.pid, signal.SIGSTOP)  # or it might have answered before it is killed
    read = made.level(FENCED, game=HOST.name)
    assert isinstance(read, Rejected)
    assert (read.stage, read.code) == ("limits", Code.CRASHED)
    assert read.hint
    made._line = genuine
    assert isinstance(made.level(FENCED, game=HOST.name), Parsed)
    made.close()


@pytest.mark.slow
def test_an_answer_that_takes_too_long_costs_itself_only():
    made = Reader(seconds=0.05)
    genuine = made._exchange

    def stopped(question):
        process = made._process or made._start()
        os.kill(process.pid, signal.SIGSTOP)
        return genuine(question)

    made._exchange = stopped
    began = time.monotonic()
    read = made.level(FENCED, game=HOST.name)
    assert isinstance(read, Rejected)
    assert "longer than 0.1 s" in read.reason
    assert time.monotonic() - began < 60
    made._exchange = genuine
    made.seconds = 20.0
    assert isinstance(made.level(FENCED, game=HOST.name), Parsed)
    made.close()


@pytest.mark.fast
def test_what_a_parser_raises_is_the_answer_s_verdict(monkeypatch):
    from dicode.dreaming import reader as module

    def broken(text, levels, **options):
        raise MemoryError

    monkeypatch.setattr(module, "parse_answer", broken)
    said = []
    monkeypatch.setattr(module, "_say", said.append)
    monkeypatch.setattr(module, "_limit", lambda name, value: None)
    line = b'{"kind": "level", "text": "x", "known": [], "seconds": 1}\n'
    monkeypatch.setattr(module.sys, "stdin", type("Input", (), {"buffer": [line]}))
    module.serve()
    assert said[1]["rejected"]["stage"] == "limits"
    assert "MemoryError" in said[1]["rejected"]["reason"]


@pytest.mark.fast
def test_the_program_has_one_reader():
    assert shared() is shared()


@pytest.mark.fast
@pytest.mark.parametrize(
    "source", ["GOAL = 0x" + "f" * 9000, "GOAL = " + "+".join("1" * 900), "GOAL = (", "GOAL = \ud800", "\x00"]
)
def test_the_normal_form_of_any_text_is_a_value(source):
    assert len(syntax(source).exact) == 64


def mutated(rng: random.Random, seeds: list[str]) -> str:
    """A level's answer, damaged in a few places."""
    text = rng.choice(seeds)
    for _ in range(rng.randint(1, 6)):
        at, length = rng.randrange(len(text) + 1), rng.choice([0, 1, 3, 20, 200])
        kind = rng.randrange(6)
        if kind == 0:
            piece = "".join(
                rng.choice("()[]{}'\"\\#:=,.\n\t <>`~/|@é\u2028\ud800\x00\u200b0a") for _ in range(rng.randint(1, 12))
            )
        elif kind == 1:
            piece = rng.choice(["<think>", "</think>", "[THINK]", "<description>", "</description>", "```", "```python\n", "~~~", "\n\n", "{", '"code": "', "GOAL = ", "def build(world):\n", "<|channel|>final<|message|>", '"""', "\\", "\r", "0x", "1+" * 50])  # fmt: skip
        elif kind == 2:
            piece = text[at : at + length] * rng.choice([2, 2, 3, 40])
        elif kind == 3:
            start = rng.randrange(len(text) + 1)
            piece = text[start : start + length]
        else:
            piece = ""
        text = text[:at] + piece + text[at + length :]
        text = text[: 2 * 60_000] or "x"
    return text


@pytest.mark.long
def test_1e5_damaged_answers_end_in_a_value_and_cost_no_reader(reader):
    import json

    from dicode.games.level_text import parse_level

    design = (
        "<reasoning>food</reasoning><description>" + "The player starts hungry beside cows. " * 3 + "</description>"
    )
    seeds = [FENCED, LEVEL, f"<think>plan</think>\n{FENCED}", json.dumps({"code": LEVEL}), design, *HOSTILE.values()]
    seeds = [seed[:60_000] for seed in seeds]
    rng, slowest, kinds = random.Random(0), 0.0, {"level": 0, "design": 0, "rejected": 0, "limits": 0}
    reader.design("warm")
    starts = reader.starts
    for number in range(100_000):
        text, began = mutated(rng, seeds if number % 20 == 0 else seeds[:5]), time.monotonic()
        read = reader.design(text) if number % 5 == 0 else reader.level(text, game=HOST.name, known=[LEVEL])
        slowest = max(slowest, time.monotonic() - began)
        if isinstance(read, Rejected):
            kinds["limits" if read.stage == "limits" else "rejected"] += 1
        elif isinstance(read, Parsed):
            kinds["level"] += 1
            read.source.encode()
            parse_level(read.source)
            syntax(read.source)
        else:
            kinds["design"] += 1
    assert sum(kinds.values()) == 100_000
    assert min(kinds["level"], kinds["design"], kinds["rejected"]) > 1000
    assert (kinds["limits"], reader.starts) == (0, starts), kinds
    assert slowest < 20.0
    print(f"damaged answers: {kinds}, slowest {slowest:.2f} s")  # noqa: T201
