"""A checkpoint from outside is bytes whose shapes are known beforehand, and a few checked facts."""

import hashlib
import json

import numpy as np
import pytest
from commands import say
from sent import STATE, make
from surroundings import tree

from dicode.errors import RunError
from dicode.runs import arrays, checkpoint

pytestmark = pytest.mark.fast


def rewrite(folder, data: bytes | None = None, **changes) -> None:
    """Change the newest checkpoint, hashes included, as somebody would who knows the format."""
    path = folder / "000002"
    if data is not None:
        (path / arrays.FILE).write_bytes(data)
    body = json.loads((path / "meta.json").read_text())
    del body["said"]
    body["files"] = {arrays.FILE: hashlib.sha256((path / arrays.FILE).read_bytes()).hexdigest()}
    (path / "meta.json").write_text(json.dumps(body | changes))


def test_what_was_saved_comes_back_to_the_bit(tmp_path):
    run = make(tmp_path)
    back = checkpoint.restore(run.checkpoints, 2, STATE)
    assert back["params"]["w"].tolist() == STATE["params"]["w"].tolist()
    assert back["update"] == 5
    assert back["params"]["w"].dtype == np.float32
    assert back["update"].shape == ()


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"", "holds 0 bytes"),
        (bytes(27), "holds 27 bytes"),
        (bytes(29), "larger than 28 bytes"),
        (bytes(10**6), "larger than 28 bytes"),
        (np.full(6, np.nan, "<f4").tobytes() + bytes(4), "not finite"),
        (np.full(6, np.inf, "<f4").tobytes() + bytes(4), "not finite"),
        (b"\x93NUMPY" + bytes(40), "larger"),
        (b"PK\x03\x04" + bytes(24), None),
    ],
)
def test_bytes_that_are_not_the_arrays_are_refused(tmp_path, data, match):
    run = make(tmp_path)
    rewrite(run.checkpoints, data)
    if match is None:  # any bytes of the right size are numbers
        assert checkpoint.restore(run.checkpoints, 2, STATE)["params"]["w"].shape == (2, 3)
        return
    with pytest.raises(RunError, match=match):
        checkpoint.restore(run.checkpoints, 2, STATE)


@pytest.mark.parametrize(
    "held",
    [
        [], [["['params']['w']", [2, 3], "float32"]], [["x", [2, 3], "float32"], ["['update']", [], "int32"]],
        [["['params']['w']", [3, 2], "float32"], ["['update']", [], "int32"]],
        [["['params']['w']", [2, 3], "object"], ["['update']", [], "int32"]],
        [["['params']['w']", [10**9, 10**9], "float32"], ["['update']", [], "int32"]],
        [["['params']['w']", [-1, 3], "float32"], ["['update']", [], "int32"]],
        [["/etc/passwd", [2, 3], "float32"], ["http://192.0.2.1/", [], "int32"]],
        [{"driver": "file", "path": "/etc"}, None],
    ],
)  # fmt: skip
def test_a_description_is_compared_and_never_followed(tmp_path, held):
    run = make(tmp_path)
    rewrite(run.checkpoints, arrays=held)
    with pytest.raises(RunError, match="does not fit"):
        checkpoint.restore(run.checkpoints, 2, STATE)


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "7", "null", '{"format": 2}', '{"format": "two"}', '{"format": 2, "files": []}',
        '{"format": 2, "files": {"arrays.bin": 7}}', '{"format": 2, "files": {"../../x": "0"}}',
        '{"format": 2, "arrays": 5}', '{"format": 2, "env_steps": "many", "files": {"arrays.bin": "0"}}',
        '{"format": 2, "env_steps": 1e999}', '{"format": ' + "9" * 40 + "}", "[" * 10_000, '{"format": 2, "x": 1}',
        '{"format": 99, "dicode": "\\u001b[2J"}',
    ],
)  # fmt: skip
def test_facts_that_are_none_are_one_sentence(tmp_path, stopped, text):
    run = make(tmp_path)
    for cycle in range(3):
        (run.checkpoints / f"{cycle:06d}" / "meta.json").write_text(text)
    before = tree(tmp_path)
    code, said = say("eval", run.path)
    assert code == 2
    assert said.count("\n") == 1
    assert "\x1b" not in said
    assert tree(tmp_path) == before
    with pytest.raises(RunError):
        checkpoint.restore(run.checkpoints, 2, STATE)


def test_a_damaged_checkpoint_gives_way_to_the_one_before(tmp_path, stopped):
    run = make(tmp_path)
    (run.checkpoints / "000002" / arrays.FILE).write_bytes(bytes(28))
    assert checkpoint.newest_whole(run.checkpoints)[0] == 1
