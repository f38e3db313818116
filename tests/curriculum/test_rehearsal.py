"""What is played again lest it be forgotten: one level, and only what was mastered and is kept up nowhere else."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from dicode.curriculum.lifetime import Lifetime
from dicode.curriculum.rehearsal import LACKING, due
from dicode.curriculum.snapshot import Snapshot, target_record
from dicode.training.checker import record_of
from dicode.types import Accepted, Draft, LevelRecord, Origin, Status, Trial

pytestmark = pytest.mark.fast
EVERY = 4


def level(name: str, *goal: str, born: int = 0) -> LevelRecord:
    verdict = Accepted({"achievements": list(goal), "minimum": {}}, {}, "-")
    return replace(record_of(Draft(name, name, Origin.GRAMMAR), verdict, born), status=Status.A)


def again(
    cycle: int,
    found: list[tuple[LevelRecord, tuple[tuple[int, float], ...]]],
    on_target: Mapping[str, float] | None = None,
    rank=lambda level: 1.0,
) -> str | None:
    """The description of the level that is due, of levels with (cycle, success rate) of their trials."""
    trials = {
        one.id: tuple(Trial(one.id, c, 40, round(40 * rate), 1.0, 10.0) for c, rate in seen) for one, seen in found
    }
    snapshot = replace(Snapshot().with_levels([target_record(), *(one for one, _ in found)]), trials=trials)
    chosen = due(snapshot, snapshot.accepted().values(), cycle, EVERY, lambda _: Lifetime(4, 2), on_target or {}, rank)
    return None if chosen is None else chosen.description


def test_a_goal_is_due_when_no_level_with_it_was_played_for_so_long():
    down, other = level("yard", "DOWN"), level("open", "DOWN", born=1)
    assert again(4, [(down, ((0, 1.0),))]) == "yard"
    assert again(3, [(down, ((0, 1.0),))]) is None
    assert again(6, [(down, ((0, 1.0),)), (other, ((3, 0.2),))]) is None
    assert again(7, [(down, ((0, 1.0),)), (other, ((3, 0.2),))]) == "yard", "the other was never mastered"


def test_the_youngest_of_a_goal_is_played_and_first_the_goal_of_the_highest_rank():
    down, farther, chest = level("yard", "DOWN"), level("open", "DOWN", born=1), level("chest", "CHEST", born=2)
    all_of_them = [(down, ((0, 1.0),)), (farther, ((1, 0.9),)), (chest, ((2, 0.9),))]
    assert again(9, all_of_them) == "chest"
    assert again(9, all_of_them, rank=lambda one: one.description != "chest") == "open"


def test_what_is_known_to_be_forgotten_is_due_at_once():
    down = replace(level("yard", "DOWN"), status=Status.D)
    assert again(6, [(down, ((0, 1.0), (5, 0.1)))]) == "yard"


@pytest.mark.parametrize(
    ("one", "rate", "on_target"),
    [
        (level("shown", "DOWN"), 1.0, {"DOWN": LACKING}),
        (level("no achievement"), 1.0, {}),
        (level("never mastered", "DOWN"), 0.6, {}),
    ],
)
def test_nothing_else_is_rehearsed(one, rate, on_target):
    assert again(9, [(one, ((0, rate),))], on_target) is None


def test_a_goal_of_two_is_lacking_while_one_of_them_is():
    both = level("both", "DOWN", "WOOD")
    assert again(9, [(both, ((0, 1.0),))], {"WOOD": 0.9}) == "both"
    assert again(9, [(both, ((0, 1.0),))], {"WOOD": 0.9, "DOWN": 0.1}) is None
