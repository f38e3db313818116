"""The library dreamer proposes what is there, the readiest first, each level once."""

import pytest

from dicode.dreaming.dreamer import Dreamer
from dicode.dreaming.library_dreamer import LibraryDreamer
from dicode.errors import RunError
from dicode.games.craftax.host import HOST
from dicode.levels import Achievement
from dicode.types import Accepted, Brief, Origin

pytestmark = pytest.mark.fast

YES = Accepted({}, {}, "-")
LEVEL = (
    '"""Objective: {goal}."""\nfrom dicode.levels import Achievement, Goal\nGOAL = Goal.all_of(Achievement.{goal})\n'
)


def dream(dreamer, count=1, known=frozenset(), **success):
    briefs = [Brief(0, index, None, success, 1.0, known=known) for index in range(count)]
    return dreamer.dream(briefs, lambda draft: YES)


@pytest.fixture
def folder(tmp_path):
    for name, goal in (("a", "COLLECT_DIAMOND"), ("b", "PLACE_TABLE"), ("c", "COLLECT_WOOD")):
        (tmp_path / f"{name}.py").write_text(LEVEL.format(goal=goal))
    (tmp_path / "_notes.py").write_text("not a level")
    return tmp_path


def goals(outcomes):
    return [outcome.draft.source.rpartition("Achievement.")[2].strip(")\n") for outcome in outcomes]


def test_the_readiest_level_comes_first(folder):
    dreamer = LibraryDreamer(HOST, folder)
    assert goals(dream(dreamer, 3)) == ["COLLECT_WOOD", "PLACE_TABLE", "COLLECT_DIAMOND"]
    assert goals(dream(dreamer, 1, COLLECT_WOOD=0.9)) == ["PLACE_TABLE"]
    assert isinstance(dreamer, Dreamer)


def test_each_level_is_proposed_once_and_then_the_dream_is_lost(folder):
    dreamer = LibraryDreamer(HOST, folder)
    known = frozenset(outcome.draft.id for outcome in dream(dreamer, 2))
    first, second = dream(dreamer, 2, known)
    assert goals([first]) == ["COLLECT_DIAMOND"]
    assert first.draft.origin == Origin.FILE
    assert second.draft is None
    assert second.verdict.stage == "lost"


@pytest.mark.slow
def test_the_package_library_begins_with_simple_things():
    outcomes = dream(LibraryDreamer(HOST), 6)
    assert all(outcome.draft.origin == Origin.LIBRARY for outcome in outcomes)
    deep = [a.name for a in Achievement if a.name.startswith(("ENTER", "MAKE_DIAMOND"))]
    assert not any(name in goal for goal in goals(outcomes) for name in deep)


def test_a_folder_without_levels_or_with_a_broken_one_says_so(tmp_path):
    with pytest.raises(RunError, match="holds no level files"):
        LibraryDreamer(HOST, tmp_path)
    (tmp_path / "broken.py").write_text("GOAL =")
    with pytest.raises(RunError, match=r"broken\.py is not a level"):
        LibraryDreamer(HOST, tmp_path)
