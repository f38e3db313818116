"""Reading a level file without running it: its objective, its reason and which parts it has."""

import ast
import codecs
import io
import re
import tokenize
from collections.abc import Callable
from dataclasses import dataclass

from dicode.errors import LevelError
from dicode.syntax import assigned, functions, tree_of
from dicode.types import Code, Rejected

HOOKS = {
    "transition": ("before", "action", "after", "key"),
    "success": ("state",),
    "bonus": ("before", "action", "after"),
}
"""Names of the functions that a level may define in JAX, with those of their parameters."""

READ = frozenset({"GOAL", "RULES", "START", "WORLDS", "WORLD_SEED", "build", *HOOKS})
"""What is read of a level by its name; all its other names are its own."""

MAX_SOURCE = 60_000
"""Longest level file in characters."""


def _plain_hint(value: object, said: str) -> str:
    return "write GOAL = ... at the top of the file"


@dataclass(frozen=True)
class LevelText:
    """What a level file says about itself."""

    source: str
    objective: str
    why: str
    has_rules: bool
    has_build: bool
    hooks: tuple[str, ...]
    """Which of `transition`, `success`, `bonus` it defines."""
    goal: str
    """The expression assigned to GOAL; empty if the goal is a `success` hook alone."""

    @property
    def description(self) -> str:
        """Objective and reason as one paragraph."""
        return f"{self.objective} {self.why}".strip()


def decode(data: bytes) -> str:
    """A level file's text from its bytes: UTF-8, or what its byte-order mark or its coding line says; lines end in `\\n`.

    Raises LevelError where the bytes are not that.
    """
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "")
    if not encoding:
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        except SyntaxError as error:
            if b"coding" not in data[:400]:
                return _decoded(data, "utf-8")
            raise LevelError(f"the file's encoding is unknown: {error}; save it as UTF-8", Code.NOT_TEXT) from None
    return _decoded(data, encoding)


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return plain(data.decode(encoding))
    except LookupError:
        raise LevelError(f"{encoding} is no encoding of text; save the file as UTF-8", Code.NOT_TEXT) from None
    except UnicodeError as error:
        if not isinstance(error, UnicodeDecodeError):
            raise LevelError(f"the file is not {encoding}; save it as UTF-8", Code.NOT_TEXT) from None
        line = data[: error.start].count(b"\n") + 1
        raise LevelError(
            f"line {line} is not {encoding}: byte 0x{data[error.start]:02x}; save the file as UTF-8", Code.NOT_TEXT
        ) from None


_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def plain(text: str) -> str:
    """`text` without a byte-order mark, its lines ended by `\\n`."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def parse_level(source: str, goal_hint: Callable[[object, str], str] = _plain_hint) -> LevelText | Rejected:
    """Read a level file's text; `Rejected(stage="parse", ...)` where it is not a level.

    Nothing is executed. Line ends are accepted in any style. `goal_hint` is the game's, see `Levels.goal_hint`.
    """
    if len(source) > MAX_SOURCE:
        return _no(Code.TOO_LONG, f"the file has {len(source)} characters", f"a level has at most {MAX_SOURCE}")
    if "\0" in source:
        return _no(Code.NOT_TEXT, "the file holds a NUL character", "write plain Python text")
    text = plain(source)
    try:
        tree = tree_of(text)
    except SyntaxError as error:
        return _no(
            Code.SYNTAX,
            f"line {error.lineno}: {error.msg}",
            "the file must be valid Python, without Markdown fences or prose",
        )
    except (ValueError, RecursionError, MemoryError) as error:
        return _no(Code.NOT_TEXT, f"the file cannot be read: {error}", "write plain Python of ordinary depth")
    return _read(text, tree, goal_hint)


def describe(doc: str) -> str:
    """Objective and reason out of a level's docstring, as one paragraph; empty without an objective."""
    return f"{_section(doc, 'Objective')} {_section(doc, 'Why')}".strip()


def _read(text: str, tree: ast.Module, goal_hint: Callable[[object, str], str]) -> LevelText | Rejected:
    defined, given = functions(tree), assigned(tree)
    hooks = tuple(name for name in HOOKS if name in defined)
    doc = ast.get_docstring(tree) or ""
    objective = _section(doc, "Objective")
    if not objective:
        return _no(
            Code.NO_OBJECTIVE,
            "the file does not begin with a docstring that has a line `Objective: ...`",
            'begin with """Objective: what the player must achieve.\\nWhy: what it trains.\\n"""',
        )
    if "GOAL" not in given and "success" not in hooks:
        return _no(Code.NO_GOAL, "there is no GOAL", goal_hint(None, doc))
    if "build" not in defined and not hooks and "RULES" not in given and "build" in _nested(tree):
        return _no(
            Code.NO_BUILD,
            "build is not at the top level of the file",
            "write `def build(world: World) -> None:` unindented",
        )
    return LevelText(
        source=text,
        objective=objective,
        why=_section(doc, "Why"),
        has_rules="RULES" in given,
        has_build="build" in defined,
        hooks=hooks,
        goal=ast.unparse(given["GOAL"]) if "GOAL" in given else "",
    )


def _nested(tree: ast.Module) -> set[str]:
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def _section(doc: str, title: str) -> str:
    """The text after `title:` up to the next section or blank line, on one line."""
    match = re.search(rf"^\s*{title}\s*:\s*(.+?)(?=\n\s*\n|\n\s*[A-Z][a-z]+\s*:|\Z)", doc, re.S | re.M)
    return " ".join(match.group(1).split()) if match else ""


def _no(code: Code, reason: str, hint: str) -> Rejected:
    return Rejected("parse", reason, hint, code=code)
