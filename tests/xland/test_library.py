"""The hand-written levels: enough of them, each a level, and none of the held-out ones among those that train."""

import pytest

from dicode import games
from dicode.games.level_text import LevelText, parse_level
from dicode.games.xland import library
from dicode.games.xland.levels.api import API

pytestmark = pytest.mark.fast
HOST = games.load_host("xland")


def test_there_are_twenty_levels_and_ten_held_out():
    assert len(HOST.library()) >= 20
    assert len(HOST.heldout()) == 10
    assert not set(HOST.heldout()) & set(HOST.library())
    assert set(library.SEEDS) <= {name for name, _ in HOST.library()}


@pytest.mark.parametrize(("name", "source"), HOST.library() + HOST.heldout())
def test_every_level_is_one(name, source, built):
    assert isinstance(parse_level(source, API.goal_hint), LevelText)
    found = built(source)
    assert isinstance(API.check(found.pool, found.goal, found.rules, (), None), tuple)
    assert HOST.read_goal(found.goal.to_json()) == found.goal
    assert HOST.read_rules(found.rules.to_json()) == found.rules
