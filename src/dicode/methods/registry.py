"""Methods by name: the record of each one's settings, and how it is made of them."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dicode.dreaming.dreamer import Similar
from dicode.dreaming.settings import DreamerConfig
from dicode.methods import accel, dicode, dr, plr, ppo, sfl
from dicode.methods.protocol import Method
from dicode.methods.settings import Room, Scored, check_room
from dicode.settings import check_ranges


@dataclass(frozen=True)
class _Entry:
    settings: type[Scored]
    make: Callable[[Room, Any], Method]


BASELINES: Mapping[str, _Entry] = {
    "ppo": _Entry(ppo.PpoSettings, ppo.make),
    "dr": _Entry(dr.DrSettings, dr.make),
    "plr": _Entry(plr.PlrSettings, plr.make),
    "accel": _Entry(accel.AccelSettings, accel.make),
    "sfl": _Entry(sfl.SflSettings, sfl.make),
}
"""The methods that dream nothing."""

SETTINGS: Mapping[str, type[Scored]] = {
    "dicode": dicode.DicodeSettings,
    **{name: entry.settings for name, entry in BASELINES.items()},
}
"""The settings of every method."""

METHODS = tuple(SETTINGS)

MethodSettings = (
    dicode.DicodeSettings | ppo.PpoSettings | dr.DrSettings | plr.PlrSettings | accel.AccelSettings | sfl.SflSettings
)

NOBODY = DreamerConfig(name="none")
"""Nobody dreams."""


def make(
    room: Room,
    settings: MethodSettings,
    dreaming: DreamerConfig = NOBODY,
    similar: Similar = dicode.no_examples,
) -> Method:
    """The method whose settings these are. `ConfigError` for a value out of its range, or where the room does not suffice.

    `dreaming`, and `similar`, which picks the examples in briefs, concern dicode alone.
    """
    check_ranges(settings, "method.")
    if settings.name != "ppo":
        check_room(room)
        check_room(room.at(math.ceil(room.share_cycles)))
    if isinstance(settings, dicode.DicodeSettings):
        return dicode.make(room, settings, dreaming, similar)
    return BASELINES[settings.name].make(room, settings)
