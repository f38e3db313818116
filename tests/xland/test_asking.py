"""Prompts say what there is, and their example is a level."""

import pytest

from dicode import games
from dicode.games.level_text import LevelText, parse_level
from dicode.games.xland import asking
from dicode.games.xland.levels import Goal, Rule, World
from dicode.games.xland.levels.api import API
from dicode.games.xland.levels.goal import ACHIEVEMENTS

pytestmark = pytest.mark.fast


@pytest.mark.parametrize("kind", ["design", "code", "level", "compact", "sketch"])
def test_every_prompt_names_all_that_a_level_can_call_and_leaves_no_gap(kind):
    said = asking.system(kind, False, False)
    assert "{{" not in said
    for owner, names in (
        (Goal, ("hold", "on", "near", "together", "place", "reach", "task")),
        (Rule, ("hold", "near", "together")),
    ):
        assert all(f"`{owner.__name__}.{name}(" in said for name in names)
    public = [name for name, member in vars(World).items() if callable(member) and not name.startswith("_")]
    assert all(f"`world.{name}(" in said for name in set(public) - {"edit", "one_of", "set_up"})


def test_the_example_is_a_level(built):
    assert isinstance(parse_level(asking.PROMPTS.example, API.goal_hint), LevelText)
    found = built(asking.PROMPTS.example)
    assert isinstance(API.check(found.pool, found.goal, found.rules, (), None), tuple)


def test_every_achievement_has_a_lesson_and_known_prerequisites():
    prompts = games.load_host("xland").dreams().prompts()
    for name in ACHIEVEMENTS:
        assert prompts.lesson(name).endswith("\n")
        assert set(prompts.prerequisites(name)) <= set(ACHIEVEMENTS) - {name}
