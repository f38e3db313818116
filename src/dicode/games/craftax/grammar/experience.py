"""What was tried and how it went, held against a plan: no step that failed is taken again, none that is too easy.

A level that asks for more, with no more help, is no easier; one that asks for less, with no less help, is no
harder. So a level that failed rules out all that are at least as hard, and one that was too easy all that are at
least as easy, as far as goal and help tell.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dicode.dreaming.evidence import EASY, HARD, seen, standing
from dicode.games.craftax.grammar.plan import Help, Plan
from dicode.games.craftax.grammar.reader import asked_of, plan_of
from dicode.levels import Achievement
from dicode.types import Brief, LevelRecord, Trial


@dataclass(frozen=True)
class Tried:
    """One level that the agent has played."""

    achievements: frozenset[Achievement]
    help: Help
    rate: float


STALE = 6
"""Cycles after which a failure says nothing any more: the agent has learned since."""


def tried(brief: Brief) -> tuple[Tried, ...]:
    """The levels of a brief that were played often enough, lately if they failed, and whose goal can be read."""
    shown: dict[str, tuple[LevelRecord, float | None]] = {
        level.id: (level, _standing(seen(brief, level), brief.cycle)) for level in (*brief.relatives, *brief.examples)
    }
    if brief.parent is not None:
        shown[brief.parent.level.id] = brief.parent.level, standing(brief.parent.trials)
    found = []
    for level, rate in shown.values():
        plan = plan_of(level.source) if rate is not None else Plan(())
        if plan.start or plan.guessed:
            continue  # how much help its start was, or somebody else's level is, nobody can say
        if asked := frozenset(asked_of(plan)):
            found.append(Tried(asked, plan.help, rate or 0.0))
    return tuple(found)


def _standing(trials: Sequence[Trial], cycle: int) -> float | None:
    rate = standing(trials)
    stale = rate is not None and rate < HARD and cycle - max(trial.cycle for trial in trials) > STALE
    return None if stale else rate


def room(known: tuple[Tried, ...], plan: Plan) -> tuple[int, int]:
    """(most help that failed or -1, least help that was too easy or 5) for goals like the plan's."""
    asked = frozenset(asked_of(plan))
    failed = [one.help for one in known if one.rate < HARD and one.achievements <= asked]
    solved = [one.help for one in known if one.rate > EASY and one.achievements >= asked]
    return max(failed, default=-1), min(solved, default=len(Help))


def wanted_help(known: tuple[Tried, ...], plan: Plan, rng: np.random.Generator) -> Help | None:
    """The amount of help that lets a plan's goal teach something, as far as is known; None where none does.

    The plan's own where nothing speaks against it. Between help that failed and help that was too easy it lies in
    the middle; where the two meet, that which was too easy, which the caller makes harder.
    """
    failed, solved = room(known, plan)
    if failed < plan.help < solved or not plan.achievements:
        return plan.help
    between = [help_ for help_ in Help if failed < help_ < solved]
    if between:
        nearest = between[0] if plan.help <= failed else between[-1]
        return nearest if failed < 0 or solved > Help.HANDED else between[int(rng.integers(len(between)))]
    return None if failed >= Help.HANDED or solved <= Help.GAME else Help(min(max(failed + 1, 0), Help.HANDED))


def meets(known: tuple[Tried, ...], plan: Plan) -> bool:
    """Whether help that failed and help that was too easy leave nothing between them for the plan's goal."""
    failed, solved = room(known, plan)
    return failed >= solved - 1 and failed >= 0 and solved < len(Help)
