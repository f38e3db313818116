"""Dreaming in Code: new levels are dreamed from the frontier, trained, scored, and replayed by learnability."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from dicode.curriculum import lineage, reached, rehearsal
from dicode.curriculum.lifetime import Lifetime, end
from dicode.curriculum.replay import draw, replay_weights, uniform
from dicode.curriculum.snapshot import Assessment, own_target
from dicode.dreaming.dreamer import Similar
from dicode.dreaming.settings import DREAMERS, WRITERS, DreamerConfig
from dicode.errors import ConfigError
from dicode.methods import common
from dicode.methods.protocol import Context, Method, no_candidates
from dicode.methods.settings import Replayed, Room, Scored, facts_of
from dicode.settings import Only, option
from dicode.types import PROBED, TARGET, Brief, LevelRecord, ParentReport, Proposal, Rejected, Trial

EXAMPLES = 6
"""Similar levels that a brief shows."""

KIN = 8
"""Children that a brief shows, and siblings: the latest."""

SELDOM = 0.01
"""Success rate below which a target of one's own teaches nothing that its levels don't teach better."""

MAX_TRIES = 3
"""Cycles that a level gets to end a first episode; then it is left alone. One whose episodes end, however few, goes on
until they make up its first score."""


def no_examples(level: LevelRecord, levels: Iterable[LevelRecord], count: int) -> tuple[LevelRecord, ...]:
    """Briefs without examples."""
    return ()


_ASKED: Only = {"dreamer.name": DREAMERS, "dreamer.round": None}
_DERIVED: Only = _ASKED | {"dreamer.name": WRITERS, "method.open_loop": (False,)}
"""Of dreams that begin with what they are shown of the run; the library's do not."""
_FRONTIER: Only = _DERIVED | {"method.parents": ("frontier", "strict", "wanted")}


@dataclass(frozen=True)
class DicodeSettings(Replayed, Scored):
    """The closed loop's settings, ablations included."""

    name: str = option("dicode", "method", choices=("dicode",))
    active_limit: int = option(100, "levels in the active set", 1, 1_000_000)
    active_threshold: float = option(0.0, "a level is activated whose score is above this", -1e9, 1e9)
    open_loop: bool = option(False, "dream without parents and without feedback", only=_ASKED)
    parents: str = option(
        "frontier",
        "how parents are picked; wanted: those first whose goal the target lacks most; strict: no fallback below 50 %; "
        "any: whatever was ever solved, by score",
        choices=("frontier", "wanted", "strict", "random", "any"),
        only=_DERIVED,
    )
    max_children: int = option(5, "children after which a level is no parent any more", 1, 1000, only=_FRONTIER)
    counted_children: str = option(
        "accepted", "children that count towards that", choices=("accepted", "asked"), only=_FRONTIER
    )
    heir: str = option(
        "ever",
        "a child closes its parent that reached C or better: ever, or now",
        choices=("ever", "now"),
        only=_FRONTIER,
    )
    stay: str = option(
        "learning",
        "a level keeps its slot until it is mastered, hopeless or flat; draw: slots are dealt anew each cycle",
        choices=("learning", "draw"),
    )
    stay_steps: float = option(
        1e5,
        "steps on a level after which it must still get better; a quarter of them without a success is hopeless",
        1,
        1e13,
        only={"method.stay": ("learning",)},
    )
    hopeless_below: float = option(
        0.0,
        "success rate below which a level is hopeless, too, after that quarter, unless it rises",
        0,
        1,
        only={"method.stay": ("learning",)},
    )
    replay_slots: int = option(
        0,
        "slots kept for levels whose time is over, drawn by score and staleness, so that what was mastered comes back",
        0,
        4096,
        only={"method.stay": ("learning",)},
    )
    rehearse: int = option(
        0,
        "cycles after which a mastered level is played again whose goal the target's own episodes hardly show, one at a "
        "time, those first that the target lacks most; 0: never",
        0,
        1_000_000,
        only={"method.open_loop": (False,)},
    )
    frontier: int = option(
        0,
        "states that the agent reached on the target kept as starts of levels; 0: none",
        0,
        1000,
        only=_DERIVED,
    )
    unsolved_target: str = option(
        "train",
        "a target that is a level and solved in under 1 % of its episodes: it trains all the same, or its episodes only measure",
        choices=("train", "measure"),
    )
    surplus: str = option("wait", "accepted levels beyond dreamer.keep wait, or are dropped", choices=("wait", "drop"))


@dataclass(frozen=True)
class _Told:
    """All that the method is told."""

    room: Room
    own: DicodeSettings
    dreaming: DreamerConfig

    def lifetime(self, cycle: int) -> Lifetime:
        """What a level is granted in its slot, as a slot is worth in a cycle."""
        own, steps = self.own, self.room.at(cycle).steps_a_slot
        return Lifetime.of_steps(own.stay_steps, steps, own.min_episodes, own.hopeless_below)


def make(room: Room, settings: DicodeSettings, dreaming: DreamerConfig, similar: Similar = no_examples) -> Method:
    """The closed loop; `similar` picks the examples in its briefs."""
    told = _Told(room, settings, dreaming)
    if settings.replay_slots and settings.replay_slots >= room.free_slots:
        raise ConfigError(
            f"method.replay_slots={settings.replay_slots} leaves none of {room.free_slots} slots to new levels; "
            f"choose 0 to {max(room.free_slots - 1, 0)}"
        )

    def propose(context: Context) -> Proposal:
        return _propose(context, told)

    def assess(context: Context, trials: Sequence[Trial]) -> Assessment:
        return common.assess_with_active_set(
            context, trials, settings, settings.active_limit, settings.active_threshold
        )

    def briefs(context: Context) -> tuple[Brief, ...]:
        asks = _due(context.cycle + told.dreaming.lag, told) is not None
        return _briefs(context, told, similar) if asks else ()

    def due(cycle: int) -> int | None:
        return _due(cycle, told)

    return Method("dicode", room, no_candidates, propose, assess, briefs, due)


def _due(cycle: int, told: _Told) -> int | None:
    # The first round is asked when the seed phase ends, so it is the first that knows the agent.
    first = told.room.seed_cycles - 1 + told.dreaming.lag
    taken = cycle >= first and (cycle - first) % told.dreaming.every == 0
    return cycle - told.dreaming.lag if taken else None


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


def _propose(context: Context, told: _Told) -> Proposal:
    levels = context.snapshot.levels
    residents = _residents(context, told)
    left = told.room.free_slots - len(residents)
    again = _rehearsed(context, told)[:left]
    left -= len(again)
    limit = left if context.cycle < told.room.seed_cycles else min(told.dreaming.keep, left)
    new = [level for level in waiting(context) if not common.has_hooks(levels[level])]
    if told.own.surplus == "drop":
        new = [level for level in new if levels[level].born == context.cycle or context.snapshot.trials.get(level)]
    if told.own.stay == "learning":
        staying = _staying(context, told)
        new = [*staying, *[level for level in _latest_first(context, new, told) if level not in staying]]
        limit = left if context.cycle < told.room.seed_cycles else max(left - told.own.replay_slots, 0)
    new = [level for level in new if level not in again][:limit]
    pool = [level for level in _replayable(context) if level.id not in {*new, *again} and not common.has_hooks(level)]
    replayed = draw(_weights(pool, context.cycle, told.own), left - len(new), context.streams, "replay", context.cycle)
    new = [*again, *new]
    silent = [TARGET] if told.own.unsolved_target == "measure" and _pays_nothing(context) else []
    return common.divide(told.room.at(context.cycle), [*new, *replayed], silent, residents)


def _rehearsed(context: Context, told: _Told) -> list[str]:
    """The level that is played again in this cycle lest it be forgotten, if one is."""
    rank = _wanted_on_target(context, told) if told.own.rehearse else None
    if rank is None or context.cycle < told.room.seed_cycles:
        return []
    levels = [level for level in context.snapshot.accepted().values() if not common.has_hooks(level)]
    success = common.target_profile(context.snapshot, told.room.game.achievements)[0]
    every, granted = told.own.rehearse, told.lifetime
    level = rehearsal.due(context.snapshot, levels, context.cycle, every, granted, success, rank)
    return [] if level is None else [level.id]


def _pays_nothing(context: Context) -> bool:
    """Whether the target is a level that was solved in less than `SELDOM` of its latest episodes."""
    target, seen = context.snapshot.levels.get(TARGET), context.snapshot.trials.get(TARGET, ())
    told = own_target(target, seen, context.cycle) if target is not None else None
    return told is not None and told.success_rate is not None and told.success_rate < SELDOM


def _staying(context: Context, told: _Told) -> list[str]:
    """Levels without hooks that have a slot and keep it, the longest there first."""
    trials, granted = context.snapshot.trials, told.lifetime
    begun = [
        level
        for level, record in context.snapshot.accepted().items()
        if trials.get(level) and not common.has_hooks(record) and not end(trials[level], granted)
    ]
    return sorted(begun, key=lambda level: (trials[level][0].cycle, level))


def _latest_first(context: Context, new: Sequence[str], told: _Told) -> list[str]:
    """Levels that wait for a slot: after the seed phase the latest dreams first, which know most of the agent, then seeds."""
    levels, trials = context.snapshot.levels, context.snapshot.trials
    waits = [level for level in new if not trials.get(level)]
    if context.cycle < told.room.seed_cycles:
        return waits
    # `new` is in a keyed order, and sorting keeps it among equals.
    return sorted(waits, key=lambda level: (lineage.is_seed(levels[level]), -levels[level].born))


def _residents(context: Context, told: _Told) -> list[str]:
    """Levels with hooks that hold the hook slots: last cycle's until `hook_cycles` are over, then new ones first.

    A slot that nobody holds goes to a level that waits at once.
    """
    if not told.room.hook_slots or not told.room.hook_envs:
        return []
    levels, trials = context.snapshot.levels, context.snapshot.trials
    accepted = context.snapshot.accepted()
    held = [
        level
        for level, record in accepted.items()
        if common.has_hooks(record) and trials.get(level) and trials[level][-1].cycle == context.cycle - 1
    ]
    new = [level for level in waiting(context) if common.has_hooks(levels[level])]
    if held and context.cycle % told.room.hook_cycles:
        free = told.room.hook_slots - len(held)
        return [*sorted(held), *[level for level in new if level not in held][:free]]
    new = new[: told.room.hook_slots]
    pool = [level for level in _replayable(context) if common.has_hooks(level) and level.id not in new]
    left = told.room.hook_slots - len(new)
    return new + draw(_weights(pool, context.cycle, told.own), left, context.streams, "replay", context.cycle)


def _replayable(context: Context) -> list[LevelRecord]:
    return [level for level in context.snapshot.active().values() if level.score is not None]


def _weights(pool: Sequence[LevelRecord], cycle: int, settings: DicodeSettings) -> dict[str, float]:
    scores = {level.id: level.score for level in pool if level.score is not None}
    played = {level.id: level.last_trained or 0 for level in pool}
    return replay_weights(scores, played, cycle, settings.staleness, settings.temperature)


def _briefs(context: Context, told: _Told, similar: Similar) -> tuple[Brief, ...]:
    snapshot, known = context.snapshot, frozenset(context.snapshot.levels)
    count = _wanted(context, told)
    parents = [None] * count if told.own.open_loop else _parents(context, told)[:count]
    success, mean_return = common.target_profile(snapshot, told.room.game.achievements)
    seen = () if told.own.open_loop else snapshot.trials.get(TARGET, ())
    target = own_target(snapshot.levels[TARGET], seen, context.cycle) if TARGET in snapshot.levels else None
    brood = lineage.children(snapshot.levels)
    back = [] if told.own.open_loop else sent_back(context, told.dreaming)
    parents = [*(parent for _, parent in back), *parents][: max(count, len(back))]
    return tuple(
        Brief(
            cycle=context.cycle,
            index=index,
            round=len(parents),
            revises=back[index][0] if index < len(back) else None,
            parent=None if parent is None else _report(context, parent, brood.get(parent, ())),
            target_success={} if told.own.open_loop else success,
            target_return=None if told.own.open_loop else mean_return,
            known=known,
            allow_hooks=told.dreaming.hooks,
            goal_only=told.dreaming.goal_only,
            target=target,
            starts=() if told.own.open_loop else reached.held(snapshot.run_state),
            **_evidence(context, told, parent, similar),
        )
        for index, parent in enumerate(parents)
    )


def _wanted(context: Context, told: _Told) -> int:
    """Drafts to ask for: a round's, but where levels stay no more than would wait for a slot each."""
    if told.own.stay == "draw":
        return told.dreaming.drafts
    queue = [level for level in waiting(context) if not context.snapshot.trials.get(level)]
    dreamed = [level for level in queue if not lineage.is_seed(context.snapshot.levels[level])]
    coming = len(dreamed) + len(context.snapshot.pending())
    return min(told.dreaming.drafts, max(told.room.free_slots - told.own.replay_slots - coming, 0))


def sent_back(context: Context, dreaming: DreamerConfig) -> list[tuple[LevelRecord, str | None]]:
    """Levels, each with its parent, that were measured and turned down since the last round: half a round at most.

    What was written again already is not sent back once more.
    """
    snapshot = context.snapshot
    asked = {(brief.cycle, brief.index): brief for brief in snapshot.briefs}
    found: list[tuple[LevelRecord, str | None]] = []
    for outcome in snapshot.outcomes:
        brief, level = asked.get((outcome.asked, outcome.index)), snapshot.levels.get(outcome.level or "")
        fresh = context.cycle - dreaming.every < outcome.cycle <= context.cycle
        measured = isinstance(outcome.verdict, Rejected) and outcome.verdict.stage == PROBED
        if brief and level and fresh and measured and brief.revises is None:
            found.append((level, brief.parent.level.id if brief.parent else None))
    return found[: dreaming.drafts // 2]


def _evidence(context: Context, told: _Told, parent: str | None, similar: Similar) -> dict[str, Any]:
    """What a brief says beside its parent: kin, similar levels, how the agent fared on them, and the run's facts."""
    snapshot = context.snapshot
    facts = facts_of(told.room.at(context.cycle), sum(map(common.has_hooks, snapshot.active().values())))
    if parent is None:
        return {"facts": facts}
    relatives = lineage.kin(snapshot, parent, KIN)
    examples = similar(snapshot.levels[parent], snapshot.levels.values(), EXAMPLES)
    shown = dict.fromkeys([TARGET, *(level.id for level in (*relatives, *examples))])
    trials = {level: snapshot.trials[level] for level in shown if snapshot.trials.get(level)}
    return {"facts": facts, "relatives": relatives, "examples": examples, "trials": trials}


def _wanted_on_target(context: Context, told: _Told) -> Callable[[LevelRecord], float] | None:
    """How much the target lacks what a level trains; None where the game can't tell."""
    wanted = told.room.game.dreams().wanted
    if wanted is None:
        return None
    success = common.target_profile(context.snapshot, told.room.game.achievements)[0]
    return lambda level: wanted(level.source, success)


def _report(context: Context, parent: str, children: tuple[str, ...]) -> ParentReport:
    return ParentReport(context.snapshot.levels[parent], context.snapshot.trials.get(parent, ()), children)


def _parents(context: Context, told: _Told) -> Sequence[str | None]:
    snapshot, streams, cycle = context.snapshot, context.streams, context.cycle
    if told.own.parents == "random":
        chosen = lineage.random_parents(snapshot, streams, cycle, told.dreaming.drafts)
    elif told.own.parents == "any":
        chosen = lineage.fill_round(lineage.unrestricted(snapshot, streams, cycle), told.dreaming.drafts)
    else:
        strict = told.own.parents == "strict"
        best = lineage.frontier(
            snapshot,
            streams,
            cycle,
            told.own.max_children,
            told.own.min_episodes,
            heir=told.own.heir,
            counted=told.own.counted_children,
            fallback=not strict,
            rank=_wanted_on_target(context, told) if told.own.parents == "wanted" else None,
        )
        chosen = lineage.fill_round(best, told.dreaming.drafts)
        if strict:
            return chosen
    # An archive without a single accepted level leaves nothing to derive from: the round is open-loop then.
    return chosen or [None] * told.dreaming.drafts
