"""Prompts say what there is, and their example is a level."""

from dataclasses import replace

import pytest

from dicode import games
from dicode.games.level_text import LevelText, parse_level
from dicode.games.xland import asking
from dicode.games.xland.levels import Goal, Rule, World
from dicode.games.xland.levels.api import API
from dicode.games.xland.levels.goal import ACHIEVEMENTS
from dicode.types import Brief, OwnTarget, RunFacts

pytestmark = pytest.mark.fast

BRIEF = Brief(4, 0, None, {}, None, allow_hooks=False)


@pytest.mark.parametrize("kind", ["design", "code", "level", "compact", "sketch"])
def test_every_prompt_names_all_that_a_level_can_call_and_leaves_no_gap(kind):
    said = asking.system(kind, BRIEF)
    assert "{{" not in said
    for owner, names in (
        (Goal, ("hold", "on", "near", "together", "place", "reach", "task")),
        (Rule, ("hold", "near", "together")),
    ):
        assert all(f"`{owner.__name__}.{name}(" in said for name in names)
    public = [name for name, member in vars(World).items() if callable(member) and not name.startswith("_")]
    assert all(f"`world.{name}(" in said for name in set(public) - {"edit", "one_of", "set_up"})


def test_a_run_s_own_target_and_rewards_are_told_as_they_are():
    usual = asking.system("level", BRIEF)
    assert "measured on tasks of grids with 9 to 13" in usual
    assert "One goal ends the episode; the reward is 1 less 0.9 times" in usual
    facts = RunFacts(243, 16, 3.0, 0, "cells", "lstm", reward="goal", after_goal="go_on")
    said = asking.system("level", replace(BRIEF, facts=facts, target=OwnTarget("GOAL = 1\n", "d", None)))
    assert "measured on one level, the target of this run" in said
    assert "One goal is asked for, once; it alone pays." in said
    assert "9 to 13 cells" not in said


def test_the_example_is_a_level(built):
    assert isinstance(parse_level(asking.PROMPTS.example, API.goal_hint), LevelText)
    found = built(asking.PROMPTS.example)
    assert isinstance(API.check(found.pool, found.goal, found.rules, (), None), tuple)


def test_every_achievement_has_a_lesson_and_known_prerequisites():
    prompts = games.load_host("xland").dreams().prompts()
    for name in ACHIEVEMENTS:
        assert prompts.lesson(name, False).endswith("\n")
        assert set(prompts.prerequisites(name)) <= set(ACHIEVEMENTS) - {name}
