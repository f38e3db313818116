"""From source text to its syntax tree, in a process with several threads."""

import ast
import warnings

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
