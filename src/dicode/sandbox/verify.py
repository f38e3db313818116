"""Reads what a level's process answered, in a clean process that never ran the level.

The answer is hostile until shown otherwise: its frame, JSON, npz headers, goal, rules, every array's
dtype, shape and range are compared with the game's fields before the game's own `check` looks at
the meaning. What leaves is re-made from the values: JSON from parsed records, the pool as the plain
bytes of its arrays in the schema's order, and its hash.
"""

import io
import struct
import zipfile
from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from dicode.errors import DicodeError, nearest
from dicode.games.host import Field, HostGame
from dicode.games.level_build import schema_fault
from dicode.games.level_text import HOOKS
from dicode.sandbox import wire
from dicode.sandbox.warm import warm_up
from dicode.types import Code, Rejected

_STAGES = ("parse", "screen", "build", "limits", "hooks")
_HEADER_ROOM = 4096
MAX_LINE = 400
"""Characters of a corrected line at most; a longer one is told in the hint alone."""


class VerifyError(Exception):
    """The answer is not a level: the verdict that says so."""

    def __init__(self, reason: str | Rejected, hint: str = "", code: Code = Code.UNREADABLE) -> None:
        super().__init__(str(reason))
        self.verdict = reason if isinstance(reason, Rejected) else Rejected("verify", reason, hint, code=code)


def prepare(game: HostGame) -> Callable[[wire.Message], wire.Message]:
    """Import what checking the game's levels needs, once, and return the job handler."""
    game.levels()
    warm_up()

    def handle(message: wire.Message) -> wire.Message:
        try:
            return verify(message, game)
        except VerifyError as error:
            verdict = error.verdict
        except (wire.WireError, DicodeError) as error:
            verdict = Rejected("verify", str(error), code=Code.UNREADABLE)
        except MemoryError:
            verdict = Rejected("verify", "the answer is too large to check", code=Code.REPLY)
        except Exception as error:  # noqa: BLE001 - the answer is untrusted; nothing in it may end the host
            reason = f"the answer cannot be read ({type(error).__name__})"
            verdict = Rejected("verify", reason, code=Code.UNREADABLE)
        more = {"worlds": list(verdict.worlds), "line": verdict.line}
        return wire.Message({"ok": False, **verdict.to_json(), **more})

    return handle


def verify(message: wire.Message, game: HostGame) -> wire.Message:
    """The verdict on the answer in `message.blobs["answer"]` for a pool of `message.header["worlds"]`."""
    text, worlds = int(message.header["text"]), int(message.header["worlds"])
    answer = wire.decode(message.blobs["answer"])
    if answer.header.get("ok") is not True:
        raise _its_own_verdict(answer.header)
    _only(answer.header, {"ok", "goal", "rules", "description", "warnings", "hooks"})
    goal = game.read_goal(_mapping(answer.header, "goal"))
    rules = game.read_rules(_mapping(answer.header, "rules"))
    hooks = _hooks(answer.header["hooks"])
    description = answer.header["description"]
    warnings = answer.header["warnings"]
    if not isinstance(description, str) or not isinstance(warnings, list) or len(warnings) > 20:
        raise VerifyError("the description or the warnings are malformed")
    if set(answer.blobs) != {"pool"}:
        raise VerifyError("the answer carries other things than a pool")
    pool = read_pool(game.fields, answer.blobs["pool"], worlds)
    fault = schema_fault(game.fields, pool)
    if fault:
        raise VerifyError(fault, code=Code.RANGE)
    found = game.levels().check(pool, goal, rules, hooks, message.header.get("episode_limit"))
    if isinstance(found, Rejected):
        raise VerifyError(found)
    header = {
        "ok": True,
        "goal": goal.to_json(),
        "rules": dict(rules.to_json()),
        "description": clean(description, text),
        "hooks": list(hooks),
        "warnings": [clean(str(warning), text) for warning in (*warnings, *found)],
        "pool_hash": game.pool_hash(pool),
    }
    return wire.Message(header, {"pool": b"".join(pool[name].tobytes() for name in game.fields)})


def clean(text: str, limit: int) -> str:
    """Printable text of at most `limit` characters; line breaks stay."""
    kept = "".join(c if c.isprintable() or c == "\n" else " " for c in text[: 2 * limit]).strip()
    return kept if len(kept) <= limit else kept[: limit - 3] + "..."


def _its_own_verdict(header: Mapping[str, Any]) -> VerifyError:
    verdict = told(header, _STAGES)
    if verdict is None:
        return VerifyError("the answer is neither a level nor a reason")
    return VerifyError(verdict)


def told(header: Mapping[str, Any], stages: Collection[str]) -> Rejected | None:
    """The rejection that a level's own process tells, cleaned; None where it tells none of these `stages`."""
    texts = [header.get(key) for key in ("stage", "code", "reason", "hint")]
    if not all(isinstance(text, str) for text in texts):
        return None
    stage, code, reason, hint = map(str, texts)
    if stage not in stages or code not in set(Code):
        return None
    line = _line(header.get("line"))
    return Rejected(stage, clean(reason, 2000), clean(hint, 2000), code=Code(code), line=line)


def _line(value: object) -> tuple[int, str] | None:
    """A line as it should read, if it is one line of a reasonable length."""
    match value:
        case [int(number), str(text)] if 0 < number < 100_000 and 0 < len(text) <= MAX_LINE and text.isprintable():
            return number, text
    return None


def _only(header: Mapping[str, Any], names: set[str]) -> None:
    if set(header) != names:
        raise VerifyError("the answer's header has missing or unknown entries")


def _mapping(header: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = header[name]
    if not isinstance(value, dict):
        raise VerifyError(f"the {name} is not an object")
    return value


def _hooks(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or any(name not in HOOKS for name in value) or len(set(value)) != len(value):
        raise VerifyError("the list of hooks is malformed")
    return tuple(value)


def read_pool(fields: Mapping[str, Field], data: bytes, worlds: int) -> dict[str, np.ndarray]:
    """The arrays of an npz whose every byte is accounted for; `VerifyError` otherwise.

    Only stored (uncompressed) members whose size is the one that `fields` implies are read, so
    nothing expands; object arrays are refused by their dtype, without unpickling.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            _members(members, fields)
            return {name: _array(archive, name, field, worlds) for name, field in fields.items()}
    except (zipfile.BadZipFile, struct.error, ValueError, EOFError, NotImplementedError) as error:
        raise VerifyError(f"the pool is not an npz file: {error}") from None


def _members(members: list[zipfile.ZipInfo], fields: Mapping[str, Field]) -> None:
    names = [member.filename.removesuffix(".npy") for member in members]
    unknown = [name for name in names if name not in fields]
    if unknown:
        raise VerifyError(f"the pool has an unknown array {unknown[0][:60]!r}{nearest(unknown[0][:60], fields)}")
    missing = [name for name in fields if name not in names]
    if missing or len(names) != len(fields):
        raise VerifyError(f"the pool lacks or repeats arrays: {', '.join(missing[:5]) or 'repeated names'}")
    if any(member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1 for member in members):
        raise VerifyError("the pool is compressed")


def _array(archive: zipfile.ZipFile, name: str, field: Field, worlds: int) -> np.ndarray:
    member = archive.getinfo(f"{name}.npy")
    shape = (worlds, *field.shape)
    expected = int(np.prod(shape)) * field.dtype.itemsize
    if member.file_size != member.compress_size or member.file_size > expected * 8 + _HEADER_ROOM:
        raise VerifyError(f"{name} has {member.file_size} bytes; {expected} are expected")
    content = archive.read(member)
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):
        raise VerifyError(f"{name} has npy version {version}")
    found_shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream, max_header_size=_HEADER_ROOM)
    if dtype != field.dtype:
        raise VerifyError(
            f"{name} is {dtype}; it must be {field.dtype}", "edit the arrays in place, which keeps their types"
        )
    if found_shape != shape or fortran:
        raise VerifyError(f"{name} has shape {found_shape}; it must be {shape}", "edit the arrays in place")
    if len(content) - stream.tell() != expected:
        raise VerifyError(f"{name} has {len(content) - stream.tell()} bytes; {expected} are expected")
    array = np.frombuffer(content, dtype=field.dtype, offset=stream.tell()).reshape(shape)
    if field.dtype == bool and array.view(np.uint8).max(initial=0) > 1:
        raise VerifyError(f"{name} holds bytes that are neither true nor false")
    return array
