"""Which achievement is worth a level now, and with how much help: read off the agent's success rates.

The rates are those on the target; where a parent's own episodes say more, the higher of the two counts.
"""

import math
from collections.abc import Iterable, Mapping
from functools import cache

import numpy as np

from dicode.games.craftax.grammar.plan import Help, Plan
from dicode.games.craftax.grammar.reader import asked_of
from dicode.games.craftax.levels.techtree import (
    ENTER,
    GETS,
    IMPLYING,
    PICKAXES,
    SWORDS,
    children,
    depth,
    prerequisites,
    requirements,
)
from dicode.levels import Achievement, Floor

KNOWN = 0.3
"""Success rate from which an achievement counts as something that the agent can do."""
MASTERED = 0.85
"""Success rate from which an achievement needs no level of its own any more."""
DISTANCE = 1.2
"""Each unknown prerequisite makes an achievement exp(-DISTANCE) times as likely."""

Rates = Mapping[Achievement, float]


def rates(*tables: Mapping[str, float]) -> dict[Achievement, float]:
    """Success rate of all 67 from tables by name (any case); the highest of several counts, absent means 0."""
    known = dict.fromkeys(Achievement, 0.0)
    for table in tables:
        for name, rate in table.items():
            achievement = Achievement.__members__.get(str(name).upper())
            if achievement is not None and math.isfinite(rate):
                known[achievement] = max(known[achievement], min(max(float(rate), 0.0), 1.0))
    return known


@cache
def _directly_before(achievement: Achievement) -> frozenset[Achievement]:
    """The technology tree's prerequisites, and what makes sense though nothing forces it.

    First tools before going below, a second blade before those who fight back there.
    """
    needed = set(prerequisites(achievement))
    if achievement in ENTER.values():
        needed |= {PICKAXES[0], SWORDS[0]}
    mob = requirements(achievement).mob
    if mob is not None and mob.mob_class and requirements(achievement).floors[0] != Floor.OVERWORLD:
        needed |= set(SWORDS[:2])
    return frozenset(needed)


def _back_from(asked: Iterable[Achievement], has: frozenset[Achievement] = frozenset()) -> frozenset[Achievement]:
    """`asked` and all that usually comes before, but for what one `has` and what only that needs."""
    waiting = list(asked)
    found = set(waiting)
    while waiting:
        more = _directly_before(waiting.pop()) - has - found
        found |= more
        waiting += more
    return frozenset(found)


@cache
def before(achievement: Achievement) -> frozenset[Achievement]:
    """All that usually comes before `achievement`."""
    return _back_from([achievement]) - {achievement}


@cache
def after(achievement: Achievement) -> frozenset[Achievement]:
    """All that `achievement` usually comes before."""
    return frozenset(other for other in Achievement if achievement in before(other))


def missing(achievement: Achievement, success: Rates) -> int:
    """How many of the achievements that come before it the agent can't do yet."""
    return sum(success[other] < KNOWN for other in before(achievement))


def readiness(achievement: Achievement, success: Rates) -> float:
    """Success rate of the least known direct prerequisite; 1 where there is none."""
    return min((success[other] for other in prerequisites(achievement)), default=1.0)


def opens(achievement: Achievement, success: Rates) -> int:
    """The worth of all that only `achievement` stands before: what is one step away as soon as it is known; 0 where it is."""
    if success[achievement] >= KNOWN:
        return 0
    behind = (other for other in after(achievement) if missing(other, success) == 1)
    return sum(requirements(other).worth for other in behind)


def weight(achievement: Achievement, success: Rates, leading: bool = False) -> float:
    """How much a level for `achievement` is wanted.

    Unmastered, few steps beyond what is known, begun if possible, and worth something on the target, by itself or, where it may
    be `leading` on, by what it opens.
    """
    opened = opens(achievement, success) if leading else 0
    rate, worth = success[achievement], math.sqrt(requirements(achievement).worth + opened)
    if rate >= MASTERED:
        return 0.02 * worth * math.exp(-DISTANCE * missing(achievement, success))
    begun = 2.0 if rate >= 0.01 else 1.0
    return begun * worth * (1.0 - rate) * math.exp(-DISTANCE * missing(achievement, success))


def way_to(target: Plan) -> frozenset[Achievement]:
    """What leads to a target that is a level: what it asks for and all that comes before, without what its start spares."""
    return _back_from(asked_of(target), _given(target) | {GETS[item] for item in _held(target) if item in GETS})


def spared(target: Plan) -> frozenset[Achievement]:
    """What the start of a target that is a level implies, and what else would lead to it but is needless there."""
    return (_given(target) | _back_from(asked_of(target))) - way_to(target)


def _held(plan: Plan) -> list[str]:
    return [item for item, count in plan.kit.items() if count]


def _given(plan: Plan) -> frozenset[Achievement]:
    """What a start implies by what is held and by the floor, as `techtree.implied` has it."""
    found = {GETS[item] for item in _held(plan) if item in IMPLYING}
    found |= {*PICKAXES[: plan.kit.get("pickaxe", 0)], *SWORDS[: plan.kit.get("sword", 0)]}
    return frozenset(found | {achievement for floor, achievement in ENTER.items() if plan.floor >= floor})


def pick(
    success: Rates, rng: np.random.Generator, among: frozenset[Achievement] | None = None, leading: bool = False
) -> Achievement:
    """An achievement drawn by `weight`, among all or the given ones."""
    candidates = sorted(among if among else Achievement)
    weights = np.array([weight(achievement, success, leading) for achievement in candidates])
    return candidates[int(rng.choice(len(candidates), p=weights / weights.sum()))]


def successors(achievement: Achievement) -> frozenset[Achievement]:
    """What `achievement` opens directly; where it opens nothing, all that is one step deeper or as deep."""
    opened = children(achievement)
    if opened:
        return opened
    level = depth(achievement)
    return frozenset(a for a in Achievement if level <= depth(a) <= level + 1) - {achievement}


def first_help(achievement: Achievement, success: Rates, target: Rates, rng: np.random.Generator) -> Help:
    """The scaffold at which a first level for `achievement` is hard but not hopeless.

    What was done with help counts as known (`success`), but only the rate on the `target` says how it goes without.
    """
    rate = target[achievement]
    known = readiness(achievement, success) >= KNOWN and missing(achievement, success) == 0 and before(achievement)
    if rate >= 0.6:
        return Help.GAME if rng.random() < 0.5 else Help.BARE
    if rate >= 0.25:
        return Help.BARE if rng.random() < 0.5 else Help.TOOLS
    if rate >= 0.05:
        return Help.TOOLS if rng.random() < 0.5 else Help.NEAR
    # What the agent never did it does seldom even where nothing else is left to do.
    return Help.NEAR if rng.random() < (0.35 if known or rate >= 0.01 else 0.15) else Help.HANDED
