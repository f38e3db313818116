"""Levels of so many cows, a brief, and stand-ins for the sandbox and for the grammar dreamer."""

import re

from dicode.dreaming.dreamer import Dreamer, Outcome
from dicode.types import Accepted, Brief, Code, Draft, LevelRecord, Origin, ParentReport, Rejected, Trial

GOOD = '''```python
"""Objective: eat {n} cows.
Why: food.
"""
from dicode.levels import Goal, Mob, World

GOAL = Goal.all_of(Goal.defeat(Mob.COW, {n}))


def build(world: World) -> None:
    world.spawn(Mob.COW, count={n})
```'''


def brief(cycle=1, index=0, **changes):
    level = LevelRecord("a" * 12, "GOAL = 1\n", "Eat.", Origin.LIBRARY, (), "", 0, Accepted({}, {}, "h"))
    parent = ParentReport(level, (Trial("a" * 12, 1, 30, 12, 1.0, 50.0),))
    values = {"parent": parent, "target_success": {"EAT_COW": 0.5}, "target_return": 1.0, "allow_hooks": False}
    return Brief(cycle, index, **(values | changes))


class Grammar(Dreamer):
    """A stand-in for the grammar dreamer."""

    name = "grammar"

    def dream(self, briefs, validate):
        drafts = [Draft(f"# {b.cycle}.{b.index}\n", "by grammar", Origin.GRAMMAR) for b in briefs]
        return [Outcome(draft, validate(draft)) for draft in drafts]


def validate(draft):
    """Accepts all but odd numbers of cows above 9, which it explains."""
    number = int((re.search(r"count=(\d+)", draft.source) or [0, 1])[1])
    if number > 9:
        return Rejected(
            "build", f"{number} cows do not fit (in /home/me/level.py)", f"use {number // 10}", code=Code.NO_ROOM
        )
    return Accepted({"minimum": {"kills.cow": number}}, {}, f"hash of {draft.id}")
