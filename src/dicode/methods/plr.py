"""Prioritised level replay: some slots replay scored levels, the others score new random ones.

The published code decides by a coin for the whole batch whether it replays (`replay_rule="coin"`); by default every
cycle has both, in the proportion of `replay_probability`, which has the same mean and no variance. In the robust
variant (Jiang et al., 2021b) new levels are played and scored but give no gradient. The buffer drops the level with
the lowest score. While it holds less than `minimum_fill` of what it can, or fewer levels than there are slots for
replay, the rest of them score new ones.
"""

from collections.abc import Callable, Sequence

from dicode.curriculum.replay import sample, uniform
from dicode.curriculum.snapshot import Assessment
from dicode.methods import common, generators
from dicode.methods.protocol import Context, Method, never_due, no_briefs
from dicode.methods.settings import Settings
from dicode.types import Draft, Proposal, Trial

Explore = Callable[[Context, int], tuple[Draft, ...]]
"""(context, count) -> the new levels of this cycle."""

Share = Callable[[Context, Settings], float]
"""(context, settings) -> share of the slots that replay in this cycle."""


def make(settings: Settings) -> Method:
    """PLR with new levels from the generator."""

    def explore(context: Context, count: int) -> tuple[Draft, ...]:
        return generators.drafts(context, settings, count)

    return replay_and_explore("plr", settings, explore)


def replay_share(context: Context, settings: Settings) -> float:
    """Share of the slots that replay: none until the buffer is full enough, then by proportion or by coin."""
    if len(context.snapshot.active()) < settings.minimum_fill * settings.buffer:
        return 0.0
    if settings.replay_rule == "coin":
        return float(uniform(context.streams, "coin", context.cycle, "") < settings.replay_probability)
    return settings.replay_probability


def replay_and_explore(name: str, settings: Settings, explore: Explore, share: Share = replay_share) -> Method:
    """PLR with another source of new levels, or another rule of when to replay."""

    def candidates(context: Context) -> tuple[Draft, ...]:
        return explore(context, settings.free_slots - len(replayed(context, settings, share=share)))

    def propose(context: Context) -> Proposal:
        new = common.born_now(context)[: settings.free_slots]
        # Drafts that were rejected leave room, which replay takes; the draw only grows by that.
        again = replayed(context, settings, settings.free_slots - len(new), share)
        return common.divide(settings, [*again, *new], untrained=new if settings.robust else ())

    def assess(context: Context, trials: Sequence[Trial]) -> Assessment:
        return common.assess_with_active_set(context, trials, settings, settings.buffer)

    return Method(name, settings, candidates, propose, assess, no_briefs, never_due)


def replayed(context: Context, settings: Settings, count: int | None = None, share: Share = replay_share) -> list[str]:
    """Levels of the buffer that are played again in this cycle; `count` is by default the share of replay."""
    part = share(context, settings)
    if part <= 0:
        return []
    wanted = round(settings.free_slots * part) if count is None else count
    levels = context.snapshot.active().values()
    return sample(levels, wanted, context.cycle, context.streams, settings.staleness, settings.temperature)
