"""Small records to build archives from."""

from collections.abc import Sequence
from dataclasses import replace

from dicode.curriculum.snapshot import Assessment, DreamRecord, Snapshot, lost, target_record
from dicode.types import (
    TARGET,
    Accepted,
    Brief,
    Code,
    Draft,
    LevelRecord,
    Origin,
    ParentReport,
    Rejected,
    Repair,
    Status,
    Trial,
    level_id,
)


def record(
    name: str,
    parents: Sequence[str] = (),
    born: int = 0,
    origin: Origin = Origin.GRAMMAR,
    status: Status = Status.UNSCORED,
    score: float | None = None,
    last_trained: int | None = None,
    active: bool = False,
    accepted: bool = True,
    goal: dict | None = None,
) -> LevelRecord:
    """A level whose id is its name."""
    verdict = (
        Accepted(
            goal=goal or {"achievements": [name]}, rules={"melee_spawn": 0.5}, pool_hash=f"hash-{name}", seconds=0.25
        )
        if accepted
        else Rejected("verify", f"{name} is solved at reset", "start without wood", code=Code.SOLVED)
    )
    return LevelRecord(
        id=name,
        source=f"# {name}\n",
        description=f"level {name}",
        origin=origin,
        parents=tuple(parents),
        move="harden",
        born=born,
        verdict=verdict,
        active=active,
        status=status,
        score=score,
        last_trained=last_trained,
    )


def ident(name: str) -> str:
    """The id of the level that `stored(name)` makes."""
    return level_id(f"# {name}\n")


def stored(name: str, **more) -> LevelRecord:
    """A level as an archive takes it: its id is the hash of its source."""
    return replace(record(name, **more), id=ident(name))


SEED = ident("seed")


def trial(level: str, cycle: int, episodes: int, successes: int, **more) -> Trial:
    return Trial(
        level=level,
        cycle=cycle,
        episodes=episodes,
        successes=successes,
        return_mean=more.pop("return_mean", 1.25),
        length_mean=more.pop("length_mean", 40.0),
        **more,
    )


def story(cycles: int) -> list[Snapshot]:
    """A run's snapshots, one before each commit, with every kind of row in it."""
    snapshot = Snapshot().with_levels([target_record(), stored("seed", origin=Origin.LIBRARY)])
    told = []
    for cycle in range(cycles):
        draft = Draft(f"# dream {cycle} é\n", "a dream", Origin.FOUNDATION, (SEED,), "design+code")
        repairs = (Repair("old", "build", "it broke", "mend it"),)
        dream = LevelRecord(
            id=draft.id,
            source=draft.source,
            description=draft.description,
            origin=draft.origin,
            parents=draft.parents,
            move=draft.move,
            born=cycle,
            verdict=Accepted({"survive": 300.0}, {}, "ab12", seconds=cycle * 0.5),
            repairs=repairs,
            requests=("req1",),
        )
        bad = stored(f"bad{cycle}", born=cycle, accepted=False)
        snapshot = snapshot.with_levels([dream, bad])
        for brief in snapshot.pending():
            outcome = DreamRecord(cycle, brief.cycle, brief.index, dream.id, dream.verdict)
            answered = outcome if brief.index == 0 else lost(cycle, brief, "too late")
            snapshot = snapshot.with_outcomes([answered])
        snapshot = snapshot.after(cycle, _assessment(snapshot, cycle, dream.id))
        snapshot = snapshot.with_briefs(_briefs(snapshot, cycle)).with_run_state({"env_steps": 100 * (cycle + 1)})
        told.append(snapshot)
    return told


def _assessment(snapshot: Snapshot, cycle: int, dream: str) -> Assessment:
    trials = (
        trial(dream, cycle, 30, 10, score=0.1 + cycle / 7, achievements={"COLLECT_WOOD": 1 / 3}),
        trial(SEED, cycle, 3, 1),
        trial(TARGET, cycle, 25, 0, score=0.0, max_mc=0.3),
    )
    previous = level_id(f"# dream {cycle - 1} é\n")
    gone = (previous,) if cycle % 2 and previous in snapshot.levels else ()
    return Assessment(trials, {dream: Status.C, TARGET: Status.D}, (dream,), gone, {"phase": cycle})


def _briefs(snapshot: Snapshot, cycle: int) -> list[Brief]:
    known = frozenset(snapshot.levels)
    seed = ParentReport(snapshot.levels[SEED], snapshot.trials[SEED], ("x",))
    dream = snapshot.levels[level_id(f"# dream {cycle} é\n")]
    return [
        Brief(cycle, 0, seed, {"COLLECT_WOOD": 0.5}, 3.5, (dream,), known),
        Brief(cycle, 1, None, {}, None, (), known, allow_hooks=False, goal_only=True),
    ]
