"""Numbers for machines: `metrics.jsonl`, one row a cycle."""

import json
import logging
from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from dicode import files, lines

_log = logging.getLogger(__name__)


class Sink(Protocol):
    """Takes one row of scalars a cycle."""

    def write(self, row: Mapping[str, Any]) -> None:
        """Record a row; `cycle` and `env_steps` are always in it."""
        ...

    def close(self) -> None:
        """Flush."""
        ...


def lost(rows: Iterable[Mapping[str, Any]], committed: int) -> str:
    """What a run's rows lack of its finished cycles, in words; empty where nothing."""
    have = {cycle for row in rows if type(cycle := row.get("cycle")) is int and 0 <= cycle <= committed}
    first = next(cycle for cycle in count() if cycle not in have)
    number = committed + 1 - len(have)
    return f"lacks {number} of {committed + 1} finished cycles (from cycle {first} on)" if number > 0 else ""


class JsonLines:
    """One JSON object a line, on disk before the cycle is committed; rows above the commit are cut on start."""

    def __init__(self, path: Path, committed: int):
        rows = lines.read(path)
        odd = next((n for n, row in enumerate(rows, 1) if type(row.get("cycle", -1)) is not int), None)
        if odd:
            raise lines.damaged(path, odd, "says no cycle")
        kept = [row for row in rows if row.get("cycle", -1) <= committed]
        if len(kept) < len(rows):
            files.write_text(path, "".join(json.dumps(row) + "\n" for row in kept))
        if what := lost(kept, committed):
            _log.warning("%s %s; they are lost", path, what)
        self._lines = lines.Lines(path)

    def write(self, row: Mapping[str, Any]) -> None:
        """Append and flush to disk."""
        self._lines.append(row)

    def close(self) -> None:
        """Close the file."""
        self._lines.close()
