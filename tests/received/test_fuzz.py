"""Mutated runs through every reading command: one sentence or a result, never a traceback, a hang or a change elsewhere.

Mutations of bytes and of values, seeded: mutation `n` of a seed is the same everywhere. The short test is a sample of
the long one, which takes 10 000 for each kind of file; every twentieth of those goes through a whole command.
"""

import json
import os
import random
import shutil
import sqlite3
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from commands import HARMFUL, say
from sent import STATE, make
from surroundings import tree

from dicode.commands import levels
from dicode.curriculum.archive import Archive, export
from dicode.dreaming.journal import Journal
from dicode.dreaming.ledger import Ledger
from dicode.errors import DicodeError
from dicode.evaluation import results
from dicode.games.craftax.host import HOST
from dicode.runs import checkpoint, origin
from dicode.runs.dashboards import open_dashboards
from dicode.runs.directory import RunDirectory
from dicode.runs.metrics import JsonLines

ODD = (
    None, True, -1, 0, 2**31, 2**63, 10**40, 1e308, 0.5, "", "x", "../../victim", "/etc/passwd", "${oc.env:HOME}", "\x1b[2J",
    "\u202e", "[bold]", "\x00", [], {}, [[[]]], {"a": {"b": [1]}}, "y" * 5000, "target", "grammar", "NaN", "http://192.0.2.1",
)  # fmt: skip
COMMANDS = {
    "rows": ("levels", "levels --json", "levels --digest", "adopt", "eval", "resume", "replay"),
    "configurations": ("compare", "adopt", "eval", "resume", "replay", "train from="),
    "journals": ("resume", "replay"),
    "metrics": ("compare", "resume"),
    "checkpoints": ("eval", "resume", "train from="),
    "evaluations": ("compare", "resume"),
}
SECONDS = 60.0


def values(dice: random.Random, value):
    """The JSON value with one thing in it changed, dropped, repeated or renamed."""
    value = json.loads(json.dumps(value))
    places = []

    def walk(inner):
        keys = inner if isinstance(inner, dict) else range(len(inner)) if isinstance(inner, list) else ()
        for key in keys:
            places.append((inner, key))
            walk(inner[key])

    walk(value)
    if not places or dice.random() < 0.03:
        return dice.choice(ODD)
    where, key = dice.choice(places)
    how = dice.randrange(5)
    if how == 0:
        del where[key]
    elif how == 1 and isinstance(where, dict):
        where[str(dice.choice(ODD))[:50]] = where.pop(key)
    elif how == 2 and isinstance(where[key], str) and where[key]:
        text = list(where[key])
        text[dice.randrange(len(text))] = dice.choice(("\x1b", "0", "}", "\ud800", "é", ""))
        where[key] = "".join(text)
    elif how == 3 and isinstance(where, list):
        where.insert(key, where[key])
    else:
        where[key] = dice.choice(ODD)
    return value


def octets(dice: random.Random, data: bytes) -> bytes:
    """The bytes with some flipped, cut, repeated or put in."""
    data = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 8))):
        at = dice.randrange(len(data) + 1)
        how = dice.randrange(5)
        if how == 0 and at < len(data):
            data[at] ^= 1 << dice.randrange(8)
        elif how == 1:
            data[at:at] = dice.choice(
                (b"\x00", b"\xff", b"\n", b"}", b"[" * 2000, b"9" * 50, b"NaN", b"\x1b[2J", b"${x}", b"*a")
            )
        elif how == 2:
            del data[at : at + dice.choice((1, 2, 16, 500))]
        elif how == 3:
            data[at:at] = data[at : at + dice.choice((4, 64))]
        else:
            data[at:] = b"" if dice.random() < 0.2 else data[at:]
    return bytes(data)


def lines(dice: random.Random, path: Path) -> None:
    """One line of a file of JSON lines changed, as a value or as bytes."""
    rows = path.read_bytes().split(b"\n")
    at = dice.randrange(len(rows) - 1)
    rows[at] = (
        json.dumps(values(dice, json.loads(rows[at]))).encode() if dice.random() < 0.7 else octets(dice, rows[at])
    )
    path.write_bytes(b"\n".join(rows))


def document(dice: random.Random, path: Path) -> None:
    """A JSON file changed, as a value or as bytes."""
    data = path.read_bytes()
    path.write_bytes(json.dumps(values(dice, json.loads(data))).encode() if dice.random() < 0.7 else octets(dice, data))


def rows(dice: random.Random, run: RunDirectory) -> None:
    """One cell of the archive, or a few bytes of its file or of a journal beside it."""
    if dice.random() < 0.25:
        path = run.archive_file
        if dice.random() < 0.3:
            (path.parent / "archive.sqlite-journal").write_bytes(
                octets(dice, path.read_bytes()[: dice.choice((28, 600, 5000))])
            )
        else:
            path.write_bytes(octets(dice, path.read_bytes()))
        return
    db = sqlite3.connect(run.archive_file)
    db.execute("PRAGMA foreign_keys = OFF")
    table = dice.choice(("levels", "trials", "activations", "briefs", "outcomes", "cycles", "meta", "levels", "briefs"))
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    found = db.execute(f"SELECT rowid, * FROM {table}").fetchall()
    row, column = dice.choice(found), dice.randrange(len(columns))
    cell = row[1 + column]
    if isinstance(cell, str) and cell[:1] == "{" and dice.random() < 0.8:
        text = json.dumps(values(dice, json.loads(cell)), ensure_ascii=dice.random() < 0.5)
        cell = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    else:
        cell = dice.choice([odd for odd in ODD if not isinstance(odd, list | dict) and odd != 10**40 and odd != 2**63])
    try:
        db.execute(f"UPDATE {table} SET {columns[column]} = ? WHERE rowid = ?", (cell, row[0]))
        db.commit()
    except sqlite3.IntegrityError:
        db.rollback()
    db.close()


def configurations(dice: random.Random, run: RunDirectory) -> None:
    data = run.config_file.read_bytes()
    if dice.random() < 0.6:
        data = yaml.safe_dump(values(dice, yaml.safe_load(data)), allow_unicode=True).encode("utf-8", "replace")
    else:
        data = octets(dice, data)
    run.config_file.write_bytes(data)


def checkpoints(dice: random.Random, run: RunDirectory) -> None:
    for cycle in (2,) if dice.random() < 0.3 else (0, 1, 2):
        folder = run.checkpoints / f"{cycle:06d}"
        if dice.random() < 0.8:
            document(dice, folder / "meta.json")
        else:
            (folder / "arrays.bin").write_bytes(octets(dice, (folder / "arrays.bin").read_bytes()))


MUTATE = {
    "rows": rows,
    "configurations": configurations,
    "journals": lambda dice, run: lines(dice, run.journal / "calls.jsonl"),
    "metrics": lambda dice, run: lines(dice, run.metrics_file),
    "checkpoints": checkpoints,
    "evaluations": lambda dice, run: document(dice, dice.choice(sorted(run.evaluation.glob("*.json")))),
}


@pytest.fixture
def quick(stopped, monkeypatch):
    """The reading commands without what is the same for every run: drawing figures, starting processes."""
    from dicode.commands import launch
    from dicode.evaluation import figures

    monkeypatch.setattr(figures, "write", lambda comparison, folder, found: [])

    @contextmanager
    def read_all(run, config, *_, **__):
        with launch.Archive(run.archive_file, existing=True) as archive:
            launch.restore.check_start(config, run, launch.restore.rewind_to_checkpoint(run, archive))
            archive.snapshot()
            sinks = [JsonLines(run.metrics_file, archive.committed_cycle()), *open_dashboards(config, run)]
        for sink in sinks:
            sink.close()
        if run.journal.is_dir():
            with Journal(run.journal) as journal:
                list(journal.calls())
        raise DicodeError("would compile")
        yield

    monkeypatch.setattr(launch, "_assembled", read_all)


def look(kind: str, run: RunDirectory) -> None:
    """Everything that commands read of this kind of file. Raises DicodeError for what is refused."""
    if kind == "rows":
        with Archive(run.archive_file, read_only=True) as archive:
            archive.digest(), archive.strangers()
            snapshot = archive.snapshot()
        json.dumps(export(snapshot))
        for level in snapshot.levels.values():
            levels._row(level, snapshot, HOST)
    elif kind == "configurations":
        origin.sends(run.config())
    elif kind == "journals":
        with Journal(run.journal) as journal:
            Ledger("vllm", "m").read(journal)
    elif kind == "metrics":
        results._metrics(run.metrics_file)
    elif kind == "checkpoints":
        checkpoint.newest_whole(run.checkpoints)
        checkpoint.restore(run.checkpoints, 2, STATE)
    else:
        results.load_run(run.path)


def attack(kind: str, count: int, seed: int, folder: Path, every: int = 1) -> Counter[str]:
    """`count` mutated runs, read whole, and each `every`th through a command, too; how each ended, counted."""
    (folder / "outside").mkdir()
    (folder / "outside" / "victim").write_text("precious")
    around = tree(folder / "outside")
    ended: Counter[str] = Counter()
    os.environ["HOME_OF_NOBODY"] = "sesame-of-the-environment"
    for number in range(count):
        dice = random.Random(f"{kind} {seed} {number}")
        inner = folder / "inner"
        inner.mkdir()
        run = make(inner)
        MUTATE[kind](dice, run)
        command = dice.choice(COMMANDS[kind])
        began, where = time.monotonic(), f"{kind} {seed} {number}"
        try:
            try:
                look(kind, run)
                ended["read"] += 1
            except DicodeError as error:
                ended["refused"] += 1
                assert "sesame" not in str(error), where  # noqa: PT017 - one of hundreds of files, and it may also pass
            if number % every == 0:
                ended[f"{command}: {through(command, run, where)}"] += 1
        except Exception as error:
            raise AssertionError(f"{where} {command}: {type(error).__name__}: {error}") from error
        assert time.monotonic() - began < SECONDS, where
        assert tree(folder / "outside") == around, where
        assert {p.name for p in folder.iterdir()} == {"outside", "inner"}, where
        shutil.rmtree(inner)
    return ended


def through(command: str, run: RunDirectory, where: str) -> str:
    """How a command ended on a run: `passed` or `refused`, which is one sentence of plain text."""
    code, said = say(command, run.path)
    where = f"{where} {command}: {said[:300]!r}"
    assert not HARMFUL.search(said), where
    assert "sesame" not in said, where
    assert code in (0, 1) or (code == 2 and said.rstrip("\n").rpartition("\n")[2].startswith("dicode: ")), where
    return "refused" if code == 2 and "would compile" not in said else "passed"


@pytest.mark.parametrize("kind", MUTATE)
def test_a_sample_of_mutated_files_is_read_or_refused(tmp_path, quick, kind):
    ended = attack(kind, 25, 0, tmp_path)
    assert sum(ended.values()) >= 25


@pytest.mark.long
@pytest.mark.parametrize("kind", MUTATE)
def test_ten_thousand_mutated_files_are_read_or_refused(tmp_path, quick, kind):
    ended = attack(kind, 10_000, 1, tmp_path, every=20)
    with Path(os.environ.get("DICODE_FUZZ_FIGURES", os.devnull)).open("a") as file:
        file.write(f"{kind} {json.dumps(ended)}\n")
