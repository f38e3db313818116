"""What is said of a level follows from how the agent fared on it, on its children and beside it."""

from dataclasses import replace

import pytest

from dicode.dreaming import evidence
from dicode.dreaming.evidence import Relation
from dicode.types import TARGET, Accepted, Brief, LevelRecord, Origin, ParentReport, RunFacts, Status, Trial

pytestmark = pytest.mark.fast

GOAL = {"achievements": ["PLACE_TABLE", "MAKE_WOOD_SWORD"], "minimum": {"kills.zombie": 2.0}}


def level(name, parents=(), born=1, goal=GOAL):
    return LevelRecord(
        name, "", name, Origin.GRAMMAR, tuple(parents), "", born, Accepted(goal, {}, "h"), status=Status.D
    )


def trial(name, rate, episodes=20, cycle=3, **more):
    return Trial(name, cycle, episodes, round(rate * episodes), 1.0, 50.0, **more)


def brief(parent_rate, children=(), siblings=()):
    parent = level("p" * 12, ["o" * 12])
    kids = [level(f"kid{i}", [parent.id]) for i in range(len(children))]
    kin = [level(f"sib{i}", parent.parents) for i in range(len(siblings))]
    rates = zip((*kids, *kin), (*children, *siblings), strict=True)
    told = {one.id: (trial(one.id, rate),) for one, rate in rates if rate is not None}
    own = () if parent_rate is None else (trial(parent.id, parent_rate),)
    return Brief(4, 0, ParentReport(parent, own), {"PLACE_TABLE": 0.5}, 1.0, relatives=(*kids, *kin), trials=told)


@pytest.mark.parametrize(
    ("parent", "children", "siblings", "expected"),
    [
        (None, (), (), Relation.UNSEEN),
        (0.9, (), (), Relation.BEYOND),
        (0.9, (None, None), (), Relation.BEYOND),
        (0.9, (0.0, 0.05), (), Relation.BETWEEN),
        (0.9, (0.0, 0.9), (), Relation.AMONG),
        (0.9, (0.9, 1.0), (), Relation.FARTHER),
        (0.9, (0.0, 0.4), (), Relation.BESIDE),
        (0.9, (), (0.0, 0.0), Relation.BEYOND),
        (0.4, (), (), Relation.VARIED),
        (0.4, (0.0,), (), Relation.LEVEL),
        (0.4, (0.0, 0.5), (), Relation.VARIED),
        (0.0, (), (), Relation.EASIER),
        (0.0, (0.0, 0.0), (0.0,), Relation.AFRESH),
        (0.0, (0.0,), (0.95,), Relation.CLOSER),
    ],
)
def test_the_relation_follows_from_the_parent_and_its_children_together(parent, children, siblings, expected):
    assert evidence.relation(brief(parent, children, siblings)) is expected


def test_without_a_parent_there_is_no_relation():
    assert evidence.relation(Brief(0, 0, None, {}, None)) is Relation.FREE


def test_too_few_episodes_say_nothing():
    assert evidence.standing((trial("a", 0.0, episodes=evidence.FEW - 1),)) is None
    assert evidence.standing((trial("a", 0.0, 3, cycle=2), trial("a", 1.0, 3, cycle=3))) == 0.5


def test_a_level_s_line_says_goal_rates_what_was_reached_instead_and_how_it_failed():
    trials = (
        trial("kid0", 0.0, cycle=2),
        trial("kid0", 0.05, achievements={"PLACE_TABLE": 0.95}, endings={"zombie": 0.4, "out of time": 0.55}),
    )
    said = evidence.fared(level("kid0"), trials)
    assert said.startswith("0 % 5 % in cycles 2 to 3 (20 episodes), status D")
    assert "PLACE_TABLE 95 %, MAKE_WOOD_SWORD 0 %" in said
    assert said.endswith("failed by out of time 55 %, zombie 40 %")
    assert evidence.goal_of(level("kid0")) == "PLACE_TABLE, MAKE_WOOD_SWORD, kills.zombie >= 2"


def test_children_and_siblings_are_told_apart_and_bounded():
    told = evidence.family(brief(0.9, (0.0,) * 30, (0.5, None)))
    children, siblings = told.split("Its siblings:")
    assert children.count("\n- ") == evidence.MOST_LINES
    assert siblings.count("\n- ") == 2
    assert "no episode has ended on it yet" in siblings
    assert max(map(len, told.split("\n"))) <= evidence.MOST_WORDS + 1


def test_what_else_was_played_is_no_kin():
    told = brief(0.1, (0.0,), (0.0,))
    stranger = level("far", ["q" * 12])
    wider = replace(told, relatives=(*told.relatives, stranger), trials=told.trials | {"far": (trial("far", 0.95),)})
    assert evidence.family(wider) == evidence.family(told)
    assert evidence.relation(wider) is evidence.relation(told)
    sibling = replace(stranger, parents=told.relatives[-1].parents)
    near = replace(wider, relatives=(*told.relatives, sibling))
    assert evidence.relation(near) is Relation.CLOSER is not evidence.relation(told)


def test_the_target_s_trend_says_return_endings_and_where_the_steps_went():
    played = [
        Trial(TARGET, c, 10, 0, 1.0 + c, 90.0, endings={"hunger": 0.7}, occupations={"walking": 0.6, "asleep": 0.0})
        for c in range(3)
    ]
    said = evidence.trend(Brief(3, 0, None, {}, None, trials={TARGET: tuple(played)}))
    assert "up to 2: 1.0 2.0 3.0" in said
    assert "last 90 steps and end by hunger 70 %" in said
    assert "Its steps go to walking 60 %." in said
    assert evidence.trend(Brief(3, 0, None, {}, None)) == ""


def test_the_run_s_facts_are_said_whole():
    said = evidence.run_facts(RunFacts(256, 16, 3.0, 2, "cells", "lstm, 1 x 128 wide"))
    for part in ("256 steps", "16 of that length", "pays 3", "lstm, 1 x 128 wide", "sees cells", "hooks: 2"):
        assert part in said
