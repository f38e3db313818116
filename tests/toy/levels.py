"""What level code of the toy imports."""

import numpy as np

from dicode.errors import LevelError
from dicode.games.plain import Number, PlainGoal, PlainRules

SIZE = 6


class Goal(PlainGoal, quantities={"survive": 1000, "keys": 1, "doors": 1}):
    """At least so many steps, keys and open doors."""


class Rules(PlainRules, slip=Number(0.0, 0.0, 0.9)):
    """`slip`: probability that a step goes nowhere."""


class World:
    def __init__(self, arrays, rng):
        self.arrays, self.rng = arrays, rng

    def near(self, what, steps):
        """Put `key` or `door` on a free cell at most `steps` from the player."""
        away = np.abs(np.indices((SIZE, SIZE)) - self.arrays["position"][:, None, None]).sum(axis=0)
        taken = tuple(self.arrays["door" if what == "key" else "key"])
        free = [cell for cell in map(tuple, np.argwhere((away > 0) & (away <= steps))) if cell != taken]
        if not free:
            raise LevelError(f"no cell within {steps} steps is free; the room has {SIZE} x {SIZE} cells")
        self.arrays[what][:] = free[self.rng.integers(len(free))]
        self.arrays["walls"][tuple(self.arrays[what])] = False
