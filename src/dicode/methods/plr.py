"""Prioritised level replay: some slots replay scored levels, the others score new random ones.

The published code decides by a coin for the whole batch whether it replays (`replay_rule="coin"`); by default every
cycle has both, in the proportion of `replay_probability`, which has the same mean and no variance. In the `robust`
variant (Jiang et al., 2021b) new levels are played and scored but give no gradient. The buffer drops the level with
the lowest score. While it holds less than `minimum_fill` of what it can, or fewer levels than there are slots for
replay, the rest of them score new ones.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dicode.curriculum.replay import sample, uniform
from dicode.curriculum.snapshot import Assessment
from dicode.methods import common, generators
from dicode.methods.protocol import Context, Method, never_due, no_briefs
from dicode.methods.settings import Generated, Replayed, Room, Scored, score_option
from dicode.settings import option
from dicode.types import Draft, Proposal, Trial

Explore = Callable[[Context, int], tuple[Draft, ...]]
"""(context, count) -> the new levels of this cycle."""


@dataclass(frozen=True)
class BufferSettings(Generated, Replayed, Scored):
    """Settings of whoever fills a buffer with random levels and replays them."""

    score: str = score_option("max_mc")
    buffer: int = option(4000, "levels in the buffer", 1, 10_000_000)
    replay_probability: float = option(0.5, "share of the slots that replay, or chance that all do", 0, 1)
    replay_rule: str = option(
        "share",
        "slots of every cycle are shared, or a coin decides for all",
        choices=("share", "coin"),
        only={"method.replay_probability": None},
    )
    minimum_fill: float = option(
        0.0,
        "share of the buffer that is full before anything is replayed",
        0,
        1,
        only={"method.replay_probability": None},
    )
    robust: bool = option(False, "new levels give no gradient")


@dataclass(frozen=True)
class PlrSettings(BufferSettings):
    """Prioritised level replay's settings."""

    name: str = option("plr", "method", choices=("plr",))


Share = Callable[[Context, BufferSettings], float]
"""(context, settings) -> share of the slots that replay in this cycle."""


def make(room: Room, settings: PlrSettings) -> Method:
    """PLR with new levels from the generator."""

    def explore(context: Context, count: int) -> tuple[Draft, ...]:
        return generators.drafts(context, settings.generator, room, count)

    return replay_and_explore("plr", room, settings, explore)


def replay_share(context: Context, settings: BufferSettings) -> float:
    """Share of the slots that replay: none until the buffer is full enough, then by proportion or by coin."""
    if len(context.snapshot.active()) < settings.minimum_fill * settings.buffer:
        return 0.0
    if settings.replay_rule == "coin":
        return float(uniform(context.streams, "coin", context.cycle, "") < settings.replay_probability)
    return settings.replay_probability


def replay_and_explore(
    name: str, room: Room, settings: BufferSettings, explore: Explore, share: Share = replay_share
) -> Method:
    """PLR with another source of new levels, or another rule of when to replay."""

    def candidates(context: Context) -> tuple[Draft, ...]:
        return explore(context, room.free_slots - len(replayed(context, room, settings, share=share)))

    def propose(context: Context) -> Proposal:
        new = common.born_now(context)[: room.free_slots]
        # Drafts that were rejected leave room, which replay takes; the draw only grows by that.
        again = replayed(context, room, settings, room.free_slots - len(new), share)
        return common.divide(room, [*again, *new], untrained=new if settings.robust else ())

    def assess(context: Context, trials: Sequence[Trial]) -> Assessment:
        return common.assess_with_active_set(context, trials, settings, settings.buffer)

    return Method(name, room, candidates, propose, assess, no_briefs, never_due)


def replayed(
    context: Context, room: Room, settings: BufferSettings, count: int | None = None, share: Share = replay_share
) -> list[str]:
    """Levels of the buffer that are played again in this cycle; `count` is by default the share of replay."""
    part = share(context, settings)
    if part <= 0:
        return []
    wanted = round(room.free_slots * part) if count is None else count
    levels = context.snapshot.active().values()
    return sample(levels, wanted, context.cycle, context.streams, settings.staleness, settings.temperature)
