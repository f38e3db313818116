"""What is played again lest it be forgotten: levels that were mastered, of goals that the target's own episodes hardly show.

A level leaves its slot when it is mastered, and what the target never asks for is then trained nowhere. Where that takes
an action of its own it is lost soon: seen at 97 to 100 % of a level's episodes, and at 3 to 6 % eleven cycles of 524,288
steps later (docs/results/goals.md).
"""

from collections.abc import Callable, Iterable, Mapping

from dicode.curriculum.lifetime import Lifetime, end
from dicode.curriculum.snapshot import Snapshot
from dicode.types import Accepted, LevelRecord, Status

LACKING = 0.05
"""Success rate on the target below which a goal is not kept up there."""


def due(
    snapshot: Snapshot,
    levels: Iterable[LevelRecord],
    cycle: int,
    every: int,
    granted: Callable[[int], Lifetime],
    success: Mapping[str, float],
    rank: Callable[[LevelRecord], float],
) -> LevelRecord | None:
    """The one of `levels` to play again in `cycle`, of highest `rank`; None where nothing is due. `success`: rates on the target by achievement.

    It was mastered in its slot, the target lacks its goal, and no level with the same goal was played for `every` cycles;
    or it was played since and is no longer solved. Of several levels with one goal it is the youngest, as the hardest.
    """
    played: dict[frozenset[str], int] = {}
    for level in snapshot.accepted().values():
        for trial in snapshot.trials.get(level.id, ())[-1:]:
            played[_goal(level)] = max(played.get(_goal(level), -1), trial.cycle)
    found = [
        level
        for level in levels
        if (goal := _goal(level))
        and min(success.get(name, 0.0) for name in goal) < LACKING
        and end(snapshot.trials.get(level.id, ()), granted) == "mastered"
        and (cycle - played[goal] >= every or level.status is not Status.A)
    ]
    return max(found, key=lambda level: (rank(level), level.born, level.id), default=None)


def _goal(level: LevelRecord) -> frozenset[str]:
    """The achievements that a level asks for; empty where its goal is none of them."""
    asked = level.verdict.goal.get("achievements", ()) if isinstance(level.verdict, Accepted) else ()
    return frozenset(map(str, asked)) if isinstance(asked, list | tuple) else frozenset()
