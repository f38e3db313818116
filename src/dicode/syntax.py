"""From source text to its syntax tree, in a process with several threads, and what the text binds."""

import ast
import re
import warnings
from collections.abc import Iterator

_TRIES = 3

# Odd escapes in a model's text are no news for whoever runs the program. A filter for good, as one for the moment of a call
# is shared by all threads and may be put back in the wrong order.
warnings.filterwarnings("ignore", module=r"<unknown>\Z")


def tree_of(source: str) -> ast.Module:
    """The syntax tree of a text. Raises what `ast.parse` raises: SyntaxError, ValueError, RecursionError, MemoryError.

    Python 3.11 counts the nesting of the trees that it makes in one place for all threads, so that a garbage collection
    in the middle of one, which lets another thread make its own, ends it with a SystemError (CPython issue 106905). The
    text is not to blame, and another try succeeds.
    """
    for _ in range(_TRIES - 1):
        try:
            return ast.parse(source)
        except SystemError:
            continue
    return ast.parse(source)


def lines_of(source: str) -> list[str]:
    """The lines of a text as Python numbers them: no form feed and no separator of Unicode's ends one."""
    lines = re.split(r"\r\n?|\n", source)
    return lines if lines[-1] else lines[:-1]


_Function = ast.FunctionDef | ast.AsyncFunctionDef


def top_level(tree: ast.Module) -> Iterator[ast.stmt]:
    """The statements that run with the file, those inside `if`, `for`, `while`, `with`, `try` and `match` too, in order."""
    waiting = list(reversed(tree.body))
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, _Function | ast.ClassDef):
            continue
        parts = [getattr(node, name, []) for name in ("body", "handlers", "cases", "orelse", "finalbody")]
        inside = [
            inner for part in parts for each in part for inner in ([each] if isinstance(each, ast.stmt) else each.body)
        ]
        waiting += reversed(inside)


def functions(tree: ast.Module) -> dict[str, ast.FunctionDef | ast.Lambda]:
    """The functions that a file defines at its top level, each as it is defined last; `name = lambda ...` is one, too."""
    written = {name: value for name, value in assigned(tree).items() if isinstance(value, ast.Lambda)}
    return {**written, **{node.name: node for node in top_level(tree) if isinstance(node, ast.FunctionDef)}}


def assigned(tree: ast.Module) -> dict[str, ast.expr]:
    """The names that a file assigns at its top level, each with the expression that it is last set to.

    In `A, B = 1, 2` each has its own part; where the parts are not written out, both have the whole.
    """
    found: dict[str, ast.expr] = {}
    for node in top_level(tree):
        if isinstance(node, ast.AugAssign):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None) or getattr(node, "iter", None)
        if isinstance(value, ast.expr):
            found |= {name: part for target in targets for name, part in _pairs(target, value)}
    return found


def _pairs(target: ast.AST | None, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Starred):
        yield from _pairs(target.value, value)
    elif isinstance(target, ast.Tuple | ast.List):
        parts = value.elts if isinstance(value, ast.Tuple | ast.List) else []
        matched = len(parts) == len(target.elts) and not any(isinstance(e, ast.Starred) for e in (*parts, *target.elts))
        for index, element in enumerate(target.elts):
            yield from _pairs(element, parts[index] if matched else value)


def bound(tree: ast.AST) -> set[str]:
    """The names that a file binds anywhere in it: assigned, parameters, functions, classes, imported, caught, matched."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, _Function | ast.ClassDef | ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
            names.add(node.name or "")
        elif isinstance(node, ast.MatchMapping):
            names.add(node.rest or "")
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return names - {""}
