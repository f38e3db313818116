"""The grammar dreamer: levels without a foundation model, from the same brief.

Each brief is answered from its own random stream, so the same brief gives the same level.
"""

from collections.abc import Sequence

import numpy as np

from dicode.dreaming.dreamer import OneByOne, Outcome, Validate, lost, sent_back, tried
from dicode.games.xland.grammar import moves
from dicode.games.xland.grammar.moves import Situation
from dicode.games.xland.grammar.plan import GRIDS, Plan, objective, of_task, print_level, read
from dicode.games.xland.grammar.reader import plan_of
from dicode.games.xland.levels.tasks import random_task
from dicode.streams import Streams
from dicode.types import Brief, Code, Draft, Origin, Rejected, Verdict

TRIES = 3
"""Drafts shown to `validate` for one brief."""
DRAWS = 20
"""Plans drawn in search of one that the archive doesn't hold."""
_REASONS = {
    "expand": "a new task",
    "deepen": "a longer chain of productions",
    "shorten": "a shorter chain of productions",
    "distract": "more that misleads",
    "clear": "nothing that misleads",
    "widen": "a larger grid",
    "narrow": "a smaller grid",
    "shut": "a door that does not simply open",
    "unlock": "doors that simply open, or stand open",
    "another": "another task as long",
}


class GrammarDreamer(OneByOne):
    """Moves along chains of productions, distractions, rooms and doors."""

    name = "grammar"

    def __init__(self, streams: Streams) -> None:
        """`streams`: where its randomness comes from."""
        self._streams = streams

    def _answer(self, brief: Brief, validate: Validate, taken: set[str]) -> Outcome:
        if brief.goal_only:
            return lost("a goal alone makes no level here: what it needs must lie in the grid")
        rng = self._streams.rng("dream", brief.cycle, brief.index)
        situation = situation_of(brief)

        def fresh(last: Draft | None, verdict: Verdict) -> Draft | None:
            failed = plan_of(last.source) if last else None
            code = verdict.code if isinstance(verdict, Rejected) else Code.LOST
            return self._fresh(brief, situation, rng, taken | ({last.id} if last else set()), failed, code)

        return tried(brief, fresh, validate, TRIES)

    def sketch(self, brief: Brief) -> Draft | None:
        """What it would write for a brief before anything is checked; None: nothing new."""
        last, verdict = sent_back(brief) or (None, None)
        rng = self._streams.rng("dream", brief.cycle, brief.index)
        failed = plan_of(last.source) if last else None
        code = verdict.code if verdict else Code.LOST
        return None if brief.goal_only else self._fresh(brief, situation_of(brief), rng, set(), failed, code)

    def _fresh(
        self,
        brief: Brief,
        situation: Situation,
        rng: np.random.Generator,
        taken: set[str],
        failed: Plan | None,
        code: Code,
    ) -> Draft | None:
        """A level that neither the archive nor the round holds; half of the draws answer what was wrong with `failed`."""
        for draw in range(DRAWS):
            answers = failed if draw < DRAWS // 2 else None
            plan = moves.adapted(answers, code, rng) if answers else moves.next_plan(situation, rng)
            parents = (brief.parent.level.id,) if brief.parent is not None else ()
            why = _why(plan, situation, parents)
            draft = Draft(print_level(plan, why), _said(plan, why), Origin.GRAMMAR, parents, plan.move)
            if draft.id not in brief.known and draft.id not in taken:
                return draft
        return None


def situation_of(brief: Brief) -> Situation:
    """What the brief says, in the grammar's words."""
    if brief.parent is None:
        return Situation(moves.depth_rates(brief.target_success))
    trials = [trial for trial in brief.parent.trials if trial.success_rate is not None]
    rate = trials[-1].success_rate if trials else None
    return Situation(moves.depth_rates(brief.target_success), read(brief.parent.level), rate)


def random_level(rng: np.random.Generator) -> Draft:
    """A random level program: any depth, any grid."""
    plan = of_task(random_task(rng), int(rng.integers(len(GRIDS))), near=False)
    why = "A random level, drawn without regard to what the agent can do."
    return Draft(print_level(plan, why), _said(plan, why), Origin.GENERATOR, move="random")


def _said(plan: Plan, why: str) -> str:
    about = objective(plan)
    return f"{about[0].upper()}{about[1:]}. {why}"


def _why(plan: Plan, situation: Situation, parents: Sequence[str]) -> str:
    parts = []
    if situation.depths is not None:
        depth = plan.depth
        parts.append(f"tasks with chains of {depth} are solved in {situation.depths[depth]:.0%} of the target's")
    if parents and situation.rate is not None:
        parts.append(f"its parent {parents[0]} was solved in {situation.rate:.0%}")
    parts.append(f"{plan.move}: {_REASONS[plan.move]}")
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."
