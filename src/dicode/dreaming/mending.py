"""What is unambiguous in a level file is mended: quotes, a goal that was not wrapped, docstring, imports.

A repair costs a call and, with a small model, a minute. Nothing here runs what it reads.
"""

import ast
import operator
import re
import textwrap
from itertools import pairwise

from dicode.games.host import Levels
from dicode.syntax import assigned, bound, top_level, tree_of

_STRAIGHT = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-"})
_STRAIGHT |= str.maketrans({"\u2212": "-", "\u00d7": "*", "\u2026": "..."})
_STRAIGHT |= str.maketrans(
    {chr(wide): chr(wide - 0xFEE0) for wide in range(0xFF01, 0xFF5F)}
)  # Full-width forms stand in ASCII's order.


def straighten(source: str) -> str:
    """`source` with typographic quotes, dashes and operators as Python's own."""
    return source.translate(_STRAIGHT)


_DOCSTRING = re.compile(r'\s*("""|\'\'\')')
_CODE = re.compile(r"(from [\w.]+ import |import \w|GOAL\b\s*[:=]|RULES\b\s*[:=]|def \w+\()")


def closed(source: str) -> str:
    """`source` with the end of its docstring, where that was forgotten, before the first line of code."""
    opened = _DOCSTRING.match(source)
    lines = source.split("\n")
    first = next((i for i, line in enumerate(lines) if _CODE.match(line)), None)
    if opened is None or first is None or "\n".join(lines[:first]).count(opened[1]) != 1:
        return source
    return "\n".join([*lines[:first], opened[1], *lines[first:]])


def parsed(source: str) -> ast.Module | SyntaxError:
    """The syntax of a text, or what is wrong with it."""
    try:
        return tree_of(source)
    except SyntaxError as error:
        return error
    except (ValueError, RecursionError, MemoryError) as error:
        return SyntaxError(f"not readable as Python ({type(error).__name__})")


def defined(tree: ast.Module) -> set[str]:
    """Names that the file defines at its top level."""
    names = set(assigned(tree))
    for node in top_level(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return names


OBJECTIVE = re.compile(r"^[ \t]*Objective[ \t]*:[ \t]*\S", re.MULTILINE)


def unjoined(source: str, tree: ast.Module) -> str:
    """`source` with every statement of the file on a line of its own, where several share one."""
    lines = [line.encode() for line in source.split("\n")]
    for before, after in reversed(list(pairwise(tree.body))):
        if before.end_lineno == after.lineno:
            line = lines[after.lineno - 1]
            lines[after.lineno - 1] = line[: before.end_col_offset] + b"\n" + line[after.col_offset :]
    return b"\n".join(lines).decode()


def wrap_goal(source: str, tree: ast.Module, wrapper: str) -> tuple[str, tuple[str, ...]]:
    """`GOAL = Goal.survive(300)`, `GOAL = Achievement.X`, `GOAL = Goal(...)` or a list of such, put into the game's `wrapper(...)`.

    No statement shares a line with another. Without a wrapper (a game whose goals have no parts) nothing is changed.
    """
    if not wrapper:
        return source, ()
    for node in tree.body:
        if not (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "GOAL"):
            continue
        value = node.value
        made = isinstance(value, ast.Call) and ast.unparse(value.func) == "Goal" and not value.keywords
        if isinstance(value, ast.Call) and made:
            value = ast.Tuple(value.args, ast.Load())
        several = isinstance(value, (ast.List, ast.Tuple, ast.Set)) and bool(value.elts)
        parts = value.elts if isinstance(value, (ast.List, ast.Tuple, ast.Set)) and several else [value]
        meant = [re.match(r"(Goal\.\w+\(|Achievement\.\w+$)", ast.unparse(part)) for part in parts]
        if any(ast.unparse(part).startswith(f"{wrapper}(") for part in parts):
            continue
        # `Goal(NAME)`: which enumeration the name is of, the sandbox says with the line as it should read.
        bare = [made and isinstance(part, ast.Name) and part.id not in defined(tree) for part in parts]
        if not all(map(operator.or_, map(bool, meant), bare)):
            continue
        lines = source.split("\n")
        end = node.end_lineno or node.lineno
        lines[node.lineno - 1 : end] = [f"GOAL = {wrapper}({', '.join(map(ast.unparse, parts))})"]
        return "\n".join(lines), (f"GOAL wrapped in {wrapper}",)
    return source, ()


def docstring_of(tree: ast.Module) -> ast.Expr | None:
    """The first string that stands alone at the top level; it may come too late."""
    alone = (node for node in tree.body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    return next(
        (node for node in alone if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)), None
    )


def mend(source: str, tree: ast.Module, levels: Levels | None, told: str) -> tuple[str, tuple[str, ...]]:
    """Docstring and imports at the top, the docstring with an objective, imports added where they are forgotten."""
    notes: list[str] = []
    lines = source.split("\n")
    docstring = docstring_of(tree)
    body = [node for node in tree.body if node is not docstring]
    kinds = [isinstance(node, (ast.Import, ast.ImportFrom)) for node in body]
    first_other = kinds.index(False) if False in kinds else len(kinds)
    future = [node for node in body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    late = [node for i, node in enumerate(body) if kinds[i] and i > first_other and node not in future]
    moved = [_take(lines, node) for node in late]
    notes += ["imports moved to the top"] * bool(late)
    api = frozenset(levels.names) if levels else frozenset()
    forgotten = _forgotten(tree) & (api | {"np"})
    if levels and forgotten & api:
        moved.append(f"from {levels.face} import {', '.join(sorted(forgotten & api))}")
    if "np" in forgotten:
        moved.append("import numpy as np")
    if forgotten:
        notes.append(f"imports added: {', '.join(sorted(forgotten))}")
    if moved or any(node not in body[:first_other] for node in future):
        moved = [*(_take(lines, node) for node in future), *moved]
    first = docstring is not None and docstring is tree.body[0]
    if first and ast.get_docstring(tree) == told:
        at = docstring.end_lineno or 0 if docstring else 0
        return "\n".join([*lines[:at], *moved, *lines[at:]]), tuple(notes)
    if docstring:
        _take(lines, docstring)
    quoted = told.replace("\\", "/").replace('"', "'")
    notes.append(
        "docstring put at the top" if OBJECTIVE.search(text_of(docstring)) else "objective added to the docstring"
    )
    return "\n".join([f'"""{quoted}\n"""', *moved, "\n".join(lines).lstrip("\n")]), tuple(notes)


def text_of(docstring: ast.Expr | None) -> str:
    """What a docstring says; empty for none."""
    return str(docstring.value.value) if docstring and isinstance(docstring.value, ast.Constant) else ""


def _take(lines: list[str], node: ast.stmt) -> str:
    """The lines of a top-level statement, which are blanked."""
    end = node.end_lineno or node.lineno
    taken = textwrap.dedent("\n".join(lines[node.lineno - 1 : end]))
    lines[node.lineno - 1 : end] = [""] * (end - node.lineno + 1)
    return taken


def _forgotten(tree: ast.Module) -> set[str]:
    """Names that are used and bound nowhere in the file."""
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return used - bound(tree)


def tidy(source: str) -> str:
    """No trailing spaces, no runs of blank lines, one line end: alike dreams become equal."""
    stripped = "\n".join(line.rstrip() for line in source.split("\n")).strip("\n")
    return re.sub(r"\n{4,}", "\n\n\n", stripped) + "\n"
