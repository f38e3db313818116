"""The time of a world: the game's clock, the part of the day that it means, and the light that follows from it."""

import numpy as np

from dicode.errors import LevelError
from dicode.games.craftax.levels.amounts import Amounts
from dicode.games.craftax.levels.kinds import as_amount
from dicode.games.craftax.levels.player import Arrays
from dicode.games.craftax.levels.schema import STATE_FIELDS

_MORNING = 0.3  # the phase at which the unmodified game begins; darkest at phases 0 and 1


def time_of_day(arrays: Arrays, amounts: Amounts) -> float:
    """Part of the day gone, 0 to below 1."""
    phase = amounts.number("day_start") - _MORNING
    return (int(arrays["timestep"]) / amounts.number("day_length") + phase) % 1.0


def set_time_of_day(arrays: Arrays, amounts: Amounts, value: object) -> None:
    """Set the clock to a part of the first day; LevelError unless it is from 0 to below 1."""
    as_amount(value, "time_of_day")
    if not isinstance(value, (int, float, np.number)) or not 0.0 <= float(value) < 1.0:
        raise LevelError(f"time_of_day is {value!r}; it must be from 0 to below 1 (0.2 noon, 0.7 darkest night)")
    length, start = amounts.number("day_length"), amounts.number("day_start")
    _set(arrays, amounts, round((float(value) + _MORNING - start) % 1.0 * length))


def set_time(arrays: Arrays, amounts: Amounts, value: object) -> None:
    """Set the clock to a step; LevelError unless it is a whole number within the schema's range."""
    as_amount(value, "time")
    most = STATE_FIELDS["timestep"].high
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or not 0 <= int(value) <= most:  # type: ignore[call-overload]
        hint = "for the part of the day write world.time_of_day = 0.7 (0 to below 1)"
        raise LevelError(f"time is {value!r}; it must be a whole number of steps from 0 to {most:g}", hint=hint)
    _set(arrays, amounts, int(value))  # type: ignore[call-overload]


def _set(arrays: Arrays, amounts: Amounts, timestep: int) -> None:
    phase = (timestep / amounts.number("day_length")) % 1.0 + amounts.number("day_start")
    arrays["timestep"][...] = timestep
    arrays["light_level"][...] = 1.0 - amounts.number("night_darkness") * abs(np.cos(np.pi * phase)) ** 3
