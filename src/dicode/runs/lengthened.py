"""When a run was made longer, kept beside the archive: the learning rate falls to the end that a run has at the time.

`dicode resume total_steps=` adds one line and then changes the configuration, so a line of more updates than that has never
came into force; the loop stretches the rate at its cycle: in the run, when it goes on from
an earlier checkpoint, and when it is replayed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from dicode import lines
from dicode.learner.settings import MOST_UPDATES


@dataclass(frozen=True)
class Stretch:
    """From `cycle` on the run ends after `updates` updates instead of `before`."""

    cycle: int
    before: int
    updates: int
    restart: bool
    """Whether the rate begins again, or goes on from where it is."""


def note(path: Path, stretch: Stretch) -> None:
    """Keep for good that the run was lengthened."""
    file = lines.Lines(path)
    try:
        file.append(vars(stretch))
    finally:
        file.close()


def stretches(path: Path, updates: int) -> tuple[Stretch, ...]:
    """All stretches of a run of so many `updates`, by cycle; one noted later takes the place of those at its cycle or
    after it, which never came, and of longer ones than the run was by then.

    Raises RunError for a line that is none.
    """
    kept: list[Stretch] = []
    for number, row in enumerate(lines.read(path), 1):
        stretch = _stretch(row)
        if stretch is None:
            raise lines.damaged(path, number, "does not say from which cycle on the run is longer")
        if kept and kept[0].cycle >= stretch.cycle:  # what was noted first says how long the run was when it began
            stretch = replace(stretch, before=kept[0].before)
        came = (old for old in kept if old.cycle < stretch.cycle and old.updates <= stretch.before)
        kept = [*came, stretch]
    return tuple(stretch for stretch in kept if stretch.updates <= updates)


def _stretch(row: Mapping[str, Any]) -> Stretch | None:
    """A line's stretch, if it is one."""
    cycle, before, updates, restart = (row.get(field.name) for field in fields(Stretch))
    counts = [value for value in (cycle, before, updates) if type(value) is int and 0 <= value <= MOST_UPDATES]
    if len(counts) < 3 or type(restart) is not bool or not 0 < counts[1] < counts[2]:
        return None
    return Stretch(counts[0], counts[1], counts[2], restart)


def first_end(path: Path, updates: int) -> int:
    """Updates after which the run was to end when it began; `updates` where it was never lengthened."""
    known = stretches(path, updates)
    return known[0].before if known else updates


def at(path: Path, cycle: int, updates: int) -> Stretch | None:
    """The stretch that begins with a cycle of a run of so many updates."""
    return next((stretch for stretch in stretches(path, updates) if stretch.cycle == cycle), None)
