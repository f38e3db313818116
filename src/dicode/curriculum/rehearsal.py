"""What is played again lest it be forgotten: levels that were mastered, of goals that the target's own episodes hardly show.

A level leaves its slot when it is mastered, and what the target never asks for is then trained nowhere. Where that takes
an action of its own it is lost soon: seen at 97 to 100 % of a level's episodes, and at 3 to 6 % eleven cycles of 524,288
steps later (docs/results/goals.md).
"""

from collections.abc import Callable, Mapping

from dicode.curriculum.lifetime import Lifetime, end
from dicode.curriculum.snapshot import Snapshot
from dicode.types import TARGET, Accepted, LevelRecord, Status

LACKING = 0.05
"""Success rate on the target below which a goal is not kept up there."""


def due(
    snapshot: Snapshot,
    cycle: int,
    every: int,
    granted: Lifetime,
    rank: Callable[[LevelRecord], float],
) -> LevelRecord | None:
    """The level to play again in `cycle`, of highest `rank`; None where nothing is due.

    It has no hooks, was mastered in its slot, the target lacks its goal, and no level with the same goal was played for `every` cycles;
    or it was played since and is no longer solved. Of several levels with one goal it is the youngest, as the hardest.
    """
    success = _success(snapshot)
    goals = {level.id: _goal(level) for level in snapshot.accepted().values()}
    played: dict[frozenset[str], int] = {}
    for level, goal in goals.items():
        for trial in snapshot.trials.get(level, ())[-1:]:
            played[goal] = max(played.get(goal, -1), trial.cycle)
    found = [
        level
        for level in snapshot.accepted().values()
        if (goal := goals[level.id])
        and not _has_hooks(level)
        and min(success.get(name, 0.0) for name in goal) < LACKING
        and end(snapshot.trials.get(level.id, ()), granted) == "mastered"
        and (cycle - played[goal] >= every or level.status is not Status.A)
    ]
    return max(found, key=lambda level: (rank(level), level.born, level.id), default=None)


def _has_hooks(level: LevelRecord) -> bool:
    return isinstance(level.verdict, Accepted) and bool(level.verdict.hooks)


def _success(snapshot: Snapshot) -> Mapping[str, float]:
    finished = [trial for trial in snapshot.trials.get(TARGET, ()) if trial.episodes]
    return finished[-1].achievements if finished else {}


def _goal(level: LevelRecord) -> frozenset[str]:
    """The achievements that a level asks for; empty where its goal is none of them."""
    asked = level.verdict.goal.get("achievements", ()) if isinstance(level.verdict, Accepted) else ()
    return frozenset(map(str, asked)) if isinstance(asked, list | tuple) else frozenset()
