"""Hooks run in slots of their own: who gets one, who keeps it, who leaves."""

from dataclasses import replace

import pytest
from dreamed import SETTINGS, STREAMS, context, dream, plain_trial
from toy import make

from dicode.methods import Context
from dicode.types import TARGET, Accepted

pytestmark = pytest.mark.fast


def hooked(name: str, born: int, **more):
    return dream(name, born, verdict=Accepted({}, {}, "pool", hooks=("transition",)), **more)


def test_levels_with_hooks_stay_out_unless_there_are_slots_for_them():
    level = hooked("tide", 2)
    assert level.id not in [s.level for s in make("dicode", SETTINGS).propose(context(2, level)).slots]
    with_slots = SETTINGS | {"hook_slots": 2, "hook_envs": 8}
    slots = make("dicode", with_slots).propose(context(2, level, dream("plain", 2))).slots
    assert (slots[0].level, slots[0].num_envs) == (level.id, 8)
    assert slots[1].level == TARGET


def test_resident_hooks_are_kept_until_their_time_is_over():
    method = make("dicode", SETTINGS | {"hook_slots": 1, "hook_envs": 8, "hook_cycles": 3})
    snapshot = context(3, *(hooked(f"h{i}", 3) for i in range(6))).snapshot
    resident = []
    for cycle in range(3, 9):
        here = Context(snapshot, cycle, STREAMS)
        slots = method.propose(here).slots
        resident.append(slots[0].level)
        snapshot = snapshot.after(cycle, method.assess(here, [plain_trial(s.level, cycle, 20, 5) for s in slots]))
    assert len(set(resident[:3])) == len(set(resident[3:])) == 1
    assert resident[0] != resident[3]


HOOKS = SETTINGS | {"hooks": True, "hook_slots": 2, "hook_envs": 10, "hook_cycles": 5}


def in_hook_slots(known: Context) -> list[str]:
    slots = make("dicode", HOOKS).propose(known).slots
    return [slot.level for slot in slots if slot.level != TARGET and slot.num_envs == 10][:2]


def test_a_hook_slot_that_nobody_holds_goes_at_once_to_a_level_that_waits():
    """Cycle 4 is in the middle of a residence of 5 cycles; one resident holds one of the two slots."""
    one, two, three = hooked("one", 3), hooked("two", 4), hooked("three", 4)
    known = context(4, one, two, three)
    known = replace(known, snapshot=replace(known.snapshot, trials={one.id: (plain_trial(one.id, 3, 5, 1),)}))
    found = in_hook_slots(known)
    assert found[0] == one.id
    assert found[1] in (two.id, three.id)


def test_residents_of_full_hook_slots_stay_until_their_time_is_over():
    one, two, three = hooked("one", 3), hooked("two", 3), hooked("three", 4)
    trials = {level.id: (plain_trial(level.id, 3, 5, 1),) for level in (one, two)}
    known = context(4, one, two, three)
    assert set(in_hook_slots(replace(known, snapshot=replace(known.snapshot, trials=trials)))) == {one.id, two.id}
    later = context(5, one, two, three)
    trials = {level.id: (plain_trial(level.id, 4, 5, 1),) for level in (one, two)}
    assert three.id in in_hook_slots(replace(later, snapshot=replace(later.snapshot, trials=trials)))


def test_a_withdrawn_level_leaves_its_hook_slot():
    one, two = hooked("one", 3), hooked("two", 4)
    known = context(4, one, two)
    known = replace(
        known, snapshot=replace(known.snapshot, trials={one.id: (plain_trial(one.id, 3, 5, 1),)}).without([one.id])
    )
    assert in_hook_slots(known) == [two.id]
