"""Who descends from whom, and from which levels the next ones should be dreamed."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from dicode.curriculum.replay import best_first, draw
from dicode.curriculum.scores import MIN_EPISODES, status
from dicode.curriculum.snapshot import Snapshot
from dicode.streams import Streams
from dicode.types import TARGET, Accepted, LevelRecord, Origin, Rejected, Status, Trial

MAX_CHILDREN = 5
SEED = "seed"
"""The move of levels that begin a run."""
_WRITTEN = (Origin.LIBRARY, Origin.FILE)


def is_seed(level: LevelRecord) -> bool:
    """Whether a lineage may start from a level before anything is learned: a hand-written one, or a run's first lessons."""
    return level.origin in _WRITTEN or level.move == SEED


def children(levels: Mapping[str, LevelRecord]) -> dict[str, tuple[str, ...]]:
    """Accepted children by parent, ordered by cycle of birth and id. A rejected dream is nobody's child."""
    family: dict[str, list[LevelRecord]] = {}
    for record in levels.values():
        if isinstance(record.verdict, Accepted):
            for parent in set(record.parents) - {record.id}:
                family.setdefault(parent, []).append(record)
    return {
        parent: tuple(child.id for child in sorted(brood, key=lambda child: (child.born, child.id)))
        for parent, brood in family.items()
    }


def kin(snapshot: Snapshot, level: str, count: int) -> tuple[LevelRecord, ...]:
    """The latest `count` children of a level, as many of its siblings and as many others, oldest first: what was tried.

    Only levels that were played belong to it, accepted or turned down for how the agent fared; of the others those that
    were measured or trained already.
    """
    parents = set(snapshot.levels[level].parents) - {TARGET}
    tried = [
        record
        for record in sorted(snapshot.levels.values(), key=lambda record: (record.born, record.id))
        if record.id not in (level, TARGET) and (isinstance(record.verdict, Accepted) or record.probe)
    ]
    mine = [record for record in tried if level in record.parents][-count:]
    siblings = [record for record in tried if parents & set(record.parents) and record not in mine][-count:]
    near = {record.id for record in (*mine, *siblings)}
    others = [r for r in tried if r.id not in near and (r.probe or snapshot.trials.get(r.id))][-count:]
    return tuple(sorted((*mine, *siblings, *others), key=lambda record: (record.born, record.id)))


def dreamed_of(snapshot: Snapshot) -> dict[str, int]:
    """How many dreams were asked of each parent and answered or lost by now, whatever came of them."""
    asked = {(brief.cycle, brief.index): brief.parent for brief in snapshot.briefs}
    parents = (asked.get((outcome.asked, outcome.index)) for outcome in snapshot.outcomes)
    return dict(Counter(parent.level.id for parent in parents if parent is not None))


def main_parent(record: LevelRecord, levels: Mapping[str, LevelRecord]) -> str | None:
    """The parent under which a level is drawn: the first that is among `levels` and was born earlier."""
    older = (parent for parent in record.parents if parent in levels and levels[parent].born < record.born)
    return next(older, None)


def ancestors(level: str, levels: Mapping[str, LevelRecord]) -> list[str]:
    """All levels that `level` descends from, nearest generation first, each once; unknown parents are left out."""
    found: dict[str, None] = {}
    generation = [level]
    while generation:
        parents = [parent for child in generation for parent in levels[child].parents]
        generation = [p for p in dict.fromkeys(parents) if p in levels and p not in found and p != level]
        found |= dict.fromkeys(generation)
    return list(found)


def reached(trials: Sequence[Trial], min_episodes: int = MIN_EPISODES) -> bool:
    """Whether any trial with enough episodes had status A, B or C."""
    return any(status(trial, min_episodes) in (Status.A, Status.B, Status.C) for trial in trials)


def frontier(
    snapshot: Snapshot,
    streams: Streams,
    cycle: int,
    max_children: int = MAX_CHILDREN,
    min_episodes: int = MIN_EPISODES,
    *,
    heir: str = "ever",
    counted: str = "accepted",
    fallback: bool = True,
    rank: Callable[[LevelRecord], float] | None = None,
) -> list[str]:
    """Levels worth dreaming on from, best first.

    Status A or B, fewer than `max_children` children and no heir, sorted by score, or by `rank` where it is given.
    If there is none: any level of status A; then, with `fallback`, the scored levels with a success rate above 0,
    best score first; then the seeds; then any accepted level. Parents need not be active.

    With a `rank` only those children count, as heirs too, that rank as high: others are about something else.

    An `heir` is a child that `ever` reached A, B or C, or that has such a status `now` (published). Children are
    `counted` where they were `accepted`, or measured and turned down, or all that were `asked` for and are answered
    (published, without fallback).
    """
    levels, brood = snapshot.accepted(), children(snapshot.levels)

    def pursues(child: LevelRecord, parent: str) -> bool:
        return rank is None or (parent in levels and rank(child) >= rank(levels[parent]))

    missed = Counter(
        parent
        for level in snapshot.levels.values()
        if _missed(level)
        for parent in set(level.parents)
        if pursues(level, parent)
    )
    asked = dreamed_of(snapshot) if counted == "asked" else {}

    def inherits(child: str) -> bool:
        if heir == "now":
            return levels[child].status in (Status.A, Status.B, Status.C)
        return reached(snapshot.trials.get(child, ()), min_episodes)

    def open_lineage(level: str) -> bool:
        mine = [child for child in brood.get(level, ()) if pursues(levels[child], level)]
        had = max(len(mine) + (missed[level] if counted == "accepted" else 0), asked.get(level, 0))
        return had < max_children and not any(map(inherits, mine))

    viable = [level for level in levels.values() if level.status in (Status.A, Status.B)]
    best = [level for level in viable if open_lineage(level.id)] or [
        level for level in viable if level.status is Status.A
    ]
    strict = _by_rank(best, rank, streams, cycle) if rank else _by_score(best, streams, cycle)
    return strict or (unrestricted(snapshot, streams, cycle) if fallback else [])


def _missed(level: LevelRecord) -> bool:
    """Whether a level was a dream that the agent played and that was turned down for it."""
    return level.probe is not None and isinstance(level.verdict, Rejected)


def unrestricted(snapshot: Snapshot, streams: Streams, cycle: int) -> list[str]:
    """Whatever was ever solved, best score first; without any the seeds, then any accepted level."""
    levels = snapshot.accepted()
    return (
        _by_score((levels[level] for level in succeeding(snapshot)), streams, cycle)
        or _by_score((level for level in levels.values() if is_seed(level)), streams, cycle)
        or _by_score(levels.values(), streams, cycle)
    )


def _by_score(chosen: Iterable[LevelRecord], streams: Streams, cycle: int) -> list[str]:
    return best_first({level.id: level.score or 0.0 for level in chosen}, streams, cycle)


def _by_rank(
    chosen: Sequence[LevelRecord], rank: Callable[[LevelRecord], float], streams: Streams, cycle: int
) -> list[str]:
    """By falling rank, one of each rank before a second of any: levels with the same goal share it."""
    ranks = {level.id: rank(level) for level in chosen}
    ordered = best_first(ranks, streams, cycle)
    earlier = Counter[float]()
    turn = dict[str, int]()
    for level in ordered:
        turn[level] = earlier[ranks[level]]
        earlier[ranks[level]] += 1
    return sorted(ordered, key=turn.__getitem__)


def succeeding(snapshot: Snapshot) -> list[str]:
    """Accepted, scored levels on which the agent ever succeeded, in no particular order."""
    return [
        level
        for level, record in snapshot.accepted().items()
        if record.score is not None and any(trial.successes for trial in snapshot.trials.get(level, ()))
    ]


def fill_round(parents: Sequence[str], count: int) -> list[str]:
    """Exactly `count` parents, the list repeated as often as needed; empty for an empty list."""
    return [parents[i % len(parents)] for i in range(count)] if parents else []


def random_parents(snapshot: Snapshot, streams: Streams, cycle: int, count: int) -> list[str]:
    """The ablation: accepted levels drawn uniformly, each once before any is repeated."""
    weights = dict.fromkeys(snapshot.accepted(), 1.0)
    return fill_round(draw(weights, count, streams, "parents", cycle), count)
