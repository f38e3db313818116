"""From source text to its syntax tree, in a process with several threads."""

import ast

_TRIES = 3


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
