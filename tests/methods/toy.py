"""A loop without a game: a toy level space, a learner of a few numbers, and the calls of the real loop.

A toy level is (family, difficulty), read from its text. The target's skill is `skill`; a level of the
family `skill` is solved with probability sigmoid(4 (skill - difficulty)) and teaches by how uncertain
its outcome is. Families `idle` (always solved) and `noise` (never solved) teach nothing.
"""

import hashlib
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace

from dicode import methods
from dicode.curriculum.snapshot import DreamRecord, Snapshot, target_record
from dicode.dreaming.settings import DreamerConfig
from dicode.games.craftax.host import HOST
from dicode.methods import Context, Method, Room
from dicode.streams import Streams
from dicode.types import TARGET, Accepted, Brief, Draft, LevelRecord, Origin, Proposal, Slot, Trial

ACHIEVEMENTS = ("COLLECT_WOOD", "PLACE_TABLE", "EAT_COW")
LEARNING_RATE = 0.6


@dataclass(frozen=True)
class Toy:
    """What a toy level teaches."""

    family: str
    difficulty: float


def toy_text(toy: Toy, salt: str = "") -> str:
    return f"# toy {toy.family} {toy.difficulty:.6f} {salt}\n"


def random_toy(text: str) -> Toy:
    """One level in eight teaches; its difficulty is uniform over the ladder from 0 to 6."""
    words = hashlib.sha256(text.encode()).digest()
    if words[0] < 32:
        return Toy("skill", 6.0 * (words[1] * 256 + words[2]) / 65536)
    return Toy("idle" if words[0] % 2 else "noise", 0.0)


def toy_of(record: LevelRecord) -> Toy:
    found = re.match(r"# toy (\w+) ([\d.]+)", record.source)
    return Toy(found[1], float(found[2])) if found else random_toy(record.source)


def success_probability(toy: Toy, skill: float) -> float:
    if toy.family == "skill":
        return 1 / (1 + math.exp(-4 * (skill - toy.difficulty)))
    return 1.0 if toy.family == "idle" else 0.0


ROOM = {"game": replace(HOST, achievements=ACHIEVEMENTS), "target_share": 0.2, "seed_cycles": 2, "worlds_per_level": 1}


def make(name: str, told: dict[str, object]) -> Method:
    """A method from one dictionary: each name goes to the records that have it; what a method has not is left out."""

    def part(record: type) -> dict[str, object]:
        return {key: value for key, value in told.items() if key in {f.name for f in fields(record)}}

    record = methods.SETTINGS[name]
    anywhere = {f.name for known in (Room, DreamerConfig, *methods.SETTINGS.values()) for f in fields(known)}
    assert told.keys() <= anywhere, f"{told.keys() - anywhere} are settings of no method"
    room, own, dreaming = Room(**(ROOM | part(Room))), record(**part(record)), DreamerConfig(**part(DreamerConfig))
    return methods.make(room, own, dreaming)


@dataclass(frozen=True)
class Run:
    """A finished toy run."""

    snapshot: Snapshot
    skill: float
    proposals: list[Proposal] = field(default_factory=list)
    useful_share: float = 0.0
    """Share of the environments with gradient, target aside, on levels that could teach at that moment."""


Commit = Callable[[int, Snapshot], Snapshot]
Dream = Callable[[Brief, Streams], Draft | None]


def record_of(draft: Draft, cycle: int) -> LevelRecord:
    return LevelRecord(
        id=draft.id,
        source=draft.source,
        description=draft.description,
        origin=draft.origin,
        parents=draft.parents,
        move=draft.move,
        born=cycle,
        verdict=Accepted({"achievements": ["EAT_COW"]}, {}, "pool"),
    )


def seeds(count: int = 4) -> list[LevelRecord]:
    made = [Draft(toy_text(Toy("skill", 0.1 * i), "seed"), "seed", Origin.LIBRARY) for i in range(count)]
    return [record_of(draft, 0) for draft in made]


def grammar(brief: Brief, streams: Streams) -> Draft | None:
    """A toy dreamer: half a step up or down from the parent, or a random level without one."""
    rng = streams.rng("dream", brief.cycle, brief.index)
    if brief.parent is None:
        toy = random_toy(str(streams.entropy("toy", brief.cycle, brief.index)))
        return Draft(toy_text(toy, f"{brief.cycle}.{brief.index}"), "random", Origin.GRAMMAR)
    parent = toy_of(brief.parent.level)
    harder = replace(parent, difficulty=max(parent.difficulty + rng.uniform(-0.2, 0.6), 0.0))
    return Draft(toy_text(harder), "harder", Origin.GRAMMAR, (brief.parent.level.id,), "harden")


def play(slot: Slot, toy: Toy, skill: float, cycle: int, streams: Streams) -> Trial:
    """Forty episodes on one slot; regret scores are what a learner with the right value estimate would see."""
    chance = success_probability(toy, skill)
    successes = int(streams.rng("play", cycle, slot.level).binomial(40, chance))
    rate = successes / 40
    return Trial(
        level=slot.level,
        cycle=cycle,
        episodes=40,
        successes=successes,
        return_mean=rate,
        length_mean=10.0,
        achievements={"EAT_COW": rate} if successes else {},
        positive_value_loss=rate * (1 - rate),
        max_mc=float(successes > 0) - rate,
    )


def train(
    method: Method,
    cycles: int,
    seed: int = 0,
    start: Snapshot | None = None,
    skill: float = 0.0,
    commit: Commit = lambda cycle, snapshot: replace(snapshot, cycle=cycle),
    dream: Dream = grammar,
) -> Run:
    """Run `method` for `cycles`, from `start` (a committed snapshot) if given."""
    streams = Streams(seed)
    fresh = Snapshot().with_levels([target_record(), *(seeds() if method.name == "dicode" else [])])
    snapshot = start if start is not None and start.cycle >= 0 else fresh
    proposals, useful, trained = [], 0.0, 0.0
    for cycle in range(snapshot.cycle + 1, cycles):
        snapshot = collect(method, snapshot, cycle, streams, dream)
        proposal = method.propose(Context(snapshot, cycle, streams))
        proposals.append(proposal)
        toys = {slot.level: _toy_at(slot, snapshot) for slot in proposal.slots}
        trials = [play(slot, toys[slot.level], skill, cycle, streams) for slot in proposal.slots]
        gain, weight = _learn(proposal, toys, skill)
        useful, trained = useful + gain, trained + weight
        skill += LEARNING_RATE * gain / method.room.num_envs
        snapshot = snapshot.after(cycle, method.assess(Context(snapshot, cycle, streams), trials))
        snapshot = snapshot.with_briefs(method.briefs(Context(snapshot, cycle, streams)))
        snapshot = commit(cycle, snapshot.with_run_state({"skill": skill}))
    return Run(snapshot, skill, proposals, useful / max(trained, 1e-9))


def collect(method: Method, snapshot: Snapshot, cycle: int, streams: Streams, dream: Dream) -> Snapshot:
    asked = method.due(cycle)
    briefs = [brief for brief in snapshot.pending() if asked is not None and brief.cycle == asked]
    made = method.candidates(Context(snapshot, cycle, streams))
    snapshot = snapshot.with_levels(record_of(draft, cycle) for draft in made)
    for brief in briefs:
        draft = dream(brief, streams)
        if draft is not None:
            level = record_of(draft, cycle)
            outcome = DreamRecord(cycle, brief.cycle, brief.index, level.id, level.verdict)
            snapshot = snapshot.with_levels([level]).with_outcomes([outcome])
    return snapshot


def _toy_at(slot: Slot, snapshot: Snapshot) -> Toy:
    return Toy("skill", 6.0) if slot.level == TARGET else toy_of(snapshot.levels[slot.level])


def _learn(proposal: Proposal, toys: dict[str, Toy], skill: float) -> tuple[float, float]:
    gain = weight = 0.0
    for slot in proposal.slots:
        if not slot.train or slot.level == TARGET:
            continue
        chance = success_probability(toys[slot.level], skill)
        weight += slot.num_envs
        gain += slot.num_envs * 4 * chance * (1 - chance) * (toys[slot.level].family == "skill")
    return gain, weight
