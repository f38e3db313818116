"""A level that the archive holds already is rejected as known, whichever way its copy comes."""

import pytest

from dicode.curriculum.snapshot import Snapshot
from dicode.dreaming.dreamer import Outcome
from dicode.games import load_device
from dicode.runs.loop import _with_answers
from dicode.training.builder import LevelBuilder
from dicode.training.checker import record_of
from dicode.types import Accepted, Brief, Code, Draft, Origin, Rejected

pytestmark = pytest.mark.fast
YES = Accepted({"achievements": ["EAT_COW"], "minimum": {}}, {}, "hash")
DRAFT = Draft('"""Objective: eat.\n"""\nGOAL = 1\n', "Eat.", Origin.FOUNDATION)


class Recorder:
    """A sandbox that notes what it is asked and rejects it."""

    def __init__(self) -> None:
        self.limits: list[int | None] = []

    def build(self, source, worlds, seed, origin, episode_limit=None):
        self.limits.append(episode_limit)
        return Rejected("build", "no", code=Code.ERROR)


@pytest.fixture
def builder(monkeypatch, blank_pool):
    built = LevelBuilder(load_device("craftax"), Recorder(), None, 2, episode_limit=77)  # type: ignore[arg-type]
    monkeypatch.setattr(built, "base_worlds", lambda *_: blank_pool)
    monkeypatch.setattr(built, "_seed", lambda *_: 0)
    return built


def test_a_copy_is_rejected_with_the_id_before_anything_runs_it(builder):
    verdict = builder.check(DRAFT, [record_of(DRAFT, YES, 0)])
    assert isinstance(verdict, Rejected)
    assert verdict.code is Code.KNOWN
    assert DRAFT.id in verdict.reason
    assert builder.sandbox.limits == []
    again = builder.check(DRAFT, [record_of(DRAFT, Rejected("build", "no", code=Code.ERROR), 0)])
    assert again.code is Code.ERROR, "a copy of a rejected level is told what is wrong with it"


def test_drafts_are_held_to_the_runs_episode_limit_and_accepted_levels_are_not(builder):
    builder.check(DRAFT)
    assert builder.sandbox.limits == [77]
    with pytest.raises(Exception, match="can't be built any more"):
        builder.build(DRAFT.source, DRAFT.id, DRAFT.origin, 3, 2)
    assert builder.sandbox.limits == [77, None, None]


def test_two_rounds_under_way_bring_one_level_once():
    answers = [(Brief(0, index, None, {}, None), Outcome(DRAFT, YES)) for index in range(2)]
    first = _with_answers(Snapshot(), 1, answers)
    later = _with_answers(first, 2, [(Brief(1, 0, None, {}, None), Outcome(DRAFT, YES))])
    assert list(later.levels) == [DRAFT.id]
    assert later.levels[DRAFT.id].born == 1
    codes = [getattr(outcome.verdict, "code", None) for outcome in later.outcomes]
    assert codes == [None, Code.KNOWN, Code.KNOWN]
