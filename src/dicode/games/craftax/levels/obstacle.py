"""What keeps a goal from being reached, as the checks report it."""

from dataclasses import dataclass

from dicode.types import Code


@dataclass(frozen=True)
class Obstacle:
    """Why a goal cannot be reached, and what would make it possible."""

    reason: str
    hint: str
    code: Code = Code.OUT_OF_REACH
