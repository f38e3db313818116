"""What a method is: a record of pure functions that the loop calls in a fixed order.

In cycle c the loop

1. takes the dreams asked after cycle `due(c)` and adds their levels to the snapshot (`born=c`),
2. has the drafts of `candidates` built, and adds those levels too,
3. trains what `propose` says,
4. hands the trials to `assess`, and applies the answer with `Snapshot.after`,
5. dispatches `briefs`, notes them with `Snapshot.with_briefs`, and commits.

A method keeps nothing between calls: what it needs it reads from the snapshot, and all its draws come from
`streams` by cycle, so a resumed run continues as an uninterrupted one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dicode.curriculum.snapshot import Assessment, Snapshot
from dicode.methods.settings import Room
from dicode.streams import Streams
from dicode.types import Brief, Draft, Proposal, Trial


@dataclass(frozen=True)
class Context:
    """What a method is told: the archive as it stands, the cycle at hand, the run's streams."""

    snapshot: Snapshot
    cycle: int
    streams: Streams


@dataclass(frozen=True)
class Method:
    """A curriculum method, bound to its settings and to what there is to give out. Every function is pure."""

    name: str
    room: Room
    candidates: Callable[[Context], tuple[Draft, ...]]
    """The levels it makes itself for this very cycle: random ones, edited ones. Those that are accepted must be in the snapshot that `propose` sees."""
    propose: Callable[[Context], Proposal]
    """Slots in order; counts sum to `num_envs`; levels with hooks come first."""
    assess: Callable[[Context, Sequence[Trial]], Assessment]
    """Scores, statuses and the active set after the cycle. The snapshot is the one `propose` saw."""
    briefs: Callable[[Context], tuple[Brief, ...]]
    """What to dream after this cycle; the snapshot holds the cycle's assessment. Empty in most methods."""
    due: Callable[[int], int | None]
    """The cycle after which the dreams that are taken at the start of this cycle were asked; None: none."""


def no_candidates(context: Context) -> tuple[Draft, ...]:
    """For methods that make no levels."""
    return ()


def no_briefs(context: Context) -> tuple[Brief, ...]:
    """For methods that dream nothing."""
    return ()


def never_due(cycle: int) -> int | None:
    """For methods that dream nothing."""
    return None
