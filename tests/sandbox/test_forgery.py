"""Answers that level text forges: the verifier believes nothing, and nothing of one level reaches the next."""

import io
import json
import pickle
import struct
import zipfile
import zlib

import numpy as np
import pytest

from dicode.games.craftax.host import HOST
from dicode.games.craftax.levels.goal import Goal
from dicode.games.craftax.levels.names import Achievement
from dicode.games.craftax.levels.rules import Rules
from dicode.games.craftax.levels.schema import STATE_FIELDS, state_bytes
from dicode.sandbox import invariants, verify, wire
from dicode.types import Origin, Rejected

LEVEL = '''"""Objective: forge."""
import numpy as np
from dicode.levels import Achievement, Goal, Mob

GOAL = Goal.all_of(Achievement.COLLECT_WOOD)
reach = getattr(getattr(Goal, "__in" + "it__"), "__glo" + "bals__")["__built" + "ins__"]["__imp" + "ort__"]
sys, os = reach("sys"), reach("os")
'''


def saved(arrays) -> bytes:
    stored = io.BytesIO()
    np.savez(stored, **arrays)
    return stored.getvalue()


@pytest.fixture(scope="module")
def handle():
    return verify.prepare(HOST)


@pytest.fixture(scope="module")
def honest(worlds):
    header = {
        "ok": True,
        "goal": Goal.all_of(Achievement.COLLECT_DIAMOND).to_json(),
        "rules": Rules().to_json(),
        "description": "a level",
        "warnings": [],
        "hooks": [],
    }
    return header, {name: worlds[name] for name in STATE_FIELDS}


def verdict(handle, header, blobs) -> wire.Message:
    answer = wire.encode(wire.Message(header, blobs))[12:]
    return handle(wire.Message({"worlds": 2, "text": 2000}, {"answer": answer}))


def test_an_honest_answer_is_accepted(handle, honest):
    header, arrays = honest
    found = verdict(handle, header, {"pool": saved(arrays)})
    assert found.header["ok"]
    assert len(found.blobs["pool"]) == 2 * state_bytes()


def raw_npz(name: str, content: bytes, arrays, method=zipfile.ZIP_STORED) -> bytes:
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", method) as archive:
        for other, array in arrays.items():
            part = io.BytesIO()
            np.lib.format.write_array(part, array)
            archive.writestr(f"{other}.npy", content if other == name else part.getvalue())
    return stored.getvalue()


def header_of(descr: str, shape: tuple[int, ...]) -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()


class Bomb:
    def __reduce__(self):
        return (open, ("/tmp/dicode-unpickled", "w"))


POOLS = {
    "is no zip file": (lambda a: b"PK" + bytes(100), "npz"),
    "is cut short": (lambda a: saved(a)[:-3000], "npz"),
    "is empty": (lambda a: b"", "npz"),
    "is compressed": (lambda a: raw_npz("", b"", a, zipfile.ZIP_DEFLATED), "compressed"),
    "hides a pickle": (lambda a: raw_npz("blocks", header_of("'|O'", (1,)) + pickle.dumps(Bomb()), a), "object"),
    "hides a pickle as a plain member": (lambda a: raw_npz("blocks", pickle.dumps(Bomb()), a), "npz"),
    "has an array too few": (lambda a: saved({k: v for k, v in a.items() if k != "light"}), "lacks"),
    "has an array too many": (lambda a: saved(a | {"lights": np.zeros(3)}), "unknown array 'lights'; did you mean 'light'"),
    "has a wrong dtype": (lambda a: saved(a | {"blocks": a["blocks"].astype(np.int64)}), "blocks is int64; it must be uint8"),
    "has structured data": (lambda a: raw_npz("blocks", header_of("[('a', '<i4')]", (2,)) + bytes(8), a), "blocks is"),
    "has a wrong shape": (lambda a: saved(a | {"blocks": a["blocks"][:, :8]}), "shape (2, 8, 48, 48)"),
    "has fewer worlds": (lambda a: saved({k: v[:1] for k, v in a.items()}), "shape"),
    "is in Fortran order": (lambda a: saved(a | {"blocks": np.asfortranarray(a["blocks"])}), "it must be"),
    "promises more than it holds": (lambda a: raw_npz("blocks", header_of("'|u1'", (2, 9, 48, 48)) + bytes(10), a), "bytes"),
    "promises a petabyte": (lambda a: raw_npz("blocks", header_of("'|u1'", (10**15,)), a), "shape"),
    "holds NaN": (lambda a: saved(a | {"player_health": np.full(2, np.nan, np.float32)}), "player_health"),
    "holds infinity": (lambda a: saved(a | {"player_hunger": np.full(2, np.inf, np.float32)}), "player_hunger"),
    "leaves an enum": (lambda a: saved(a | {"blocks": np.full_like(a["blocks"], 37)}), "blocks"),
    "leaves a range": (lambda a: saved(a | {"inventory.wood": np.full(2, 100, np.int32)}), "inventory.wood"),
    "has negative inventory": (lambda a: saved(a | {"inventory.wood": np.full(2, -1, np.int32)}), "inventory.wood"),
    "has truth values of 7": (
        lambda a: saved(a | {"is_sleeping": np.full(2, 7, np.uint8).view(bool)}),
        "neither true nor false",
    ),
    "puts the player in a wall": (lambda a: saved(a | {"blocks": np.full_like(a["blocks"], 4)}), "player"),
}  # fmt: skip


@pytest.mark.parametrize("what", POOLS)
def test_a_pool_is_refused_that(what, handle, honest):
    forge, said = POOLS[what]
    header, arrays = honest
    found = verdict(handle, header, {"pool": forge(arrays)})
    assert not found.header["ok"]
    assert found.header["stage"] == "verify"
    assert said in found.header["reason"], found.header


def test_a_zip_bomb_is_not_expanded(handle, honest):
    header, arrays = honest
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    small = b"".join(packed.compress(bytes(10**6)) for _ in range(200)) + packed.flush()
    data = raw_npz("blocks", bytes(len(small)), arrays).replace(bytes(len(small)), small, 1)
    assert not verdict(handle, header, {"pool": data}).header["ok"]


HEADERS = {
    "claims to be accepted already": {"verdict": "accepted"},
    "has another goal": {"goal": {"achievements": ["WIN"], "minimum": {}}},
    "asks for NaN": {"goal": {"achievements": [], "minimum": {"survive": "NaN"}}},
    "has a goal that is a list": {"goal": [["achievements", []]]},
    "has rules out of range": {"rules": {"melee_spawn": 1e9}},
    "has unknown rules": {"rules": {"god_mode": 1}},
    "has rules of another type": {"rules": {"melee_spawn": {"__class__": "os"}}},
    "names hooks that there are not": {"hooks": ["os.system"]},
    "names hooks twice": {"hooks": ["bonus", "bonus"]},
    "has no description": {"description": None},
    "warns without end": {"warnings": ["x"] * 1000},
}


@pytest.mark.parametrize("what", HEADERS)
def test_an_answer_is_refused_that(what, handle, honest):
    header, arrays = honest
    found = verdict(handle, {**header, **HEADERS[what]}, {"pool": saved(arrays)})
    assert not found.header["ok"], found.header


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ([3, "GOAL = 1"], (3, "GOAL = 1")),
        ([3, "GOAL = 1\nimport os"], None),
        ([0, "GOAL = 1"], None),
        ([10**9, "GOAL = 1"], None),
        ([3, "x" * 10_000], None),
        ([3, ["GOAL = 1"]], None),
        (["3", "GOAL = 1"], None),
        ({"3": "GOAL = 1"}, None),
        ([3, "\u2028"], None),
    ],
)
def test_a_corrected_line_is_one_short_line_or_none(handle, line, kept):
    told = {"ok": False, "stage": "build", "code": "error", "reason": "no", "hint": "", "line": line}
    assert verdict(handle, told, {}).header["line"] == kept


def test_a_goal_that_is_met_at_reset_is_refused(handle, honest):
    header, arrays = honest
    solved = {**header, "goal": Goal.all_of(Goal.at_least("inventory.wood", 1)).to_json()}
    found = verdict(handle, solved, {"pool": saved(arrays | {"inventory.wood": np.full(2, 5, np.int32)})})
    assert not found.header["ok"]
    assert found.header["hint"]


def test_texts_are_shortened_and_made_printable(handle, honest):
    header, arrays = honest
    found = verdict(handle, {**header, "description": "\x1b[2J" + "x" * 9000}, {"pool": saved(arrays)})
    assert len(found.header["description"]) == 2000
    assert "\x1b" not in found.header["description"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff" * 40,
        struct.pack("<I", 2**31) + b"{}",
        struct.pack("<I", 2) + b"{}",
        struct.pack("<I", 100_000) + b"[" * 100_000,
    ],
)
def test_bytes_that_are_no_message_are_refused(body, handle):
    found = handle(wire.Message({"worlds": 2, "text": 2000}, {"answer": body}))
    assert found.header["ok"] is False


def test_the_trainer_checks_once_more(worlds):
    data = b"".join(worlds[name].tobytes() for name in STATE_FIELDS)
    digest = HOST.pool_hash({name: worlds[name] for name in STATE_FIELDS})
    assert set(invariants.unpack_pool(HOST, data, 2, digest)) == set(STATE_FIELDS)
    for wrong in (data[:-1], bytes(len(data)), b"\xff" * len(data)):
        with pytest.raises(invariants.InvariantError):
            invariants.unpack_pool(HOST, wrong, 2, digest)
    with pytest.raises(invariants.InvariantError):
        invariants.unpack_pool(HOST, data, 2, "0" * 64)


FORGED = {
    "writes a verdict of its own to the line": (
        "import_ = reach('dicode.sandbox.wire', fromlist=['x'])\n"
        "    good = import_.encode(import_.Message({'ok': True, 'pool_hash': 'x'}, {}))\n"
        "    [os.write(fd, good) for fd in range(3, 20) if open_(fd)]\n    os._exit(0)"
    ),
    "replaces the checks": "sys.modules['dicode.games.level_build'].finish = lambda game, arrays, levels: arrays\n    world.arrays['blocks'][:] = 99",
    "replaces the writing of pools": "np.savez = lambda file, **arrays: file.write(b'PK' + bytes(99))",
    "claims a huge answer": "[os.write(fd, b'dcd1' + bytes([255] * 8)) for fd in range(3, 20) if open_(fd)]\n    os._exit(0)",
}


FORGED_SAYS = {
    "writes a verdict of its own to the line": ("verify", "missing or unknown entries"),
    "replaces the checks": ("verify", "blocks holds 99"),
    "replaces the writing of pools": ("verify", "not an npz file"),
    "claims a huge answer": ("limits", "18446744073709551615 bytes"),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_level_is_refused_that(what, sandbox, worlds):
    helper = "def open_(fd):\n    try: os.lseek(fd, 0, 1)\n    except OSError as error: return error.errno != 9\n    return True\n"
    found = sandbox.build(f"{LEVEL}{helper}\ndef build(world):\n    {FORGED[what]}\n", worlds, 1, Origin.GRAMMAR)
    stage, said = FORGED_SAYS[what]
    assert isinstance(found, Rejected), found
    assert found.stage == stage, found
    assert said in found.reason, found


def test_a_level_finds_no_trace_of_another(sandbox, worlds):
    """Modules changed, globals left and text sent by one level are not there for the next."""
    changes = "sys.left_here = np.left_here = reach('builtins').left_here = 'MARK' + 'ER'\n# a comment with MARK-ER\n"
    left = sandbox.build(f"{LEVEL}{changes}def build(world):\n    pass\n", worlds, 1, Origin.GRAMMAR)
    assert not isinstance(left, Rejected)
    look = (
        LEVEL
        + """
def build(world):
    assert not hasattr(sys, "left_here") and not hasattr(np, "left_here")
    assert not hasattr(reach("builtins"), "left_here")
    held = [o for o in reach("gc").get_objects() if isinstance(o, (list, dict, tuple))]
    texts = [s for o in held for s in (o.values() if isinstance(o, dict) else o) if isinstance(s, str)]
    marks = ["-".join(("MARK", "ER")), "".join(("MARK", "ER"))]
    assert len(texts) > 100 and not [s for s in texts if s not in marks and any(m in s for m in marks)]
"""
    )
    assert not isinstance(sandbox.build(look, worlds, 1, Origin.GRAMMAR), Rejected)


def test_the_answers_table_is_plain_json(handle, honest):
    """The verifier's own answer holds nothing but JSON values and the pool's bytes."""
    header, arrays = honest
    found = verdict(handle, header, {"pool": saved(arrays)})
    assert json.loads(json.dumps(found.header)) == found.header
    assert set(found.blobs) == {"pool"}
