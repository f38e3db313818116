"""ACCEL: prioritised level replay whose new levels are mostly edits of those replayed in the last cycle.

Parker-Holder et al. (2022) edit a batch of levels after each time it was replayed. Here the slots that
do not replay are shared: `edit_probability` of them score edits of last cycle's replayed levels, best scores
first, the rest score random levels. With the defaults that is 50 % replay, 40 % edits and 10 % new ones,
close to the published 0.8 : 0.8 : 0.2. With `replay_rule="coin"` a cycle of edits follows every cycle that replayed.
"""

from dataclasses import dataclass

from dicode.curriculum.lineage import fill_round
from dicode.curriculum.replay import best_first
from dicode.errors import ConfigError, nearest
from dicode.methods import generators, plr
from dicode.methods.protocol import Context, Method
from dicode.methods.settings import Room
from dicode.settings import Only, option
from dicode.types import Draft

_EDITS: Only = {"method.edit_probability": None}


@dataclass(frozen=True)
class AccelSettings(plr.BufferSettings):
    """ACCEL's settings."""

    name: str = option("accel", "method", choices=("accel",))
    edits: int = option(20, "cells that an edit touches", 1, 2304, only=_EDITS)
    mutation: str = option("noise", "kind of edit", choices=("noise", "swap", "restricted_swap"), only=_EDITS)
    edit_probability: float = option(0.8, "share of the slots without replay that edits get", 0, 1)


def make(room: Room, settings: AccelSettings) -> Method:
    """ACCEL with the kind and the size of edits from `settings`."""
    _check_edits(room, settings)

    def explore(context: Context, count: int) -> tuple[Draft, ...]:
        parents = fill_round(_just_replayed(context), round(count * settings.edit_probability))
        edited = tuple(_edited(context, room, settings, parent, index) for index, parent in enumerate(parents))
        random = generators.drafts(context, settings.generator, room, count - len(edited))
        return (*edited, *random)

    def share(context: Context, buffer: plr.BufferSettings) -> float:
        edits_now = buffer.replay_rule == "coin" and bool(_just_replayed(context))
        return 0.0 if edits_now else plr.replay_share(context, buffer)

    return plr.replay_and_explore("accel", room, settings, explore, share)


def _just_replayed(context: Context) -> list[str]:
    """Active levels that trained in the last cycle and were not new in it, best score first."""
    last = context.cycle - 1
    scores = {
        level: record.score
        for level, record in context.snapshot.active().items()
        if record.last_trained == last and record.born < last and record.score is not None
    }
    return best_first(scores, context.streams, context.cycle)


def _check_edits(room: Room, settings: AccelSettings) -> None:
    kinds = room.game.levels().edit_kinds
    if not kinds:
        raise ConfigError(f"method=accel edits levels, and game={room.game.name} has no edits; use method=plr")
    if settings.mutation not in kinds:
        close = nearest(settings.mutation, kinds)
        raise ConfigError(f"method.mutation={settings.mutation} is not one of {', '.join(kinds)}{close}")


def _edited(context: Context, room: Room, settings: AccelSettings, parent: str, index: int) -> Draft:
    """The child of a level by one edit; it keeps the parent's origin, goal, rules and base worlds."""
    seed, record = context.streams.entropy("edit", context.cycle, index) % 2**31, context.snapshot.levels[parent]
    edit, kind, cells = room.game.levels().edit, settings.mutation, settings.edits
    assert edit is not None, "checked when the method was made"
    description = f"{kind} of {cells} cells in level {record.id}"
    return Draft(edit(record.source, kind, seed, cells), description, record.origin, (record.id,), f"edit:{kind}")
