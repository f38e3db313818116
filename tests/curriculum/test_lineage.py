"""Families of levels and the frontier rule."""

from dataclasses import replace

import pytest
from archive_examples import record, trial

from dicode.curriculum import lineage
from dicode.curriculum.snapshot import DreamRecord, Snapshot, target_record
from dicode.streams import Streams
from dicode.types import Brief, Code, Origin, ParentReport, Rejected, Status

pytestmark = pytest.mark.fast

STREAMS = Streams(5)


def snapshot(*records, trials=()):
    by_level = {}
    for one in trials:
        by_level[one.level] = (*by_level.get(one.level, ()), one)
    return Snapshot(levels={one.id: one for one in (target_record(), *records)}, trials=by_level)


def family():
    return {
        one.id: one
        for one in (
            record("root"),
            record("left", ["root"], born=1),
            record("right", ["root"], born=1),
            record("both", ["left", "right"], born=2),
            record("late", ["both", "root", "gone"], born=3),
            record("bad", ["root"], born=1, accepted=False),
        )
    }


def test_children_are_the_accepted_ones():
    brood = lineage.children(family())
    assert brood == {
        "root": ("left", "right", "late"),
        "left": ("both",),
        "right": ("both",),
        "both": ("late",),
        "gone": ("late",),
    }


def test_ancestors_come_nearest_first_and_once():
    assert lineage.ancestors("late", family()) == ["both", "root", "left", "right"]
    assert lineage.ancestors("root", family()) == []


def test_a_rank_stands_for_the_score_and_gives_each_rank_a_turn_before_a_second_one():
    ranks = {"mastered": 3.0, "also": 3.0, "third": 3.0, "half": 1.0, "easy": 0.1, "hard": 9.0}
    shared = {"status": Status.A, "score": 0.0}
    levels = [replace(record(name), **shared) for name in ("mastered", "also", "third", "easy")]
    levels += [
        replace(record("half"), status=Status.B, score=0.25),
        replace(record("hard"), status=Status.C, score=0.2),
    ]
    found = lineage.frontier(snapshot(*levels), STREAMS, 0, rank=lambda level: ranks[level.id])
    assert [ranks[name] for name in found] == [3.0, 1.0, 0.1, 3.0, 3.0]
    assert lineage.frontier(snapshot(*levels), STREAMS, 0)[0] == "half", "by score what is mastered comes last"
    again = lineage.frontier(snapshot(*reversed(levels)), STREAMS, 0, rank=lambda level: ranks[level.id])
    assert again == found, "no tie depends on the order of insertion"


def test_with_a_rank_only_children_that_rank_as_high_are_heirs_or_counted():
    ranks = {"gate": 3.0, "beyond": 0.5, "nearer": 3.0} | {f"miss{i}": 0.5 for i in range(5)}
    gate = replace(record("gate"), status=Status.A, score=0.0)
    beyond = replace(record("beyond", ["gate"], born=1), status=Status.A, score=0.1)
    hard = Rejected("probe", "never", code=Code.TOO_HARD)
    missed = [
        replace(record(f"miss{i}", ["gate"], born=1, accepted=False), verdict=hard, probe=trial(f"miss{i}", 1, 20, 0))
        for i in range(5)
    ]
    seen = [trial("beyond", 1, 20, 18), trial("nearer", 1, 20, 18)]
    found = lineage.frontier(snapshot(gate, beyond, *missed, trials=seen), STREAMS, 2, rank=lambda one: ranks[one.id])
    assert found == ["gate", "beyond"]
    nearer = replace(record("nearer", ["gate"], born=1), status=Status.A, score=0.1)
    closed = snapshot(gate, beyond, nearer, trials=seen)
    assert lineage.frontier(closed, STREAMS, 2, rank=lambda one: ranks[one.id]) == ["nearer", "beyond"]


def test_a_chain_of_thousands_is_followed_to_its_root():
    chain = {f"l{i}": record(f"l{i}", [f"l{i - 1}"] if i else [], born=i) for i in range(3000)}
    assert len(lineage.ancestors("l2999", chain)) == 2999


def test_the_frontier_is_status_a_or_b_by_score():
    levels = snapshot(
        record("a", status=Status.A, score=0.1),
        record("b", status=Status.B, score=0.25),
        record("c", status=Status.C, score=0.2),
        record("d", status=Status.D, score=0.0),
        record("new"),
    )
    assert lineage.frontier(levels, STREAMS, 0) == ["b", "a"]


def test_five_children_or_a_viable_child_close_a_lineage():
    brood = [record(f"kid{i}", ["busy"], born=1, status=Status.D, score=0.0) for i in range(5)]
    heir = record("heir", ["parent"], born=1, status=Status.D, score=0.01)
    levels = snapshot(
        record("busy", status=Status.B, score=0.25),
        record("parent", status=Status.B, score=0.24),
        record("open", status=Status.B, score=0.2),
        heir,
        *brood,
        trials=[trial("heir", 1, 20, 5), trial("heir", 2, 20, 0)],
    )
    assert lineage.frontier(levels, STREAMS, 3) == ["open"]
    assert "busy" in lineage.frontier(levels, STREAMS, 3, max_children=6)


def test_dreams_that_were_measured_and_turned_down_close_a_lineage_too():
    hard = Rejected("probe", "never", code=Code.TOO_HARD)
    measured = [
        replace(record(f"hard{i}", ["busy"], born=1, accepted=False), verdict=hard, probe=trial(f"hard{i}", 1, 20, 0))
        for i in range(5)
    ]
    unplayed = [record(f"bad{i}", ["open"], born=1, accepted=False) for i in range(5)]
    parents = record("busy", status=Status.B, score=0.25), record("open", status=Status.B, score=0.2)
    levels = snapshot(*parents, *measured, *unplayed)
    assert lineage.frontier(levels, STREAMS, 3) == ["open"]
    assert lineage.frontier(levels, STREAMS, 3, counted="asked") == ["busy", "open"], "published: only what was asked"


def test_kin_are_what_was_played_strangers_that_were_too():
    strangers = [replace(record(f"far{i}", ["else"], born=i), probe=trial(f"far{i}", i, 20, 9)) for i in range(4)]
    levels = snapshot(
        record("else"),
        record("root"),
        record("level", ["root"], born=1),
        record("twin", ["root"], born=2),
        record("kid", ["level"], born=3),
        record("unplayed", ["else"], born=4),
        *strangers,
    )
    assert [one.id for one in lineage.kin(levels, "level", 2)] == ["far2", "twin", "far3", "kid"]


def test_a_child_with_few_episodes_does_not_close_a_lineage():
    levels = snapshot(
        record("parent", status=Status.B, score=0.24),
        record("heir", ["parent"], born=1),
        trials=[trial("heir", 1, 19, 19)],
    )
    assert lineage.frontier(levels, STREAMS, 3) == ["parent"]


def test_the_fallbacks_in_their_order():
    closed = record("closed", status=Status.A, score=0.1)
    child = record("child", ["closed"], born=1, status=Status.C, score=0.2)
    seed = record("seed", origin=Origin.LIBRARY)
    hopeless = record("hopeless", status=Status.D, score=0.0)
    seen = [trial("child", 1, 20, 6), trial("closed", 0, 20, 18), trial("hopeless", 1, 30, 0)]
    assert lineage.frontier(snapshot(closed, child, seed, hopeless, trials=seen), STREAMS, 2) == ["closed"]
    assert lineage.frontier(snapshot(child, seed, hopeless, trials=seen), STREAMS, 2) == ["child"]
    assert lineage.frontier(snapshot(seed, hopeless, trials=seen), STREAMS, 2) == ["seed"]
    assert lineage.frontier(snapshot(hopeless, trials=seen), STREAMS, 2) == ["hopeless"]
    assert lineage.frontier(snapshot(), STREAMS, 2) == []


def test_published_a_lineage_is_closed_by_a_childs_status_now():
    levels = snapshot(
        record("parent", status=Status.B, score=0.24),
        record("heir", ["parent"], born=1, status=Status.D, score=0.01),
        record("other", status=Status.B, score=0.2),
        record("kid", ["other"], born=1, status=Status.C, score=0.2),
        trials=[trial("heir", 1, 20, 5), trial("heir", 2, 20, 0), trial("kid", 2, 20, 6)],
    )
    assert lineage.frontier(levels, STREAMS, 3) == lineage.unrestricted(levels, STREAMS, 3)
    assert lineage.frontier(levels, STREAMS, 3, heir="now") == ["parent"]


def asked_children(parent, count: int, answered: int, level: str | None = None):
    """`count` briefs that name `parent`, of which `answered` came back, as rejected, lost or surplus."""
    report = ParentReport(parent, ())
    briefs = tuple(Brief(1, index, report, {}, None) for index in range(count))
    outcomes = tuple(
        DreamRecord(3, 1, index, level, Rejected("lost", "late", code=Code.LOST)) for index in range(answered)
    )
    return briefs, outcomes


def test_published_children_that_failed_count_once_they_are_answered():
    parent = record("parent", status=Status.B, score=0.24)
    for answered, is_open in ((4, True), (5, False)):
        briefs, outcomes = asked_children(parent, 6, answered)
        levels = replace(snapshot(parent), briefs=briefs, outcomes=outcomes)
        assert lineage.dreamed_of(levels) == {"parent": answered}
        assert (lineage.frontier(levels, STREAMS, 3, counted="asked", fallback=False) == ["parent"]) == is_open
        assert lineage.frontier(levels, STREAMS, 3, fallback=False) == ["parent"]


def test_published_nothing_below_one_half_becomes_a_parent():
    levels = snapshot(
        record("c", status=Status.C, score=0.2), record("seed", origin=Origin.LIBRARY), trials=[trial("c", 1, 20, 6)]
    )
    assert lineage.frontier(levels, STREAMS, 2, fallback=False) == []
    assert lineage.frontier(levels, STREAMS, 2) == ["c"]
    closed = snapshot(record("a", status=Status.A, score=0.1), record("kid", ["a"], born=1, status=Status.C))
    assert lineage.frontier(closed, STREAMS, 2, heir="now", fallback=False) == ["a"], "any level of status A"


def test_a_short_list_is_repeated_to_fill_the_round():
    assert lineage.fill_round(["a", "b"], 5) == ["a", "b", "a", "b", "a"]
    assert lineage.fill_round(["a", "b", "c"], 2) == ["a", "b"]
    assert lineage.fill_round([], 3) == []


def test_random_parents_are_uniform_over_accepted_levels():
    levels = snapshot(*(record(name) for name in "abcd"), record("bad", accepted=False))
    picks = [lineage.random_parents(levels, STREAMS, cycle, 6) for cycle in range(1000)]
    assert all(sorted(set(pick)) == list("abcd") and len(pick) == 6 for pick in picks)
    firsts = [pick[0] for pick in picks]
    assert all(200 < firsts.count(name) < 300 for name in "abcd")
