"""What was mastered and is never needed is played again, before it is forgotten."""

import itertools
from dataclasses import replace

import pytest
from dreamed import STAY, STREAMS, context, dream, plain_trial
from toy import ACHIEVEMENTS, ROOM, Toy, make, toy_text

from dicode.games.craftax.host import HOST
from dicode.methods import Context
from dicode.types import TARGET, Status

pytestmark = pytest.mark.fast


REHEARSED = STAY | {"rehearse": 3}


def _forgetful(rates, cycles: range, settings=REHEARSED, known: float = 0.0, others: int = 4):
    """The levels of each cycle where one was mastered and `others` are learned; `known`: its goal's rate on the target."""
    master = dream("down", 2, source=toy_text(Toy("skill", 3.0), "down"))
    learned = [dream(f"learned{i}", 2 - (i == 3)) for i in range(others)]
    asked = next(name for name in ACHIEVEMENTS if name != "EAT_COW")
    goal = {"achievements": [asked], "minimum": {}}
    master = replace(master, verdict=replace(master.verdict, goal=goal))
    game = replace(ROOM["game"], dreams=lambda: replace(HOST.dreams(), wanted=lambda source, success: 1.0))
    method, trained = make("dicode", settings | {"game": game}), {}
    snapshot = context(2, master, *learned).snapshot
    for cycle in cycles:
        here = Context(snapshot, cycle, STREAMS)
        slots = [slot.level for slot in method.propose(here).slots]
        trained[cycle] = {level: level == master.id for level in slots if level != TARGET}
        trials = [plain_trial(level, cycle, 40, round(40 * rates(level == master.id, cycle))) for level in slots]
        trials = [replace(t, achievements={asked: known}) if t.level == TARGET else t for t in trials]
        snapshot = snapshot.after(cycle, method.assess(Context(snapshot, cycle, STREAMS), trials))
    return [cycle for cycle, levels in trained.items() if any(levels.values())], trained


def _rises(is_master: bool, cycle: int) -> float:
    return 0.95 if is_master else min(0.1 + 0.04 * (cycle - 3), 0.6)


def test_what_was_mastered_and_the_target_never_shows_is_played_again_every_so_many_cycles():
    played, trained = _forgetful(_rises, range(3, 12))
    first = played[0]
    assert played == list(range(first, 12, 3))
    assert all(len(levels) == 4 for levels in trained.values()), "one slot, and the others go on"
    assert _forgetful(_rises, range(3, 12), STAY)[0] == [first]


def test_slots_that_are_dealt_anew_keep_one_for_rehearsal_too():
    drawn = STAY | {"stay": "draw", "keep": 3}
    seldom, _ = _forgetful(_rises, range(3, 20), drawn, others=20)
    played, trained = _forgetful(_rises, range(3, 20), drawn | {"rehearse": 3}, others=20)
    assert max(b - a for a, b in itertools.pairwise([*seldom, 20])) > 3
    assert max(b - a for a, b in itertools.pairwise([*played, 20])) <= 3
    assert all(len(levels) == 4 for cycle, levels in trained.items() if cycle > 4)


def test_nothing_is_rehearsed_that_the_target_shows_itself():
    played, _ = _forgetful(_rises, range(3, 12), known=0.06)
    assert len(played) == 1
    assert len(_forgetful(_rises, range(3, 12), known=0.04)[0]) == 3


def test_a_level_with_hooks_has_slots_of_its_own_and_is_not_rehearsed():
    game = replace(ROOM["game"], dreams=lambda: replace(HOST.dreams(), wanted=lambda source, success: 1.0))

    def rehearsed(hooks: tuple[str, ...]) -> bool:
        master = dream("down", 2, status=Status.A)
        master = replace(master, verdict=replace(master.verdict, hooks=hooks))
        snapshot = context(2, master, *(dream(f"learned{i}", 2) for i in range(4))).snapshot
        snapshot = replace(snapshot, trials={master.id: (plain_trial(master.id, 3, 40, 40),)})
        proposal = make("dicode", REHEARSED | {"game": game}).propose(Context(snapshot, 9, STREAMS))
        return master.id in {slot.level for slot in proposal.slots}

    assert rehearsed(())
    assert not rehearsed(("transition",))


@pytest.mark.parametrize("stay", ["learning", "draw"])
def test_what_is_rehearsed_takes_no_slot_that_hooks_hold(stay):
    """Two hook slots of two: the residents hold both, in the middle of their five cycles."""
    game = replace(ROOM["game"], dreams=lambda: replace(HOST.dreams(), wanted=lambda source, success: 1.0))
    hooked = [dream(f"hooked{i}", 2) for i in range(2)]
    hooked = [replace(level, verdict=replace(level.verdict, hooks=("transition",))) for level in hooked]
    master = dream("down", 2, status=Status.A)
    master = replace(master, verdict=replace(master.verdict, goal={"achievements": ["PLACE_TABLE"], "minimum": {}}))
    others = [dream(f"old{i}", 2, score=0.2, active=True, last_trained=3) for i in range(6)]
    snapshot = context(8, master, *hooked, *others).snapshot
    trials = {level.id: (plain_trial(level.id, 8, 40, 4),) for level in hooked}
    snapshot = replace(snapshot, trials={master.id: (plain_trial(master.id, 3, 40, 40),), **trials})
    settings = REHEARSED | {"game": game, "stay": stay, "hook_cycles": 5, "hook_envs": 8, "level_slots": 3}
    for slots, left in ((2, 0), (1, 1)):
        trials = dict(list(snapshot.trials.items())[: 1 + slots])
        known = Context(replace(snapshot, trials=trials), 9, STREAMS)
        proposed = {slot.level for slot in make("dicode", settings | {"hook_slots": slots}).propose(known).slots}
        assert proposed == {TARGET, *(level.id for level in hooked[:slots]), *([master.id] * left)}


def test_what_was_forgotten_is_rehearsed_until_it_is_mastered_again():
    def rates(is_master: bool, cycle: int) -> float:
        return _rises(is_master, cycle) if not is_master else {6: 0.1, 7: 0.4, 8: 0.9}.get(cycle, 0.95)

    played, _ = _forgetful(rates, range(3, 12))
    assert played == [3, 6, 7, 8, 11]
