"""What several methods share: environments over slots, and trials into scores and statuses."""

import math
from collections.abc import Collection, Sequence
from dataclasses import replace

from dicode.curriculum import scores
from dicode.curriculum.lineage import is_seed
from dicode.curriculum.replay import activate
from dicode.curriculum.snapshot import Assessment, Snapshot
from dicode.methods.protocol import Context
from dicode.methods.settings import Room, Scored
from dicode.types import TARGET, Accepted, LevelRecord, Proposal, Slot, Status, Trial

RATE_SCORES = frozenset({"learnability", "achievement_learnability"})
"""Scores made of success rates: they need `min_episodes`; the others average over episodes and need one."""


def divide(room: Room, levels: Sequence[str], untrained: Collection[str] = (), hooked: Sequence[str] = ()) -> Proposal:
    """Environments over `hooked` levels, the target and `levels`, in this order.

    Hook slots have their fixed size, the target its share, the rest is split evenly (the first ones get what
    is left over). Slots without a level get nothing; when there is no level at all, the target gets it all.
    Slots in `untrained` give no gradient.
    """
    slots = [Slot(level, room.hook_envs, level not in untrained) for level in hooked]
    left = room.num_envs - sum(slot.num_envs for slot in slots)
    if not levels:
        return Proposal((*slots, Slot(TARGET, left)))
    if room.has_target:
        slots.append(Slot(TARGET, room.target_envs, TARGET not in untrained))
        left -= room.target_envs
    share, over = divmod(left, len(levels))
    if share < room.min_envs:
        raise AssertionError(f"{left} environments for {len(levels)} levels; the settings were not checked")
    slots += [Slot(level, share + (i < over), level not in untrained) for i, level in enumerate(levels)]
    return Proposal(tuple(slots))


def judge(context: Context, trials: Sequence[Trial], settings: Scored) -> tuple[tuple[Trial, ...], dict[str, Status]]:
    """The cycle's trials with their scores, and a status for every level that has enough episodes.

    With `unscored="zero"` a level that has too few has score 0, as published.
    """
    score = scores.score_named(settings.score)
    needed = settings.min_episodes if settings.score in RATE_SCORES else 1
    usual = scores.POOLING_WINDOW if settings.score in RATE_SCORES else 1
    judged: list[Trial] = []
    statuses: dict[str, Status] = {}
    for trial in trials:
        earlier = context.snapshot.trials.get(trial.level, ())
        history = (*earlier, trial)
        # A first success rate is made of all that there is: a level of few, long episodes would never have one.
        first = settings.score in RATE_SCORES and all(t.score is None for t in earlier)
        window = context.cycle + 1 if first else usual
        found = scores.scored(history, score, needed, window)
        judged.append(replace(found, score=0.0) if found.score is None and settings.unscored == "zero" else found)
        status = scores.status(
            scores.pooled(history, settings.min_episodes, max(window, scores.POOLING_WINDOW)), settings.min_episodes
        )
        if status is not Status.UNSCORED:
            statuses[trial.level] = status
    return tuple(judged), statuses


def assess_with_active_set(
    context: Context, trials: Sequence[Trial], settings: Scored, capacity: int, threshold: float = -math.inf
) -> Assessment:
    """Score the trials, then let newly scored levels knock at the active set (see `replay.activate`)."""
    judged, statuses = judge(context, trials, settings)
    fresh = {trial.level: trial.score for trial in judged if trial.score is not None and trial.level != TARGET}
    active = {
        level: fresh.get(level, record.score if record.score is not None else -math.inf)
        for level, record in context.snapshot.active().items()
    }
    activated, deactivated = activate(active, fresh, capacity, threshold, context.streams, context.cycle)
    return Assessment(judged, statuses, activated, deactivated)


def born_now(context: Context) -> list[str]:
    """Accepted levels that were made for this cycle, by id; seeds are not among them."""
    return sorted(
        level
        for level, record in context.snapshot.accepted().items()
        if record.born == context.cycle and not is_seed(record)
    )


def has_hooks(record: LevelRecord) -> bool:
    """Whether a level brings mechanics of its own."""
    return isinstance(record.verdict, Accepted) and bool(record.verdict.hooks)


def target_profile(snapshot: Snapshot, achievements: Sequence[str]) -> tuple[dict[str, float], float | None]:
    """(success rate per achievement, mean return) on the target, from its latest trial with a finished episode.

    All rates are 0 and the return is None before there is one.
    """
    finished = [trial for trial in snapshot.trials.get(TARGET, ()) if trial.episodes]
    if not finished:
        return dict.fromkeys(achievements, 0.0), None
    last = finished[-1]
    return {name: last.achievements.get(name, 0.0) for name in achievements}, last.return_mean


def completion_bonus(snapshot: Snapshot, kind: str = "constant", value: float = 20.0) -> float:
    """What reaching a level's goal pays in the next cycle.

    `constant`: `value`. `dynamic`: max(value, 2 x the agent's last mean return on the target), which is `value`
    until an episode of the target has finished.
    """
    if kind == "constant":
        return value
    last = target_profile(snapshot, ())[1]
    return value if last is None else max(value, 2.0 * last)
