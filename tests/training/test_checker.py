"""A round of dreams comes to the same levels in whatever order its drafts arrive."""

import pytest

from dicode.dreaming.dreamer import Dreamer, Outcome
from dicode.games.craftax.looks import LOOKS
from dicode.runs.dreams import DreamRounds
from dicode.training.checker import Checker
from dicode.types import Accepted, Brief, Code, Draft, Origin, Rejected

pytestmark = pytest.mark.fast

LEVEL = (
    '"""Objective: {name}."""\nfrom dicode.levels import Achievement, Goal\n\nGOAL = Goal.all_of(Achievement.{goal})\n'
)
SOURCES = (
    LEVEL.format(name="first", goal="EAT_COW"),
    LEVEL.format(name="the same again", goal="EAT_COW"),
    LEVEL.format(name="another", goal="COLLECT_WOOD"),
    LEVEL.format(name="first", goal="EAT_COW"),
)


def check(draft, archive):
    """Every level is accepted that isn't in the archive, by its id."""
    if any(record.id == draft.id for record in archive):
        return Rejected("novelty", "known", code=Code.KNOWN)
    goal = draft.source.rpartition(".")[2].rstrip(")\n")
    return Accepted({"achievements": [goal]}, {}, "-")


class Arriving(Dreamer):
    """A dreamer whose drafts are judged in an order of the network's."""

    name, blocking, in_order = "arriving", True, False

    def __init__(self, order):
        self.order = order

    def dream(self, briefs, validate):
        verdicts = {}
        for place in self.order:
            verdicts[place] = validate(Draft(SOURCES[place], "", Origin.FOUNDATION))
        return [Outcome(Draft(SOURCES[b.index], "", Origin.FOUNDATION), verdicts[b.index]) for b in briefs]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2), (2, 3, 1, 0)])
def test_of_twins_in_a_round_the_one_of_the_first_brief_stays_whichever_came_first(order):
    rounds = DreamRounds(Arriving(order), lambda archive: Checker(check, LOOKS, archive), 60.0)
    rounds.dispatch([Brief(3, index, None, {}, None) for index in range(4)], [])
    outcomes = [outcome for _, outcome in rounds.collect(3)]
    assert [outcome.accepted for outcome in outcomes] == [True, False, True, False]
    assert [outcomes[1].verdict.code, outcomes[3].verdict.code] == [Code.TWIN, Code.KNOWN]


def test_a_dreamer_that_writes_in_order_is_told_at_once():
    checker = Checker(check, LOOKS, [])
    draft = Draft(SOURCES[0], "", Origin.GRAMMAR)
    assert isinstance(checker(draft), Accepted)
    assert isinstance(checker(draft), Rejected)
    assert isinstance(checker.alone(draft), Accepted)
