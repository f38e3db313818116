"""A run's first lessons: one act each, all in hand, those first behind which the most lies."""

import briefs
import numpy as np
import pytest

from dicode import config
from dicode.commands import launch
from dicode.curriculum.lineage import is_seed
from dicode.games.craftax.grammar import Help, plan_of
from dicode.games.craftax.grammar.opening import LENGTH, acts, lessons, worth_behind
from dicode.games.craftax.levels.techtree import requirements
from dicode.levels import Achievement, Action
from dicode.types import Accepted, Rejected

YES = Accepted({"achievements": [], "minimum": {}}, {}, "-")
WOOD = '''"""Objective: a wood pickaxe.
Why: wood.
"""
from dicode.levels import Achievement, Goal

GOAL = Goal.all_of(Achievement.MAKE_WOOD_PICKAXE)
'''


@pytest.mark.fast
def test_every_action_that_earns_something_has_a_lesson_and_none_but_do_has_two():
    earned = [requirements(achievement).actions for achievement in acts()]
    others = [actions for actions in earned if Action.DO not in actions]
    assert len(set(others)) == len(others)
    assert set(earned) == {requirements(achievement).actions for achievement in Achievement}


@pytest.mark.fast
def test_those_come_first_behind_which_the_most_lies():
    order = acts()
    assert [worth_behind(a) for a in order] == sorted((worth_behind(a) for a in order), reverse=True)
    assert worth_behind(Achievement.COLLECT_WOOD) > worth_behind(Achievement.ENTER_DUNGEON) > 100
    assert {Achievement.COLLECT_WOOD, Achievement.PLACE_TABLE, Achievement.ENTER_DUNGEON} <= set(order[:5])


@pytest.mark.fast
def test_a_lesson_asks_for_its_act_once_with_everything_in_hand():
    for draft, achievement in zip(lessons(100, np.random.default_rng(1)), acts(), strict=True):
        plan = plan_of(draft.source)
        assert (plan.achievements, plan.minimum, plan.help) == ((achievement,), {}, Help.HANDED)
        assert plan.rules["episode_length"] == LENGTH
        assert plan.floor == requirements(achievement).floors[0]
        assert is_seed(briefs.record(draft, YES))


def test_every_lesson_passes_the_checks(blank_pool):
    validate = briefs.in_process({name: array[:2] for name, array in blank_pool.items()})
    drafts = lessons(100, np.random.default_rng(3))
    verdicts = [(draft.description, validate(draft)) for draft in drafts]
    assert not [found for found in verdicts if isinstance(found[1], Rejected) and found[1].stage != "novelty"]


@pytest.mark.fast
def test_lessons_stand_beside_the_other_seeds_and_follow_the_runs_seed(tmp_path):
    alone = config.load(["preset=smoke", "library_seeds=false", "lessons=5"])
    texts = [volume.draft.source for volume in launch._seeds(alone, None)]
    assert len(texts) == 5
    assert [volume.draft.source for volume in launch._seeds(alone, None)] == texts
    other = config.load(["preset=smoke", "library_seeds=false", "lessons=5", "seed=9"])
    assert [volume.draft.source for volume in launch._seeds(other, None)] != texts
    both = config.load(["preset=smoke", "lessons=5"])
    usual = config.load(["preset=smoke"])
    assert len(launch._seeds(both, None)) == len(launch._seeds(usual, None)) + 5
    (tmp_path / "wood.py").write_text(WOOD)
    assert len(launch._seeds(alone, tmp_path)) == 6


@pytest.mark.fast
def test_on_a_target_of_ones_own_only_lessons_that_lead_to_it_are_given():
    asked = config.load(["preset=smoke", "library_seeds=false", "lessons=13"])
    found = {plan_of(volume.draft.source).achievements[0] for volume in launch._seeds(asked, None, WOOD)}
    assert found == {Achievement.COLLECT_WOOD, Achievement.PLACE_TABLE, Achievement.MAKE_WOOD_PICKAXE}
