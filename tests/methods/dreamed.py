"""What tests of the dreaming loop share: levels that were dreamed, and cycles that go on."""

from dataclasses import replace

from toy import Toy, make, record_of, toy_text

from dicode.curriculum.snapshot import Snapshot, target_record
from dicode.methods import Context
from dicode.streams import Streams
from dicode.types import TARGET, Draft, Origin, Trial

SETTINGS = {"num_envs": 160, "level_slots": 16, "stay": "draw"}
STREAMS = Streams(0)


def dream(name: str, born: int, **more):
    level = record_of(Draft(toy_text(Toy("skill", 1.0), name), name, Origin.GRAMMAR), born)
    return replace(level, **more)


def context(cycle: int, *records) -> Context:
    return Context(Snapshot().with_levels([target_record(), *records]), cycle, STREAMS)


def plain_trial(level: str, cycle: int, episodes: int, successes: int) -> Trial:
    return Trial(level, cycle, episodes, successes, 1.0, 10.0)


STAY = {"num_envs": 160, "level_slots": 5, "stay": "learning", "stay_steps": 128.0, "cycle_steps": 1}
"""128 environments for four levels: 32 steps a slot and cycle, so that a level is granted four cycles."""


def going_on(snapshot: Snapshot, cycles: range, rates, settings=STAY):
    """The levels of each cycle in which `rates(level, cycle)` are solved, and what is known then."""
    method, trained = make("dicode", settings), []
    for cycle in cycles:
        slots = [slot.level for slot in method.propose(Context(snapshot, cycle, STREAMS)).slots]
        trained.append(set(slots) - {TARGET})
        trials = [plain_trial(level, cycle, 40, round(40 * rates(level, cycle))) for level in slots]
        snapshot = snapshot.after(cycle, method.assess(Context(snapshot, cycle, STREAMS), trials))
    return trained, snapshot
