"""Moves from one plan to the next, along what makes a task hard: chains, distractions, rooms, doors, distance.

Names make nothing hard: every world of a level has its own (`World.rename`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dicode.games.xland.grammar.plan import DOORS, GRIDS, Plan, of_task, print_level
from dicode.games.xland.levels.goal import MAX_DEPTH
from dicode.games.xland.levels.names import MAX_RULES
from dicode.games.xland.levels.rules import Rule
from dicode.games.xland.levels.tasks import random_task
from dicode.types import Code

KNOWN, MASTERED, HARD = 0.3, 0.75, 0.25
"""Success rates from which a depth counts as begun and as mastered; a parent below the last one is too hard."""
_SHARE = MAX_DEPTH + 1
"""The target's tasks are of all depths alike, so that one depth's rate is this times its share of all episodes."""


@dataclass(frozen=True)
class Situation:
    """What a move is chosen by."""

    depths: tuple[float, ...] | None
    """Success rate on the target's tasks by depth; None: not told."""
    parent: Plan | None = None
    rate: float | None = None
    """The parent's success rate."""


def depth_rates(success: Mapping[str, float]) -> tuple[float, ...] | None:
    """Success rate by depth, from shares of the target's episodes by achievement; None without any."""
    names = [f"SOLVE_DEPTH_{depth}" for depth in range(_SHARE)]
    if not any(name in success for name in names):
        return None
    return tuple(min(1.0, max(0.0, _SHARE * success.get(name, 0.0))) for name in names)


def wanted_depth(situation: Situation, rng: np.random.Generator) -> int:
    """A depth drawn by what is unmastered and not far beyond what is known; evenly where nothing is told."""
    if situation.depths is None:
        return int(rng.integers(_SHARE))
    weights, ready = [], 1.0
    for rate in situation.depths:
        weights.append(ready * (0.05 + (1.0 - rate if rate < MASTERED else 0.1)))
        ready *= 1.0 if rate >= KNOWN else 0.3
    return int(rng.choice(_SHARE, p=np.array(weights) / sum(weights)))


def expand(situation: Situation, rng: np.random.Generator) -> Plan:
    """A new task of a wanted depth; in a small room and near, where that depth is new to the agent."""
    depth = wanted_depth(situation, rng)
    rate = 0.5 if situation.depths is None else situation.depths[depth]
    plan = of_task(random_task(rng, depth), grid=0, near=rate < HARD)
    if rate < KNOWN:
        plan = clear(plan, rng)
    return plan.moved("expand", grid=int(rng.integers(1 + round(rate * (len(GRIDS) - 2)) + 1)))


def deepen(plan: Plan, rng: np.random.Generator) -> Plan:
    """Something that lies there must be made first."""
    needed = [what for what in plan.things if what in plan.needed]
    if not needed or len(plan.rules) >= MAX_RULES - 1 or plan.depth >= MAX_DEPTH:
        return distract(plan, rng)
    what = needed[int(rng.integers(len(needed)))]
    first = plan.fresh(rng)
    kind = ("together", "near", "hold")[int(rng.integers(3))]
    lying = [other for other in plan.things if other != what] + [first]
    if kind == "together":
        second = plan.moved("", things=tuple(lying)).fresh(rng)
        lying.append(second)
        rule = Rule.together(first, second, makes=what)
    else:
        rule = getattr(Rule, kind)(first, makes=what)
    return plan.moved("deepen", rules=(*plan.rules, rule), things=tuple(lying))


def shorten(plan: Plan, rng: np.random.Generator) -> Plan:
    """Something that must be made lies there already."""
    chain = [rule for rule in plan.rules if rule.product in plan.needed]
    # Only a production whose inputs nothing makes is left out, so that nothing is left half made.
    made = {rule.product for rule in plan.rules}
    first = [rule for rule in chain if not set(rule.inputs) & made]
    if not first:
        return clear(plan, rng)
    rule = first[int(rng.integers(len(first)))]
    rules = tuple(other for other in plan.rules if other != rule)
    spoken = {part for other in rules for part in other.inputs} | set(plan.goal.things)
    lying = tuple(what for what in plan.things if what not in rule.inputs or what in spoken)
    product = () if rule.product is None else (rule.product,)
    return plan.moved("shorten", rules=rules, things=(*lying, *product))


def distract(plan: Plan, rng: np.random.Generator) -> Plan:
    """One thing more that serves nothing, and perhaps a production that spends what is needed."""
    other = plan.fresh(rng)
    lying = (*plan.things, other)
    needed = [what for what in plan.things if what in plan.needed]
    if not needed or len(plan.rules) >= MAX_RULES - 1 or rng.random() < 0.4:
        return plan.moved("distract", things=lying)
    bait = needed[int(rng.integers(len(needed)))]
    makes = plan.moved("", things=lying).fresh(rng) if rng.random() < 0.7 else None
    return plan.moved("distract", things=lying, rules=(*plan.rules, Rule.together(bait, other, makes=makes)))


def clear(plan: Plan, rng: np.random.Generator) -> Plan:
    """Nothing that misleads."""
    useful = tuple(rule for rule in plan.rules if rule.product in plan.needed)
    lying = tuple(what for what in plan.things if what in plan.needed)
    return plan.moved("clear", rules=useful, things=lying)


def widen(plan: Plan, rng: np.random.Generator) -> Plan:
    """A larger grid, more rooms, things farther away."""
    return plan.moved("widen", grid=min(plan.grid + 1, len(GRIDS) - 1), near=False)


def narrow(plan: Plan, rng: np.random.Generator) -> Plan:
    """A smaller grid, fewer rooms, things near."""
    return plan.moved("narrow", grid=max(plan.grid - 1, 0), near=True)


def shut(plan: Plan, rng: np.random.Generator) -> Plan:
    """A door that is locked, or hidden where one more production has room; rooms where there are none."""
    most = DOORS.index("hidden" if len(plan.rules) < MAX_RULES else "locked")
    harder = DOORS[max(DOORS.index(plan.door), min(DOORS.index(plan.door) + 1, most))]
    return plan.moved("shut", door=harder, grid=max(plan.grid, 2))


def unlock(plan: Plan, rng: np.random.Generator) -> Plan:
    """Doors that open by themselves, or stand open."""
    return plan.moved("unlock", door=DOORS[min(DOORS.index("closed"), max(0, DOORS.index(plan.door) - 1))])


def another(plan: Plan, rng: np.random.Generator) -> Plan:
    """Another task with a chain as long, in the same place."""
    task = of_task(random_task(rng, plan.depth), plan.grid, plan.near)
    return plan.moved("another", goal=task.goal, rules=task.rules, things=task.things)


Move = Callable[[Plan, np.random.Generator], Plan]
HARDER: tuple[Move, ...] = (deepen, distract, widen, shut)
EASIER: tuple[Move, ...] = (shorten, clear, narrow, unlock)
_ANSWERS: Mapping[Code, tuple[Move, ...]] = {
    Code.TOO_HARD: EASIER,
    Code.TOO_EASY: HARDER,
    Code.TOO_SHORT: (narrow, unlock),
    Code.OUT_OF_REACH: (clear, unlock),
}
"""What is done about a verdict. Any other one, such as that no cell is free, is answered by more room or fewer things."""


def adapted(plan: Plan, code: Code, rng: np.random.Generator) -> Plan:
    """A plan that answers a rejection of its level."""
    return moved(plan, _ANSWERS.get(code, (widen, clear)), rng)


def moved(plan: Plan, moves: Sequence[Move], rng: np.random.Generator) -> Plan:
    """The plan after one of the moves, of those that change its level; another task where none does."""
    before = print_level(plan, "")
    for index in rng.permutation(len(moves)):
        after = moves[int(index)](plan, rng)
        if print_level(after, "") != before:
            return after
    return another(plan, rng)


def next_plan(situation: Situation, rng: np.random.Generator) -> Plan:
    """The plan of the next level: a new one, or the parent's made harder, easier or other by how often it is solved."""
    parent, rate = situation.parent, situation.rate
    if parent is None or rng.random() < 0.35:
        return expand(situation, rng)
    if rate is None:
        moves: tuple[Move, ...] = (another, deepen, shorten, widen, narrow)
    else:
        moves = HARDER if rate >= MASTERED else EASIER if rate < HARD else (another, deepen, distract, widen)
    return moved(parent, moves, rng)
