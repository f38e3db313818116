"""The one switch between the two ways in which programs are written: for a CPU, or for an accelerator.

On a CPU loops, branches and writes in place cost nothing, and work that is not needed is skipped. On an
accelerator each of them is a kernel to launch or a condition that the host waits for; there work is done
unasked and side by side. Both ways give the same numbers.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import jax

_chosen: ContextVar[bool | None] = ContextVar("accelerator", default=None)


def on_accelerator() -> bool:
    """Whether what is traced now is for an accelerator: what `written_for` says, else JAX's default device."""
    chosen = _chosen.get()
    return jax.default_backend() != "cpu" if chosen is None else chosen


@contextmanager
def written_for(*, accelerator: bool) -> Iterator[None]:
    """Programs traced within are written for an accelerator, or for a CPU, wherever they will run.

    Trace anew within (`jax.jit(partial(...))`, `.lower`): JAX keeps a function's trace by its identity.
    """
    token = _chosen.set(accelerator)
    try:
        yield
    finally:
        _chosen.reset(token)
