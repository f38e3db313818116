"""The moves along the technology tree: from what the agent can do to the next level.

expand    what the parent's goal opens, or what is wanted most, with scaffolds
scaffold  the same goal with more help, or a step back to what comes before it
ease      the same level with shorter ways, smaller amounts and weaker enemies
harden    the same goal with less help; at the end of that road is the game itself
relocate  the same goal on another floor, at another hour, on other ground
combine   the parent's goal and another one together
approach  the same goal from the floor above, the way down included, where the target's episodes hardly get there
step      for a target that is a level: as it begins, with a goal on the way to it

Each takes a `Situation` and a generator and returns a plan; the weights by which one is chosen depend on
how often the parent was solved and on how well the target goes already.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dicode.dreaming import evidence
from dicode.dreaming.evidence import EASY, HARD, Relation
from dicode.games.craftax.grammar.experience import Tried, meets, tried, wanted_help
from dicode.games.craftax.grammar.frontier import (
    KNOWN,
    Rates,
    before,
    first_help,
    missing,
    pick,
    rates,
    spared,
    successors,
    way_to,
    weight,
)
from dicode.games.craftax.grammar.lessons import stage
from dicode.games.craftax.grammar.plan import Help, Plan
from dicode.games.craftax.grammar.reader import asked_of, plan_of
from dicode.games.craftax.grammar.variation import eased, focus_of, more, restage, stretched
from dicode.games.craftax.levels.techtree import ENTER, depth, requirements
from dicode.levels import Achievement, Floor
from dicode.types import TARGET, Brief, FrontierState

SHAKY = 0.05
"""Success rate on the target below which nothing is tried without help."""
BEGUN, STEADY = 0.02, 0.75
"""Success rates on the target between which a step towards it is worth a level that begins as the target does. It begins low, because
an agent that is told to take the step takes it oftener than one that is told of the target."""
SOLVED = 0.5
"""Success rate from which a parent is moved on from."""


@dataclass(frozen=True)
class Situation:
    """What a brief says, digested."""

    success: Rates
    """On the target; half of what the parent's own episodes say where that is more."""
    target: Rates
    """On the target alone."""
    parent: Plan | None
    """None where there is no parent, or none with a goal that can be read."""
    parent_id: str
    rate: float | None
    """Success rate of the parent's last trial with an episode."""
    horizon: int
    """Steps that an episode may last."""
    relation: Relation = Relation.UNSEEN
    """How the next level should lie to the parent."""
    tried: tuple[Tried, ...] = ()
    """What was played around the parent."""
    way: frozenset[Achievement] = frozenset(Achievement)
    """What is worth a level: everything, or what leads to a target that is a level."""
    aim: Plan | None = None
    """The target, where it is a level."""
    pursues: bool = False
    """Levels keep to what the game's own episodes lack next, and lead back to where these get."""


def situation_of(brief: Brief, horizon: int, pursues: bool = False) -> Situation:
    """Read a brief."""
    report = brief.parent
    target = plan_of(brief.target.source) if brief.target else None
    way = (way_to(target) if target else frozenset()) or frozenset(Achievement)
    held = dict.fromkeys((a.name for a in spared(target)), 1.0) if target else {}
    bare = rates(brief.target_success, held)
    if report is None or report.level.id == TARGET:
        return Situation(bare, bare, None, "", None, horizon, tried=tried(brief), way=way, aim=target, pursues=pursues)
    trial = next((trial for trial in reversed(report.trials) if trial.episodes), None)
    local = {name: 0.5 * rate for name, rate in trial.achievements.items()} if trial else {}
    plan = plan_of(report.level.source)
    plan = plan.changed(achievements=asked_of(plan))
    # A parent off the way to the target is no place to go on from.
    readable = plan if way.intersection(plan.achievements) else None
    rate = trial.success_rate if trial else None
    success = rates(brief.target_success, local, held)
    return Situation(
        success,
        bare,
        readable,
        report.level.id,
        rate,
        horizon,
        evidence.relation(brief),
        tried(brief),
        way,
        target,
        pursues,
    )


Move = Callable[[Situation, np.random.Generator], Plan]


def choose(situation: Situation, rng: np.random.Generator) -> str:
    """The name of the next move."""
    weights = _weights(situation)
    names = sorted(weights)
    shares = np.array([weights[name] for name in names])
    return names[int(rng.choice(len(names), p=shares / shares.sum()))]


_BY_EVIDENCE: Mapping[Relation, Mapping[str, float]] = {
    Relation.BETWEEN: {"harden": 0.5, "expand": 0.3, "relocate": 0.2},
    Relation.AMONG: {"harden": 0.4, "expand": 0.4, "relocate": 0.2},
    Relation.FARTHER: {"expand": 0.5, "harden": 0.3, "combine": 0.2},
    Relation.BESIDE: {"expand": 0.5, "relocate": 0.25, "combine": 0.25},
    Relation.LEVEL: {"relocate": 0.5, "ease": 0.5},
    Relation.CLOSER: {"scaffold": 0.4, "ease": 0.4, "expand": 0.2},
    Relation.AFRESH: {"expand": 0.6, "scaffold": 0.4},
}
"""Shares of the moves where children say more than the parent's own success does."""


APPROACH = 0.4
"""Share of the moves from a mastered parent on a floor that the target's episodes hardly reach which begin a floor above."""


def _weights(situation: Situation) -> Mapping[str, float]:
    shares = _shares(situation)
    if not _is_cut_off(situation):
        return shares
    return {name: (1 - APPROACH) * share for name, share in shares.items()} | {"approach": APPROACH}


def _is_cut_off(situation: Situation) -> bool:
    """Whether the parent's goal is reached on its level, and the floor of it hardly ever on the target."""
    parent = situation.parent
    if not situation.pursues or parent is None or not parent.floor or parent.start or not _is_solved(situation):
        return False
    if any(min(requirements(a).floors) < parent.floor for a in parent.achievements):
        return False  # what can be done above needs no way down
    return ENTER[parent.floor] in situation.way and situation.target[ENTER[parent.floor]] < SHAKY


def _shares(situation: Situation) -> Mapping[str, float]:
    parent, rate = situation.parent, situation.rate
    if parent is None or parent.focus is None:
        return {"expand": 1.0}
    if situation.relation in _BY_EVIDENCE:
        return _BY_EVIDENCE[situation.relation]
    if rate is None:
        return {"expand": 0.4, "scaffold": 0.3, "relocate": 0.3}
    if rate >= SOLVED:
        known = situation.success[parent.focus] >= 0.6 or parent.help == Help.GAME
        if known:
            return {"expand": 0.6, "combine": 0.2, "relocate": 0.1, "harden": 0.1}
        return {"harden": 0.5, "expand": 0.25, "combine": 0.1, "relocate": 0.15}
    if rate >= 0.25:
        return {"ease": 0.35, "scaffold": 0.25, "relocate": 0.15, "expand": 0.25}
    return {"scaffold": 0.45, "ease": 0.3, "expand": 0.25}


def expand(situation: Situation, rng: np.random.Generator) -> Plan:
    """A first level for something the parent's goal opens; without a parent, for whatever is wanted most.

    So it is where the target is pursued and has not the parent's goal yet.
    """
    focus = situation.parent.focus if situation.parent else None
    among = successors(focus) if focus is not None and _is_solved(situation) and _is_shown(focus, situation) else None
    among = among & situation.way if among else None
    if not among or max(weight(a, situation.success) for a in among) < 0.05:
        among = situation.way
    target = pick(situation.success, rng, among, situation.pursues)
    help_ = first_help(target, situation.success, situation.target, rng)
    return first(stage(target, help_, rng, _near_floor(target, situation)), situation)


def _is_shown(focus: Achievement, situation: Situation) -> bool:
    """Whether the game's own episodes show what a parent asks for, if that is asked; a target that is a level is led up to anyway."""
    return not situation.pursues or situation.aim is not None or situation.target[focus] >= SHAKY


def _near_floor(achievement: Achievement, situation: Situation) -> Floor | None:
    """The floor on which a first level takes place: the first of the act's own that the agent was on, or else the first."""
    floors = requirements(achievement).floors
    return next((floor for floor in floors if not floor or situation.success[ENTER[floor]] >= 0.01), floors[0])


def first(plan: Plan, situation: Situation) -> Plan:
    """`plan` asking for no more than its achievements where the agent doesn't know them yet."""
    unknown = any(situation.target[a] < KNOWN for a in plan.achievements)
    return replace(plan, minimum={}) if unknown and plan.achievements else plan


def _is_solved(situation: Situation) -> bool:
    return situation.rate is not None and situation.rate >= SOLVED


def scaffold(situation: Situation, rng: np.random.Generator) -> Plan:
    """The same goal with one more scaffold; with all of them in place, the least known thing that comes before."""
    parent = _parent(situation)
    if parent.help < Help.HANDED:
        return restage(parent.achievements, Help(parent.help + 1), rng)
    earlier = frozenset(a for a in before(focus_of(parent)) & situation.way if situation.success[a] < 0.8)
    if earlier:
        return stage(pick(situation.success, rng, earlier), Help.NEAR, rng)
    return ease(situation, rng)


def ease(situation: Situation, rng: np.random.Generator) -> Plan:
    """Shorter ways, smaller amounts, weaker and fewer enemies, gentler needs."""
    parent = _parent(situation)
    return scaffold(situation, rng) if parent.help <= Help.BARE else eased(parent, rng)


def fitted(plan: Plan, known: tuple[Tried, ...], rng: np.random.Generator) -> Plan | None:
    """A plan with the help that what was tried suggests; None where nothing like it can teach now."""
    help_ = wanted_help(known, plan, rng)
    if help_ is None:
        return None
    fit = plan if help_ == plan.help else restage(plan.achievements, help_, rng).changed(moved=plan.moved)
    return stretched(fit, rng) if meets(known, plan) and fit.help > Help.BARE else fit


def harden(situation: Situation, rng: np.random.Generator) -> Plan:
    """Less help, or with the same help more of it; no help at all only for what the target's episodes show."""
    parent = _parent(situation)
    if parent.help == Help.GAME:
        return combine(situation, rng)
    shaky = any(situation.target[a] < SHAKY for a in parent.achievements)
    if parent.guessed and shaky:
        return _anew(parent, situation, rng)
    reach = 2 if situation.rate is not None and situation.rate >= 0.9 and parent.help >= Help.NEAR else 1
    help_ = Help(max(0, parent.help - (1 if rng.random() < 0.7 else reach)))
    if help_ == Help.GAME and any(missing(a, situation.success) for a in parent.achievements):
        help_ = Help.BARE
    if help_ <= Help.BARE and shaky:
        staged = parent.blocks or parent.mobs or parent.ladder
        near = parent if staged else restage(parent.achievements, Help.TOOLS, rng, parent.floor)
        return stretched(near, rng)
    if parent.help == help_ or (parent.minimum and rng.random() < 0.25):
        return more(parent, rng, situation.horizon)
    return restage(parent.achievements, help_, rng, _floor_of(parent, help_))


def _anew(parent: Plan, situation: Situation, rng: np.random.Generator) -> Plan:
    """One of the goals of a level that was written otherwise than plans are, staged as a first level."""
    goal = parent.achievements[int(rng.integers(len(parent.achievements)))]
    return stage(goal, first_help(goal, situation.success, situation.target, rng), rng, _near_floor(goal, situation))


def _floor_of(plan: Plan, help_: Help) -> Floor | None:
    return plan.floor if help_ > Help.BARE else None


def relocate(situation: Situation, rng: np.random.Generator) -> Plan:
    """The same goal elsewhere: another floor where the act allows it, or night, or other ground."""
    parent = _parent(situation)
    focus = focus_of(parent)
    if parent.guessed and situation.target[focus] < SHAKY:
        return _anew(parent, situation, rng)
    help_ = max(parent.help, Help.TOOLS if situation.target[focus] >= SHAKY else Help.NEAR)
    floors = [floor for floor in requirements(focus).floors if floor != parent.floor and _known(floor, situation)]
    if floors and len(floors) < len(Floor) - 2 and not requirements(focus).bound:
        return restage(parent.achievements, help_, rng, floors[int(rng.integers(len(floors)))])
    moved = restage(parent.achievements, help_, rng, parent.floor)
    if moved.floor == Floor.OVERWORLD:
        dusk = float(rng.choice([0.4, 0.5, 0.6]))
        return replace(moved, time_of_day=dusk if parent.time_of_day is None or parent.time_of_day < 0.4 else 0.1)
    return replace(moved, lit=not parent.lit)


def _known(floor: Floor, situation: Situation) -> bool:
    """Whether the agent was ever on a floor, or on the one above it."""
    return floor != Floor.GRAVEYARD and (floor <= Floor.DUNGEON or situation.success[ENTER[Floor(floor - 1)]] >= 0.01)


def combine(situation: Situation, rng: np.random.Generator) -> Plan:
    """The parent's goal and another wanted one on the same floor."""
    parent = _parent(situation)
    help_ = max(parent.help, Help.BARE)
    partners = [a for a in sorted(situation.way) if _fits(a, parent, help_) and situation.success[a] >= KNOWN]
    if not partners or len(parent.achievements) >= 3:
        return more(parent, rng, situation.horizon)
    partner = pick(situation.success, rng, frozenset(partners))
    return restage((*parent.achievements, partner), help_, rng, parent.floor)


def approach(situation: Situation, rng: np.random.Generator) -> Plan:
    """The parent's goal from above its floor, beside the way down: what is done below counts for nothing without the way there."""
    parent = _parent(situation)
    gate = ENTER[parent.floor]
    return restage((*parent.achievements, gate), first_help(gate, situation.success, situation.target, rng), rng)


def _fits(achievement: Achievement, plan: Plan, help_: Help) -> bool:
    if achievement in plan.achievements or (achievement in ENTER.values() and help_ > Help.BARE):
        return False
    return plan.floor in requirements(achievement).floors


def onward(situation: Situation, starts: Sequence[FrontierState], rng: np.random.Generator) -> Plan | None:
    """From a state that the agent reached, rare ones oftener, on to what comes next there; None where nothing does."""
    shares = np.array([1.0 / max(state.seen, 1) for state in starts])
    chosen = starts[int(rng.choice(len(starts), p=shares / shares.sum()))]
    held = rates(dict.fromkeys(chosen.achievements, 1.0))
    success = {a: max(rate, held[a]) for a, rate in situation.success.items()}
    among = frozenset(a for a in situation.way if not held[a] and not missing(a, success))
    if not among:
        return None
    return Plan((pick(success, rng, among),), help=Help.GAME, start=chosen.id, moved="frontier")


def steps(situation: Situation, rng: np.random.Generator) -> list[Plan]:
    """Levels on the way to a target, as the target begins: they ask for less, and nothing is given for it.

    Deepest first, those that the target's own episodes show now and then. What teaches the agent in easier surroundings is
    forgotten where nothing pays for it; on the target itself nothing pays until its goal is reached.
    """
    aim = situation.aim or Plan((), help=Help.GAME)
    learning = {one.achievements for one in situation.tried if one.help <= Help.BARE and HARD <= one.rate <= EASY}
    begun = [
        a
        for a in situation.way - set(aim.achievements)
        if BEGUN <= situation.target[a] <= STEADY and frozenset((a,)) not in learning
    ]
    changed = aim.changed(achievements=(), minimum={}, guessed=False)
    untouched = changed == Plan((), help=aim.help)
    found = []
    for a in sorted(begun, key=lambda a: (-depth(a), a)):
        plan = Plan((a,), help=Help.GAME) if untouched else changed.changed(achievements=(a,))
        again = any(one.achievements == {a} and one.help <= Help.BARE for one in situation.tried)
        calmer = {"melee_spawn": round(float(rng.uniform(0.5, 0.95)) * plan.rules.get("melee_spawn", 1.0), 2)}
        found.append(plan.changed(rules={**plan.rules, **calmer} if again else plan.rules, moved="step"))
    return found


MOVES: dict[str, Move] = {
    "expand": expand,
    "scaffold": scaffold,
    "ease": ease,
    "harden": harden,
    "relocate": relocate,
    "combine": combine,
    "approach": approach,
}


def _parent(situation: Situation) -> Plan:
    if situation.parent is None:
        raise ValueError("this move needs a parent with a goal; use `choose`")
    return situation.parent
