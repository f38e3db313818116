"""A first look at level text: hints for whoever wrote it, not a defence.

It reads the syntax tree and says early, with the line, what would fail later: a missing `GOAL`, an
import that level code cannot have, a call to `open`. Text that gets past it meets the jail. It runs
inside the worker; `cheap` alone is safe on hostile text in the trainer.
"""

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dicode.errors import nearest
from dicode.games.level_text import HOOKS
from dicode.syntax import assigned, bound, functions, lines_of, tree_of
from dicode.types import Code, Rejected

if TYPE_CHECKING:
    from dicode.games.host import Levels

_IMPORTS = ("numpy", "jax", "jax.numpy")
"""The modules that level code may import beside its game's face; `jax` is for hooks."""
_ALSO = frozenset({"__future__", "jax.lax", "jax.random", "jax.nn", "numpy.random", "numpy.linalg", "numpy.typing"})
_PARAMETERS = {"build": ("world",), **HOOKS}
_FORBIDDEN = {
    "open": "level code has no files",
    "exec": "level code cannot run text",
    "eval": "level code cannot run text",
    "compile": "level code cannot run text",
    "__import__": "use an import statement",
    "input": "nobody is there to answer",
    "breakpoint": "nobody is there to answer",
}
_INSTEAD = {
    "random": "use world.rng, a seeded NumPy generator",
    "math": "use numpy: np.pi, np.sqrt, np.hypot, ...",
    "flax": "hooks get their state as an argument; use state.replace(...)",
    "typing": "leave the annotation out",
    "collections": "use a list (append, pop(0)), a dict or a set",
    "heapq": "keep a sorted list",
    "itertools": "use nested loops or np.ndindex",
    "functools": "write the function out",
    "dataclasses": "use a tuple or a dict",
    "copy": "use array.copy()",
    "scipy": "use numpy",
    **dict.fromkeys(
        ("os", "sys", "io", "pathlib", "socket", "subprocess", "threading", "time"),
        "level code has no files, network, processes or clock",
    ),
}
_MAX_DEPTH = 80
_MAX_LINE = 4000


def cheap(source: str, limit: int) -> Rejected | None:
    """Bounds that make parsing safe: size, line length, nesting; constant memory, no parser."""
    size = len(source.encode("utf-8", "replace"))
    if size > limit:
        return Rejected(
            "screen",
            f"the level has {size} bytes; at most {limit} are allowed",
            "write a shorter level",
            code=Code.TOO_LONG,
        )
    if "\x00" in source or not _is_utf8(source):
        return Rejected(
            "screen", "the level contains a null character, or half of one", "send plain text", code=Code.NOT_TEXT
        )
    if max(map(len, lines_of(source)), default=0) > _MAX_LINE:
        return Rejected(
            "screen", f"a line has more than {_MAX_LINE} characters", "build large tables in a loop", code=Code.NOT_TEXT
        )
    depth = deepest = 0
    for character in source:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    if deepest > _MAX_DEPTH:
        return Rejected(
            "screen",
            f"brackets nest deeper than {_MAX_DEPTH}, those inside strings and comments counted",
            "split the expression; draw maps with other characters than brackets",
            code=Code.NOT_TEXT,
        )
    return None


def _is_utf8(source: str) -> bool:
    try:
        source.encode()
    except UnicodeEncodeError:  # half of a pair
        return False
    return True


def unreadable(source: str) -> Rejected | None:
    """Why the text is not Python, or None; what can be said without knowing the game."""
    found = _parsed(source)
    return found if isinstance(found, Rejected) else None


def _parsed(source: str) -> ast.Module | Rejected:
    try:
        return tree_of(source)
    except SyntaxError as error:
        return Rejected("screen", f"line {error.lineno}: {error.msg}", _syntax_hint(source), code=Code.SYNTAX)
    except (ValueError, RecursionError, MemoryError):
        return Rejected(
            "screen", "the text is not Python that can be read", "send one plain Python file", code=Code.NOT_TEXT
        )


def screen(source: str, levels: "Levels") -> Rejected | None:
    """What is plainly wrong with the text of a game's level, or None; the first finding in order of appearance."""
    tree = _parsed(source)
    if isinstance(tree, Rejected):
        return tree
    for finding in (*_imports(tree, levels), *_calls(tree), *_definitions(tree, levels)):
        return finding
    return None


def _syntax_hint(source: str) -> str:
    if "```" in source:
        return "send the code alone, without Markdown fences or text around it"
    if "\u201c" in source or "\u201d" in source or "\u2019" in source:
        return "use plain quotes"
    return "send one complete Python file"


def _imports(tree: ast.AST, levels: "Levels") -> Iterator[Rejected]:
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [("." * node.level) + (node.module or "")]
        for name in names:
            if not may_import(name, levels):
                line = f"line {node.lineno}: "  # type: ignore[attr-defined]
                yield Rejected(
                    "screen", f"{line}level code cannot import {name}", import_hint(name, levels), code=Code.IMPORT
                )


def allowed(levels: "Levels") -> tuple[str, ...]:
    """The modules that level code is told to import."""
    return levels.face, *_IMPORTS


def may_import(name: str, levels: "Levels") -> bool:
    """Whether level code may name this module in an import statement."""
    return name in allowed(levels) or name in _ALSO


def import_hint(name: str, levels: "Levels") -> str:
    """What to do instead of importing `name`."""
    hints, known = {**_INSTEAD, **levels.import_hints}, allowed(levels)
    return hints.get(name.split(".")[0]) or f"allowed are {', '.join(known)}{nearest(name, known)}"


def _calls(tree: ast.AST) -> Iterator[Rejected]:
    # A name that the file binds is its own; where it is not, running it finds no built-in function of this name.
    absent = _FORBIDDEN.keys() - bound(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in absent and isinstance(node.ctx, ast.Load):
            yield Rejected(
                "screen", f"line {node.lineno}: {node.id} is not available", _FORBIDDEN[node.id], code=Code.FORBIDDEN
            )
        elif isinstance(node, ast.Attribute) and node.attr.startswith("__") and node.attr.endswith("__"):
            yield Rejected(
                "screen",
                f"line {node.lineno}: .{node.attr} is not available",
                "use the level API and NumPy only",
                code=Code.FORBIDDEN,
            )


def _definitions(tree: ast.Module, levels: "Levels") -> Iterator[Rejected]:
    defined = functions(tree)
    close = nearest("build", defined)
    if "build" not in defined and close:
        yield Rejected(
            "screen",
            f"the level defines no function build(world){close}",
            "write def build(world: World) -> None: ...",
            code=Code.NO_BUILD,
        )
    if "GOAL" not in assigned(tree) and "success" not in defined:
        yield Rejected(
            "screen",
            "the level assigns no GOAL",
            f"{levels.goal_hint(None, ast.get_docstring(tree) or '')}; or define a success hook",
            code=Code.NO_GOAL,
        )
    for name, parameters in _PARAMETERS.items():
        node = defined.get(name)
        if node is not None and not _takes(node.args, len(parameters)):
            plain = len(node.args.posonlyargs) + len(node.args.args)
            yield Rejected(
                "screen",
                f"line {node.lineno}: {name} has {plain} parameters; it needs {len(parameters)}",
                f"write def {name}({', '.join(parameters)})",
                code=Code.SIGNATURE,
            )


def _takes(parameters: ast.arguments, count: int) -> bool:
    """Whether a function can be called with so many positional arguments and no others."""
    most = len(parameters.posonlyargs) + len(parameters.args)
    needed = most - len(parameters.defaults)
    return needed <= count <= (count if parameters.vararg else most) and None not in parameters.kw_defaults
