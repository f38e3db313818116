"""The grammar dreamer: levels without a foundation model, from the same brief.

It is the default without an API key, the control that shows what a foundation model adds, and what the
tests run. Each brief is answered from its own random stream, so the same brief gives the same level.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dicode.dreaming.dreamer import OneByOne, Outcome, Validate, sent_back, tried
from dicode.games.craftax.grammar import moves, variation
from dicode.games.craftax.grammar.frontier import before
from dicode.games.craftax.grammar.lessons import settle, stage
from dicode.games.craftax.grammar.mechanics import MECHANICS
from dicode.games.craftax.grammar.moves import Situation, situation_of
from dicode.games.craftax.grammar.plan import Help, Near, Plan, Site
from dicode.games.craftax.grammar.printer import mechanic_sentence, objective, print_level
from dicode.games.craftax.grammar.reader import plan_of
from dicode.games.craftax.levels.techtree import depth
from dicode.levels import Achievement, Floor
from dicode.streams import Streams
from dicode.types import Brief, Code, Draft, Origin, Rejected, Verdict

TRIES = 3
"""Drafts shown to `validate` for one brief."""
DRAWS = 40
"""Plans drawn in search of one that the archive doesn't hold."""
HOOK_SHARE = 0.25
"""Share of the levels that get a new mechanic, where mechanics are allowed."""
FRONTIER_SHARE = 0.5
"""Share of the levels that start where the agent was, where there are such states."""
GoalKey = tuple[tuple[Achievement, ...], tuple[tuple[str, float], ...]]
"""A goal's achievements and least quantities, both sorted."""
STEPS = 2
"""Drafts of a round, at most, that begin as the target does and ask for less."""


class GrammarDreamer(OneByOne):
    """Moves along Craftax's technology tree and prints level code."""

    name = "grammar"

    def __init__(
        self,
        streams: Streams,
        hooks: bool = False,
        horizon: int = 256,
        arenas: bool = True,
        steps: str = "level",
        pursue: str = "tree",
    ) -> None:
        """`hooks`: levels may bring new mechanics; `horizon`: steps that an episode may last; `arenas`: closed rooms too;
        `steps`: targets (none, level, any) on the way to which levels begin as the target does; `pursue`: the technology tree
        or the target."""
        self._streams, self._hooks, self._horizon, self._arenas = streams, hooks, horizon, arenas
        self._steps, self._pursues = steps, pursue == "target"

    def _answer(self, brief: Brief, validate: Validate, taken: set[str]) -> Outcome:
        rng = self._streams.rng("dream", brief.cycle, brief.index)
        returned = sent_back(brief)
        plan = plan_of(returned[0].source) if returned else None

        def fresh(last: Draft | None, verdict: Verdict) -> Draft | None:
            nonlocal plan
            plan, draft = self._fresh(brief, rng, taken | ({last.id} if last else set()), plan, verdict)
            return draft

        return tried(brief, fresh, validate, TRIES)

    def sketch(self, brief: Brief) -> Draft | None:
        """What it would write for a brief before anything is checked, without mechanics of its own; None: nothing new."""
        verdict: Verdict
        last, verdict = sent_back(brief) or (None, Rejected("lost", "", code=Code.LOST))
        rng = self._streams.rng("dream", brief.cycle, brief.index)
        failed = plan_of(last.source) if last else None
        return self._fresh(replace(brief, allow_hooks=False), rng, set(), failed, verdict)[1]

    def _fresh(
        self, brief: Brief, rng: np.random.Generator, taken: set[str], failed: Plan | None, verdict: Verdict
    ) -> tuple[Plan | None, Draft | None]:
        """A plan and its draft that neither the archive nor this round holds; (None, None) if none is found."""
        situation = situation_of(brief, self._horizon, self._pursues)
        had = goals_shown(brief) | ({_goal(failed)} if failed else set()) if brief.goal_only else set()
        for draw in range(DRAWS):
            # A goal that was turned down in the game's own worlds can't be mended there: another one is drawn.
            if failed is not None and isinstance(verdict, Rejected) and draw < DRAWS // 2 and not brief.goal_only:
                plan = adapted(failed, verdict, rng, _measured(brief))
            else:
                plan = self._plan(brief, situation, rng, draw)
                # Half of the draws insist on what was learnt; then any new level is better than none.
                free = brief.goal_only or plan.mechanic or plan.start or plan.moved == "step"
                fit = plan if free else moves.fitted(plan, situation.tried, rng)
                if fit is None and draw < DRAWS // 2:
                    continue
                plan = fit or plan
                plan = plan if plan.moved in ("harden", "combine", "step") else moves.first(plan, situation)
            allowed = self._allowed(plan, brief, rng)
            if allowed is None or (draw < DRAWS // 2 and _goal(allowed) in had):
                continue
            draft = _draft(allowed, situation, brief)
            if draft.id not in brief.known and draft.id not in taken:
                return allowed, draft
        return None, None

    def _allowed(self, plan: Plan, brief: Brief, rng: np.random.Generator) -> Plan | None:
        """What the run and the brief allow of a plan, however it came about; None where no goal is left of it."""
        if brief.goal_only:
            plan = Plan(plan.achievements, plan.minimum, help=Help.GAME, moved=plan.moved)
        elif not (self._hooks and brief.allow_hooks):
            plan = plan.changed(mechanic="", numbers={})
        elif plan.mechanic and not plan.numbers:  # of a level that was read: its numbers are not read back
            plan = plan.changed(numbers=MECHANICS[plan.mechanic].draw(rng))
        if not (plan.achievements or plan.minimum or (plan.mechanic and MECHANICS[plan.mechanic].sets_goal)):
            return None
        plan = plan if brief.goal_only else paced(plan, self._horizon)
        return plan if self._arenas else opened(plan)

    def _plan(self, brief: Brief, situation: Situation, rng: np.random.Generator, draw: int) -> Plan:
        place = brief.round - 1 - brief.index  # from the end: a round begins with what came back
        leads = self._steps == "any" or (self._steps == "level" and brief.target is not None)
        if leads and not brief.goal_only and 0 <= place < STEPS and draw < DRAWS // 2:
            steps = moves.steps(situation, rng)
            if place < len(steps):
                return steps[place]
        if brief.starts and not brief.goal_only and rng.random() < FRONTIER_SHARE:
            onward = moves.onward(situation, brief.starts, rng)
            if onward is not None:
                return onward
        name = moves.choose(situation, rng)
        plan = moves.MOVES[name](situation, rng).changed(moved=name)
        bare = plan.changed(mechanic="", numbers={})
        if not (self._hooks and brief.allow_hooks):
            return bare
        brings = not brief.goal_only and rng.random() < HOOK_SHARE
        return variation.with_mechanic(bare, rng).changed(moved=name) if brings else plan


def _goal(plan: Plan) -> GoalKey:
    """What tells a plan's goal from others."""
    return tuple(sorted(plan.achievements)), tuple(sorted(plan.minimum.items()))


def goals_shown(brief: Brief) -> set[GoalKey]:
    """The goals of a brief's levels that are the game itself otherwise."""
    levels = [*brief.relatives, *brief.examples, *([brief.parent.level] if brief.parent else [])]
    plans = [plan_of(level.source) for level in levels]
    return {_goal(plan) for plan in plans if plan.help == Help.GAME}


def paced(plan: Plan, horizon: int) -> Plan:
    """`plan` with shorter episodes where help leaves less to do: more tries in a cycle, and less solved by chance.

    What begins as the target does ends with it, too.
    """
    if plan.moved == "step":
        return plan
    steps = {Help.HANDED: max(96, horizon // 2), Help.NEAR: max(128, 3 * horizon // 4)}
    rules = {name: value for name, value in plan.rules.items() if name != "episode_length"}
    least = 2 * plan.minimum.get("survive", 0)
    length = horizon if plan.patient else max(steps.get(plan.help, horizon), int(least))
    return plan.changed(rules={**rules, "episode_length": float(length)} if length < horizon else rules)


def opened(plan: Plan) -> Plan:
    """`plan` on open ground where it stood in a closed room."""
    return plan.changed(site=Site.CLEARING if plan.site == Site.ARENA else plan.site, yard=0)


_OF_A_HOOK = frozenset({Code.HOOK, Code.MODULE, Code.HOOKS_OFF, Code.TIME, Code.MEMORY, Code.CRASHED, Code.ERROR})
"""Faults that a level with a mechanic owes to the mechanic."""


def _measured(brief: Brief) -> float | None:
    """Success rate at which a level came back; None where none did."""
    probe = brief.revises.probe if brief.revises else None
    return probe.success_rate if probe else None


def adapted(plan: Plan, verdict: Rejected, rng: np.random.Generator, rate: float | None = None) -> Plan:
    """A plan that answers a rejection: more room, another try at the numbers, more help, or no mechanic.

    `rate`: the success rate that was measured, where that is what it was rejected for.
    """
    if plan.mechanic and verdict.code in _OF_A_HOOK:
        return plan.changed(mechanic="", numbers={}) if plan.achievements else _again(plan, rng)
    if verdict.code in (Code.NO_ROOM, Code.IMPOSSIBLE, Code.TIME):
        return _roomier(plan, rng)
    if verdict.code is Code.TOO_HARD and plan.achievements:
        return _easier(plan, rng, rate)
    if verdict.code is Code.TOO_EASY and plan.achievements:
        return _harder(plan, rng, rate)
    if verdict.code is Code.SOLVED and (plan.kit or plan.minimum):
        return settle(plan.changed(kit={}, minimum={name: value + 1 for name, value in plan.minimum.items()}))
    return _again(plan, rng)


def _roomier(plan: Plan, rng: np.random.Generator) -> Plan:
    """More open ground, and everything allowed a little farther away."""
    spread = int(rng.integers(1, 4))
    blocks = tuple(Near(spot.block, max(1, spot.count - 1), spot.low, spot.high + spread) for spot in plan.blocks)
    mobs = tuple(replace(crowd, high=min(13, crowd.high + spread)) for crowd in plan.mobs)
    site = Site.CLEARING if plan.site == Site.WILD else plan.site
    return plan.changed(blocks=blocks, mobs=mobs, site=site, radius=min(8, plan.radius + spread), yard=0)


def _easier(plan: Plan, rng: np.random.Generator, rate: float | None) -> Plan:
    """One scaffold more; where the agent came close or all are in place, shorter ways, weaker enemies and more time."""
    if plan.help < Help.HANDED and not (rate and plan.help > Help.BARE):
        return variation.restage(plan.achievements, Help(plan.help + 1), rng).changed(moved="ease")
    if len(plan.achievements) > 1:
        one = plan.achievements[int(rng.integers(len(plan.achievements)))]
        return variation.restage((one,), plan.help, rng).changed(moved="ease")
    return variation.eased(plan, rng).changed(moved="ease")


def _harder(plan: Plan, rng: np.random.Generator, rate: float | None) -> Plan:
    """One scaffold less, or longer ways and less of all: so where no scaffold would be left, or the agent is not at its best."""
    if plan.help > Help.TOOLS and (rate is None or (rate > 0.9 and rng.random() < 0.5)):
        return variation.restage(plan.achievements, Help(plan.help - 1), rng).changed(moved="harden")
    harder = variation.stretched(plan, rng) if plan.help > Help.BARE else variation.more(plan, rng)
    return harder.changed(moved="harden")


def _again(plan: Plan, rng: np.random.Generator) -> Plan:
    """The same goals with numbers drawn anew and, half of the time, more help."""
    if not plan.achievements:
        return variation.with_mechanic(plan.changed(mechanic="", numbers={}), rng, sets_goal=not plan.minimum)
    help_ = Help(min(Help.HANDED, plan.help + 1)) if rng.random() < 0.5 or plan.help == Help.GAME else plan.help
    return variation.restage(plan.achievements, help_, rng).changed(moved=plan.moved)


def _draft(plan: Plan, situation: Situation, brief: Brief) -> Draft:
    why = _why(plan, situation)
    source = print_level(plan, why)
    parents = (brief.parent.level.id,) if brief.parent is not None else ()
    move = f"{plan.moved}+{plan.mechanic}" if plan.mechanic else plan.moved
    about = objective(plan)
    origin = Origin.FRONTIER if plan.start else Origin.GRAMMAR
    return Draft(source, f"{about[0].upper()}{about[1:]}. {why}", origin, parents, move)


_REASONS = {
    "expand": "a first level for it, with scaffolds",
    "scaffold": "more help than before",
    "ease": "an easier version",
    "harden": "less help than before",
    "relocate": "the same skill in other surroundings",
    "combine": "two skills at once",
    "approach": "the same goal from above, with the way down",
    "frontier": "on from a state that the agent has reached",
    "step": "as the target begins, and asking for less",
}


def _why(plan: Plan, situation: Situation) -> str:
    """The reason that goes into the level's docstring."""
    focus = plan.focus
    parts = []
    if focus is not None:
        rate = situation.target[focus]
        name = focus.name.lower().replace("_", " ")
        parts.append(f"{name} is reached in {rate:.0%} of the target's episodes")
        lacking = sorted((a for a in before(focus) if situation.success[a] < 0.3), key=lambda a: (depth(a), a))
        if lacking:
            parts.append("what usually comes before it and is not known yet: " + _names(lacking[:3]))
    if plan.mechanic:
        parts.append(f"a mechanic that the game doesn't have ({mechanic_sentence(plan)})")
    if situation.parent_id and situation.rate is not None:
        parts.append(f"its parent {situation.parent_id} was solved in {situation.rate:.0%}")
    if plan.moved:
        parts.append(f"{plan.moved}: {_REASONS[plan.moved]}")
    text = "; ".join(parts) or "practice"
    return f"{text[0].upper()}{text[1:]}."


def _names(achievements: Sequence[Achievement]) -> str:
    return ", ".join(achievement.name.lower().replace("_", " ") for achievement in achievements)


def random_level(rng: np.random.Generator) -> Draft:
    """A random level program: any achievement (shallow ones oftener), any amount of help, any of its floors."""
    achievement = _random_achievement(rng)
    help_ = Help(int(rng.integers(Help.BARE, Help.HANDED + 1)))
    plan = stage(achievement, help_, rng)
    if plan.floor == Floor.OVERWORLD and rng.random() < 0.3:
        plan = plan.changed(time_of_day=round(float(rng.random()), 2))
    if rng.random() < 0.5:
        plan = plan.changed(rules={**plan.rules, **_random_rules(rng)})
    return _random(plan, "A random level, drawn without regard to what the agent can do.")


def random_goal(rng: np.random.Generator) -> Draft:
    """The unmodified game with a random goal, drawn as those of `random_level` are."""
    why = "A random goal, drawn without regard to what the agent can do."
    return _random(Plan((_random_achievement(rng),), help=Help.GAME), why)


def _random_achievement(rng: np.random.Generator) -> Achievement:
    """Any achievement, shallow ones oftener."""
    names = sorted(Achievement)
    weights = np.exp(-0.2 * np.array([depth(a) for a in names]))
    return names[int(rng.choice(len(names), p=weights / weights.sum()))]


def _random(plan: Plan, why: str) -> Draft:
    about = objective(plan)
    return Draft(print_level(plan, why), f"{about[0].upper()}{about[1:]}. {why}", Origin.GENERATOR, move="random")


def _random_rules(rng: np.random.Generator) -> dict[str, float]:
    names = ["melee_spawn", "ranged_spawn", "passive_spawn", "monster_damage", "hunger", "thirst", "health_recovery"]
    chosen = rng.choice(names, size=int(rng.integers(1, 4)), replace=False)
    return {str(name): round(float(2.0 ** rng.uniform(-2, 1)), 2) for name in chosen}
