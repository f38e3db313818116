"""Lines are whole or absent: what fails, dies or runs twice never fuses two of them."""

import errno
import json
import multiprocessing
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from dicode import lines
from dicode.errors import RunError
from dicode.files import output_folder, require_writable, write_text
from dicode.lines import Lines

pytestmark = pytest.mark.fast


def failing_at(monkeypatch, number: int, code: int = errno.ENOSPC, written: int = 7) -> None:
    """The `number`th write of the process gets `written` bytes through and then fails, as on a disk that is full."""
    genuine, calls = os.write, iter(range(1, 10**6))

    def write(file: int, data: bytes) -> int:
        call = next(calls)
        if call == number:
            return genuine(file, data[:written])
        if call == number + 1:
            raise OSError(code, os.strerror(code))
        return genuine(file, data)

    monkeypatch.setattr(lines.os, "write", write)


@pytest.mark.parametrize("written", [0, 1, 7, 13])
def test_a_write_that_fails_half_way_is_cut_back_and_the_next_one_is_sound(tmp_path, monkeypatch, written):
    file = Lines(tmp_path / "x.jsonl")
    failing_at(monkeypatch, 14, written=written)
    for number in range(13):
        file.append({"number": number})
    with pytest.raises(RunError, match=r"x\.jsonl: No space left on device; free some space"):
        file.append({"number": 13})
    for number in range(14, 17):
        file.append({"number": number})
    assert [row["number"] for row in lines.read(tmp_path / "x.jsonl")] == [*range(13), 14, 15, 16]
    assert all(json.loads(line) for line in (tmp_path / "x.jsonl").read_text().splitlines())


def test_a_line_that_did_not_reach_the_disk_is_not_in_the_file(tmp_path, monkeypatch):
    file = Lines(tmp_path / "x.jsonl")
    file.append({"a": 1})
    genuine = os.fsync
    monkeypatch.setattr(lines.os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.EIO, "Input/output error")))
    with pytest.raises(RunError, match="the disk itself"):
        file.append({"a": 2})
    monkeypatch.setattr(lines.os, "fsync", genuine)
    file.append({"a": 3})
    assert lines.read(tmp_path / "x.jsonl") == [{"a": 1}, {"a": 3}]


def test_what_could_not_be_cut_at_once_is_cut_before_the_next_line(tmp_path, monkeypatch):
    file = Lines(tmp_path / "x.jsonl")
    genuine = os.ftruncate
    failing_at(monkeypatch, 2)
    monkeypatch.setattr(lines.os, "ftruncate", lambda *_: (_ for _ in ()).throw(OSError(errno.EIO, "no")))
    file.append({"a": 1})
    with pytest.raises(RunError, match="No space"):
        file.append({"a": 2})
    assert (tmp_path / "x.jsonl").read_bytes() == b'{"a":1}\n{"a":2}'[:15]
    monkeypatch.setattr(lines.os, "ftruncate", genuine)
    file.append({"a": 3})
    assert lines.read(tmp_path / "x.jsonl") == [{"a": 1}, {"a": 3}]


@pytest.mark.parametrize("torn", [b"{", b'{"a": 2}', b"\0\0\0"])
def test_a_torn_last_line_is_dropped_by_readers_and_cut_by_the_next_writer(tmp_path, torn):
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"a": 1}\n' + torn)
    assert lines.read(path) == [{"a": 1}]
    assert path.read_bytes().endswith(torn)
    with_writer = Lines(path)
    with_writer.append({"a": 3})
    assert lines.read(path) == [{"a": 1}, {"a": 3}]


@pytest.mark.parametrize("bad", [b'{"a": 1, {"a": 2}', b"[1]", b"", b"\xff\xfe", b"[" * 100_000])
def test_a_damaged_line_in_the_middle_is_named(tmp_path, bad):
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"a": 1}\n' + bad + b'\n{"a": 3}\n')
    with pytest.raises(RunError, match=r"line 2 of .*x\.jsonl"):
        lines.read(path)


def test_a_second_writer_is_refused_until_the_first_has_died(tmp_path):
    path = tmp_path / "x.jsonl"
    code = f"from pathlib import Path; from dicode.lines import Lines; f = Lines(Path({str(path)!r})); print(1, flush=1); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1, text=True) as holder:
        assert holder.stdout.readline() == "1\n"
        with pytest.raises(RunError, match="another process writes"):
            Lines(path)
        holder.kill()
    Lines(path).append({"a": 1})


def test_a_file_that_was_shortened_under_the_writer_is_an_error(tmp_path):
    file = Lines(tmp_path / "x.jsonl")
    file.append({"a": 1})
    os.truncate(tmp_path / "x.jsonl", 0)
    with pytest.raises(RunError, match="shortened by somebody else"):
        file.append({"a": 2})


def _append_for_ever(path: str) -> None:
    file = Lines(Path(path))
    for number in range(10**9):
        file.append({"number": number, "text": "x" * (number % 5000)})


@pytest.mark.slow
def test_a_killed_writer_leaves_a_prefix_of_what_it_wrote(tmp_path):
    path, rng = tmp_path / "x.jsonl", random.Random(0)
    for _ in range(5):
        path.unlink(missing_ok=True)
        writer = multiprocessing.get_context("fork").Process(target=_append_for_ever, args=(str(path),))
        writer.start()
        writer.join(0.05 + 0.1 * rng.random())
        writer.kill()
        writer.join()
        before = lines.read(path)
        assert [row["number"] for row in before] == list(range(len(before)))
        assert before
        Lines(path).append({"number": len(before)})
        assert len(lines.read(path)) == len(before) + 1


def test_the_text_of_a_file_is_replaced_at_once_or_not_at_all(tmp_path, monkeypatch):
    write_text(tmp_path / "a.txt", "before")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left on device")))
    with pytest.raises(RunError, match=r"cannot write .*a\.txt: No space left"):
        write_text(tmp_path / "a.txt", "after")
    assert (tmp_path / "a.txt").read_text() == "before"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_file_in_the_place_of_a_folder_is_refused_before_anything_long(tmp_path):
    (tmp_path / "evaluation").write_text("")
    require_writable(tmp_path, tmp_path / "none", written=[tmp_path / "evaluation"])
    with pytest.raises(RunError, match=r"evaluation is a file, and a folder belongs there; move it away"):
        require_writable(tmp_path, tmp_path / "evaluation")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "the name of the output is empty"),
        ("/proc/nothing", r"cannot write to /proc/nothing: .*; name another place$"),
        ("{folder}/file/out", r"cannot write to .*/file/out: Not a directory; name another place$"),
        ("{folder}/run", "run is a run's own folder; name another one for the output"),
    ],
)
def test_an_output_that_can_not_be_is_refused_as_such(tmp_path, name, says):
    (tmp_path / "file").write_text("")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.yaml").write_text("")
    with pytest.raises(RunError, match=says):
        output_folder(name.format(folder=tmp_path))
    assert output_folder(f"{tmp_path}/out").is_dir()


def test_what_belongs_to_somebody_else_is_refused_with_its_owner(stranger):
    (stranger.folder / "x.jsonl").write_text("{}\n")
    with stranger():
        for call in (lambda: Lines(stranger.folder / "x.jsonl"), lambda: require_writable(stranger.folder)):
            with pytest.raises(RunError, match=r"Permission denied; it belongs to root; copy the run"):
                call()
