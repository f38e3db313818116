"""What a run compiles: names of programs, with a mark where each cycle's row is written."""

from collections.abc import Iterator
from contextlib import contextmanager

import jax.monitoring

from dicode.runs import metrics


@contextmanager
def compilations(found: list[str]) -> Iterator[None]:
    """Append the name of every program that XLA compiles inside, in order, and `cycle N` after a cycle's row."""

    def listen(event: str, duration: float, **more: str) -> None:
        if event == "/jax/core/compile/backend_compile_duration":
            found.append(str(more.get("fun_name", "?")))

    genuine = metrics.JsonLines.write

    def write(self, row):
        found.append(f"cycle {row['cycle']}")
        genuine(self, row)

    jax.monitoring.register_event_duration_secs_listener(listen)
    # On the class: whoever imported it by name before writes through it all the same.
    metrics.JsonLines.write = write
    try:
        yield
    finally:
        metrics.JsonLines.write = genuine
        jax.monitoring.unregister_event_duration_listener(listen)
