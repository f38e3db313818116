"""Goals: conjunctions as data, with errors that name the nearest right thing."""

import numpy as np
import pytest

from dicode.games.craftax.levels.goal import NUM_QUANTITIES, QUANTITIES, QUANTITY_INDEX
from dicode.levels import Achievement, Block, Floor, Goal, Item, LevelError, Mob

pytestmark = pytest.mark.fast

FULL = Goal.all_of(
    Achievement.EAT_COW,
    "collect_wood",
    Goal.survive(300),
    Goal.hold("iron", 3),
    Goal.defeat(Mob.ZOMBIE, 2),
    Goal.reach_floor(Floor.SEWERS),
    Goal.collect("stone", 4),
    Goal.place("torch", 2),
    Goal.at_least("drunk", 3),
)


def test_json_and_back_is_the_same_goal():
    assert Goal.from_json(FULL.to_json()) == FULL
    assert hash(Goal.from_json(FULL.to_json())) == hash(FULL)


def test_arrays_hold_what_is_asked_and_zero_elsewhere():
    achievements, minimum = FULL.to_arrays()
    assert set(np.flatnonzero(achievements)) == {Achievement.EAT_COW, Achievement.COLLECT_WOOD}
    assert minimum.dtype == np.float32
    assert minimum.shape == (NUM_QUANTITIES,)
    asked = {QUANTITIES[i]: float(minimum[i]) for i in np.flatnonzero(minimum)}
    assert asked == {
        "survive": 300, "floor": 3, "inventory.iron": 3, "kills.zombie": 2, "collected.stone": 4, "placed.torch": 2,
        "drunk": 3,
    }  # fmt: skip


def test_a_goal_is_met_only_when_everything_holds_at_once():
    goal = Goal.all_of(Achievement.EAT_COW, Goal.survive(10))
    done, numbers = np.zeros(67, dtype=bool), np.zeros(NUM_QUANTITIES, dtype=np.float32)
    assert not goal.met(done, numbers)
    numbers[QUANTITY_INDEX["survive"]] = 10
    assert not goal.met(done, numbers)
    done[Achievement.EAT_COW] = True
    assert goal.met(done, numbers)


def test_an_empty_goal_is_never_met():
    assert not Goal().met(np.ones(67, dtype=bool), np.full(NUM_QUANTITIES, 100, dtype=np.float32))


def test_of_two_minima_the_larger_holds():
    goal = Goal.all_of(Goal.hold("iron", 3), Goal.all_of(Goal.hold("iron", 5)), Goal.hold("iron", 1))
    assert goal.minimum == {"inventory.iron": 5.0}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Goal.at_least("inventory.irn", 3), "inventory.iron"),
        (lambda: Goal.all_of("colect_wood"), "COLLECT_WOOD"),
        (lambda: Goal.hold("irons"), "'iron'"),
        (lambda: Goal.survive(-1), "above 0"),
        (lambda: Goal.at_least("floor", 9), "up to 8"),
        (lambda: Goal.at_least("survive", float("nan")), "above 0"),
        (lambda: Goal.defeat("ZOMBI"), "ZOMBIE"),
        (lambda: Goal.all_of(), "at least one"),
        (lambda: Goal.from_json({"achievements": ["COLLECT_WOOD"], "minimum": {"x": 1}}), "quantity"),
        (lambda: Goal.from_json({"goal": []}), "achievements"),
    ],
)
def test_errors_name_what_would_be_right(make, words):
    with pytest.raises(LevelError, match=words):
        make()


@pytest.mark.parametrize(
    "asked",
    [
        lambda: Achievement.COLLECT_WOOD and Achievement.EAT_COW,
        lambda: Achievement.EAT_COW or Achievement.COLLECT_WOOD,
        lambda: Goal.all_of(Achievement.EAT_COW) and Goal.all_of(Achievement.COLLECT_WOOD),
        lambda: Goal.survive(3) and Achievement.EAT_COW,
        lambda: not Goal.all_of(Achievement.EAT_COW),
        lambda: Block.TREE == Block.GRASS or Block.SAND or Block.PATH,
        lambda: Mob.ZOMBIE or Mob.SKELETON,
        lambda: 1 if Item.TORCH else 2,
    ],
)
def test_what_stands_for_something_is_neither_true_nor_false(asked):
    with pytest.raises(LevelError, match="neither true nor false") as refused:
        asked()
    assert refused.value.hint


def test_arrays_take_members_whose_truth_nobody_asks_for():
    assert np.where([True, False], Block.TREE, Block.GRASS).tolist() == [Block.TREE, Block.GRASS]
    assert max(Block.TREE, Block.GRASS) in (Block.TREE,)
    assert Goal.all_of(*Achievement).is_the_game
