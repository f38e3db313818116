"""Runs level text: the only place that does. It is called inside a fork that is walled in.

`handle` answers with the level's goal and rules as JSON and its pool as npz, or with why there is
none. Nobody believes the answer: whatever happens in this process, including a forged answer, is
read by a clean verifier (`dicode.sandbox.verify`).
"""

import builtins
import io
import random
import re
import sys
import traceback
from collections.abc import Callable
from types import CodeType, ModuleType
from typing import Any

import numpy as np

from dicode.errors import LevelError
from dicode.games.host import HostGame, Levels
from dicode.games.level_build import build_pool
from dicode.games.level_text import plain
from dicode.sandbox import screen, wire
from dicode.sandbox.warm import warm_up
from dicode.syntax import lines_of
from dicode.types import Code, Rejected

FILE = "<level>"
"""What tracebacks call the level's text."""
_PRELOAD = (
    "__future__ linecache tokenize tracemalloc decimal fractions heapq bisect collections.abc encodings.idna "
    "numpy.random numpy.linalg numpy.fft numpy.ma numpy.polynomial numpy.lib.stride_tricks numpy.lib.recfunctions "
    "numpy.typing numpy.char numpy.strings numpy.rec numpy.exceptions"
)
"""Imported, beside the game's face, before the wall goes up, because afterwards no file can be opened."""
_HIDDEN = (
    "open",
    "exec",
    "eval",
    "compile",
    "input",
    "breakpoint",
    "exit",
    "quit",
    "help",
    "copyright",
    "credits",
    "license",
)


def prepare(game: HostGame) -> Callable[[wire.Message], wire.Message]:
    """Import what levels of the game may use, once, and return the job handler."""
    import importlib

    for name in (*_PRELOAD.split(), game.levels().face):
        importlib.import_module(name)
    warm_up()
    np.linalg.svd(np.eye(3))  # loads what linear algebra loads late
    np.random.default_rng(0).choice(4, 2)
    str(np.arange(3.0))

    def handle(message: wire.Message) -> wire.Message:
        return build(message, game)

    return handle


def reject(verdict: Rejected) -> wire.Message:
    """The answer that there is no level."""
    return wire.Message({"ok": False, **verdict.to_json(), "line": verdict.line})


def build(message: wire.Message, game: HostGame) -> wire.Message:
    """Screen and run the level in `message` on its worlds; the answer for the verifier."""
    source, seed = plain(message.blobs["source"].decode("utf-8")), int(message.header["seed"])
    levels = game.levels()
    found = screen.screen(source, levels)
    if found is not None:
        return reject(found)
    with np.load(io.BytesIO(message.blobs["worlds"]), allow_pickle=False) as stored:
        worlds = {name: stored[name] for name in stored.files}
    np.random.seed(seed % 2**32)  # noqa: NPY002  level text that uses the global generator gets the same draws every time
    random.seed(seed)
    try:
        namespace = execute(source, absent_jax, levels)
        built = build_pool(game, namespace, worlds, seed)
        return answer(built)
    except BaseException as error:  # noqa: BLE001 - whatever level code raises is its verdict
        return reject(explain(error, source, levels))


def answer(built: Any) -> wire.Message:
    """A built level as a message: JSON header, pool as npz."""
    stored = io.BytesIO()
    np.savez(stored, **built.pool)
    header = {
        "ok": True,
        "goal": built.goal.to_json(),
        "rules": dict(built.rules.to_json()),
        "description": built.description,
        "warnings": list(built.warnings),
        "hooks": list(built.hooks),
    }
    return wire.Message(header, {"pool": stored.getvalue()})


def execute(source: str, jax_module: Callable[[str], Any], levels: Levels) -> dict[str, Any]:
    """Run the text of a level and return its names; `jax_module(name)` stands for imports of JAX."""
    code: CodeType = compile(source, FILE, "exec", dont_inherit=True)
    visible = {name: value for name, value in vars(builtins).items() if name not in _HIDDEN}
    visible["__import__"] = _importer(jax_module, levels)
    namespace: dict[str, Any] = {"__name__": "level", "__builtins__": visible}
    exec(code, namespace)
    return namespace


def _importer(jax_module: Callable[[str], Any], levels: Levels) -> Callable[..., Any]:
    def guarded(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> ModuleType:
        asked = globals.get("__name__") == "level" if isinstance(globals, dict) else False
        # NumPy's own code imports its parts late, through whoever calls it first.
        asked = asked and not (name.startswith("numpy.") and name in sys.modules)
        if asked and (level or not screen.may_import(name, levels)):
            raise LevelError(f"level code cannot import {name}; {screen.import_hint(name, levels)}")
        if asked and name.split(".")[0] == "jax":
            module: ModuleType = jax_module(name if fromlist else "jax")
            return module
        return builtins.__import__(name, globals, locals, fromlist, level)

    return guarded


class _Absent:
    """Stands for JAX where levels are built: anything may be named and called, nothing computed."""

    __array_priority__ = 1000.0  # a NumPy array to the left of an operator leaves it to what stands to the right

    def __init__(self, name: str) -> None:
        self.__name = name

    def __getattr__(self, name: str) -> "_Absent":
        if name.startswith("__"):
            raise AttributeError(name)
        return _Absent(f"{self.__name}.{name}")

    def __call__(self, *_: object, **__: object) -> "_Absent":
        return _Absent(f"{self.__name}(...)")

    def _refuse(self, *_: object, **__: object) -> Any:
        raise LevelError(
            f"{self.__name} is used in build or at the top of the level; JAX works in hooks only, use numpy here"
        )

    __bool__ = __iter__ = __len__ = __index__ = __float__ = __int__ = __complex__ = __array__ = _refuse

    def __getitem__(self, _: object) -> "_Absent":
        return _Absent(f"{self.__name}[...]")

    def _operate(self, *_: object) -> "_Absent":
        return _Absent(f"({self.__name})")

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _operate
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = __matmul__ = __rmatmul__ = _operate
    __and__ = __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = __lshift__ = __rlshift__ = _operate
    __rshift__ = __rrshift__ = __neg__ = __pos__ = __abs__ = __invert__ = __round__ = _operate
    __lt__ = __le__ = __gt__ = __ge__ = _operate

    def __divmod__(self, _: object) -> "tuple[_Absent, _Absent]":
        return self._operate(), self._operate()

    __rdivmod__ = __divmod__


def absent_jax(name: str) -> Any:
    """The stand-in for a JAX module in the process that builds worlds."""
    return _Absent(name)


def explain(error: BaseException, source: str, levels: Levels) -> Rejected:
    """A verdict from what level text raised: the line, the reason, and what to do instead."""
    where = _where(error, source)
    if isinstance(error, MemoryError):
        return Rejected(
            "limits",
            f"{where}the level needs more memory than it may have",
            "use smaller arrays, and edit the world's own in place",
            code=Code.MEMORY,
        )
    if isinstance(error, RecursionError):
        hint = "use a loop with an explicit stack"
        return Rejected("build", f"{where}the recursion is too deep", hint, code=Code.ERROR)
    if isinstance(error, LevelError):
        # A level's own subclass may answer anything when asked for its code.
        code = error.code if type(error) is LevelError else Code.IMPOSSIBLE
        hint, line = _advice(error, source, levels)
        return Rejected("build", f"{where}{error}", hint, code=code, line=line)
    if isinstance(error, OSError):
        return Rejected("build", f"{where}{type(error).__name__}: {error}", _WALLED, code=Code.WALLED)
    said = str(error)
    reason = f"{where}{type(error).__name__}: {_FILE.sub('', said)}"
    hint, line = _advice(error, source, levels)
    hint = hint or _no_such(said, levels) or _hint(type(error).__name__, levels)
    return Rejected("build", reason, hint, code=Code.ERROR, line=line)


def _advice(error: BaseException, source: str, levels: Levels) -> tuple[str, tuple[int, str] | None]:
    """What to write instead, with the whole line where that is clear; nothing that a level's own classes could make fail."""
    try:
        found, number = levels.advice(error), _line(error)
        fixed = found.corrected(lines_of(source)[number - 1]) if number else ""
    except Exception:  # noqa: BLE001 - the error is of a class that level code may have written
        return "", None
    whole = f"line {number} should read: {fixed[:200]}" if fixed else ""
    return "; ".join(filter(None, [found.hint, whole])), (number, fixed) if number and fixed else None


def _line(error: BaseException) -> int | None:
    """The line of the level's text that was running."""
    frames = traceback.extract_tb(error.__traceback__, limit=200)
    return next((frame.lineno for frame in reversed(frames) if frame.filename == FILE), None)


_MISSING = re.compile(
    r"cannot import name '(?P<name>\w+)' from '(?P<module>[\w.]+)'|module '([\w.]+)' has no attribute '(\w+)'"
)
_FILE = re.compile(r"(?<=') \(.*\)\Z", re.DOTALL)
"""Where a module lies, which an ImportError tells."""


def _no_such(said: str, levels: Levels) -> str:
    """What to do about a name that a module doesn't have; empty for an error that says something else."""
    found = _MISSING.match(said)
    if not found:
        return ""
    name, module = found["name"] or found[4], found["module"] or found[3]
    if module != levels.face:
        return f"{module} has no {name}; leave it out"
    return f"{module} has {', '.join(levels.names)}{levels.nearest(name, levels.names)}"


_WALLED = "level code has no files, network, processes, environment or entropy; draw from world.rng"


def _hint(name: str, levels: Levels) -> str:
    """What to do about an error of this name, for want of better advice."""
    face, names = levels.face, ", ".join(levels.names)
    return {
        "NameError": f"names come from {face}: from {face} import {names}",
        "NotImplementedError": _WALLED,
        "OverflowError": "no number of the game is that large; write one within the range of what it is for",
        "SystemExit": "return from build instead",
    }.get(name, "")


def _where(error: BaseException, source: str) -> str:
    try:
        number = _line(error)
    except Exception:  # noqa: BLE001 - the error is of a class that level code may have written
        return ""
    if number is None:
        return ""
    text = lines_of(source)
    notes = [note for note in getattr(error, "__notes__", ()) if isinstance(note, str) and note.startswith("in world")]
    shown = text[number - 1].strip()[:120] if 0 < number <= len(text) else ""
    return f"line {number} ({shown}), {notes[0]}: " if notes else f"line {number} ({shown}): "
