"""Which states that the agent reached are kept as starts of levels: rare sets of achievements, kept fresh.

The list is part of the run's state in the archive; the arrays of the states lie beside it in files of their names.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from dicode.errors import RunError
from dicode.received.shapes import shaped
from dicode.types import FrontierState

KEY = "frontier"
"""The list's name in `Snapshot.run_state`."""
FRESH = 20
"""Cycles that a state stays unless its set of achievements is reached again."""
NEW = 4
"""States that enter in one cycle at most."""


def held(run_state: Mapping[str, object]) -> tuple[FrontierState, ...]:
    """The states on offer, rarest first. Raises RunError for values that are none."""
    try:
        states: tuple[FrontierState, ...] = shaped(tuple[FrontierState, ...], run_state.get(KEY, []), KEY)
    except ValueError as error:
        raise RunError(f"the run's list of reached states can't be read: {error}") from error
    return states


def to_json(states: Sequence[FrontierState]) -> list[dict[str, Any]]:
    """The inverse of `held`'s reading."""
    return [asdict(state) | {"achievements": list(state.achievements)} for state in states]


def entering(sets: Sequence[tuple[str, ...]]) -> list[tuple[int, int]]:
    """Of the sets of achievements seen in a cycle, in order of time: (place, times seen) of those to be kept.

    The rarest first, of equally rare ones the larger; the latest sighting of each. Empty sets don't count.
    """
    counts = Counter(each for each in sets if each)
    latest = {each: place for place, each in enumerate(sets)}
    rarest = sorted(counts, key=lambda each: (counts[each], -len(each), each))
    return [(latest[each], counts[each]) for each in rarest[:NEW]]


def kept(
    before: Sequence[FrontierState], new: Sequence[FrontierState], room: int, cycle: int
) -> tuple[FrontierState, ...]:
    """At most `room` states after a cycle, rarest first: a new one takes the place of an older one of the same set."""
    by_set = {state.achievements: state for state in (*before, *new)}
    fresh = [state for state in by_set.values() if cycle - state.cycle < FRESH]
    return tuple(sorted(fresh, key=lambda s: (s.seen, -s.cycle, -len(s.achievements), s.id))[:room])
