"""Dreaming in Code: new levels are dreamed from the frontier, trained, scored, and replayed by learnability."""

from collections.abc import Callable, Iterable, Sequence

from dicode.curriculum import lineage
from dicode.curriculum.replay import draw, replay_weights, uniform
from dicode.curriculum.snapshot import Assessment
from dicode.methods import common
from dicode.methods.protocol import Context, Method, no_candidates
from dicode.methods.settings import Settings
from dicode.types import Brief, LevelRecord, ParentReport, Proposal, Trial

EXAMPLES = 6
"""Similar levels that a brief shows."""

MAX_TRIES = 3
"""Cycles that a level gets to end a first episode; then it is left alone. One whose episodes end, however few, goes on
until they make up its first score."""


Similar = Callable[[LevelRecord, Iterable[LevelRecord], int], tuple[LevelRecord, ...]]
"""(level, all levels, count) -> the most similar ones, most similar first."""


def no_examples(level: LevelRecord, levels: Iterable[LevelRecord], count: int) -> tuple[LevelRecord, ...]:
    """Briefs without examples."""
    return ()


def make(settings: Settings, similar: Similar = no_examples) -> Method:
    """The closed loop; `settings` also holds its ablations (parents, open_loop, goal_only, hooks)."""

    def propose(context: Context) -> Proposal:
        return _propose(context, settings)

    def assess(context: Context, trials: Sequence[Trial]) -> Assessment:
        return common.assess_with_active_set(
            context, trials, settings, settings.active_limit, settings.active_threshold
        )

    def briefs(context: Context) -> tuple[Brief, ...]:
        asks = _due(context.cycle + settings.lag, settings) is not None
        return _briefs(context, settings, similar) if asks else ()

    def due(cycle: int) -> int | None:
        return _due(cycle, settings)

    return Method("dicode", settings, no_candidates, propose, assess, briefs, due)


def _due(cycle: int, settings: Settings) -> int | None:
    # The first round is asked when the seed phase ends, so it is the first that knows the agent.
    first = settings.seed_cycles - 1 + settings.lag
    taken = cycle >= first and (cycle - first) % settings.every == 0
    return cycle - settings.lag if taken else None


def waiting(context: Context) -> list[str]:
    """Accepted levels that still need a first score: never trained ones first, then older before younger."""
    levels = context.snapshot.accepted().values()
    tries = {level.id: len(context.snapshot.trials.get(level.id, ())) for level in levels}
    ended = {level.id for level in levels if any(t.episodes for t in context.snapshot.trials.get(level.id, ()))}
    needy = [level for level in levels if level.score is None and (tries[level.id] < MAX_TRIES or level.id in ended)]
    return [
        level.id
        for level in sorted(
            needy,
            key=lambda level: (
                tries[level.id],
                level.born,
                uniform(context.streams, "ties", context.cycle, level.id),
            ),
        )
    ]


def _propose(context: Context, settings: Settings) -> Proposal:
    levels = context.snapshot.levels
    residents = _residents(context, settings)
    room = settings.free_slots - len(residents)
    limit = room if context.cycle < settings.seed_cycles else min(settings.keep, room)
    new = [level for level in waiting(context) if not common.has_hooks(levels[level])][:limit]
    pool = [level for level in _replayable(context) if level.id not in new and not common.has_hooks(level)]
    replayed = draw(_weights(pool, context.cycle, settings), room - len(new), context.streams, "replay", context.cycle)
    return common.divide(settings, [*new, *replayed], hooked=residents)


def _residents(context: Context, settings: Settings) -> list[str]:
    """Levels with hooks that hold the hook slots: last cycle's until `hook_cycles` are over, then new ones first.

    A slot that nobody holds goes to a level that waits at once.
    """
    if not settings.hook_slots or not settings.hook_envs:
        return []
    levels, trials = context.snapshot.levels, context.snapshot.trials
    accepted = context.snapshot.accepted()
    held = [
        level
        for level, record in accepted.items()
        if common.has_hooks(record) and trials.get(level) and trials[level][-1].cycle == context.cycle - 1
    ]
    new = [level for level in waiting(context) if common.has_hooks(levels[level])]
    if held and context.cycle % settings.hook_cycles:
        room = settings.hook_slots - len(held)
        return [*sorted(held), *[level for level in new if level not in held][:room]]
    new = new[: settings.hook_slots]
    pool = [level for level in _replayable(context) if common.has_hooks(level) and level.id not in new]
    room = settings.hook_slots - len(new)
    return new + draw(_weights(pool, context.cycle, settings), room, context.streams, "replay", context.cycle)


def _replayable(context: Context) -> list[LevelRecord]:
    return [level for level in context.snapshot.active().values() if level.score is not None]


def _weights(pool: Sequence[LevelRecord], cycle: int, settings: Settings) -> dict[str, float]:
    scores = {level.id: level.score for level in pool if level.score is not None}
    played = {level.id: level.last_trained or 0 for level in pool}
    return replay_weights(scores, played, cycle, settings.staleness, settings.temperature)


def _briefs(context: Context, settings: Settings, similar: Similar) -> tuple[Brief, ...]:
    snapshot, known = context.snapshot, frozenset(context.snapshot.levels)
    parents = [None] * settings.round if settings.open_loop else _parents(context, settings)
    success, mean_return = common.target_profile(snapshot, settings.achievements)
    brood = lineage.children(snapshot.levels)
    return tuple(
        Brief(
            cycle=context.cycle,
            index=index,
            parent=None if parent is None else _report(context, parent, brood.get(parent, ())),
            target_success={} if settings.open_loop else success,
            target_return=None if settings.open_loop else mean_return,
            examples=() if parent is None else similar(snapshot.levels[parent], snapshot.levels.values(), EXAMPLES),
            known=known,
            allow_hooks=settings.hooks,
            goal_only=settings.goal_only,
        )
        for index, parent in enumerate(parents)
    )


def _report(context: Context, parent: str, children: tuple[str, ...]) -> ParentReport:
    return ParentReport(context.snapshot.levels[parent], context.snapshot.trials.get(parent, ()), children)


def _parents(context: Context, settings: Settings) -> Sequence[str | None]:
    snapshot, streams, cycle = context.snapshot, context.streams, context.cycle
    if settings.parents == "random":
        chosen = lineage.random_parents(snapshot, streams, cycle, settings.round)
    elif settings.parents == "any":
        chosen = lineage.fill_round(lineage.unrestricted(snapshot, streams, cycle), settings.round)
    else:
        best = lineage.frontier(snapshot, streams, cycle, settings.max_children, settings.min_episodes)
        chosen = lineage.fill_round(best, settings.round)
    # An archive without a single accepted level leaves nothing to derive from: the round is open-loop then.
    return chosen or [None] * settings.round
