"""One step of the game, written from its rules.

`step` is for one environment and may be mapped over; with default rules it equals the package's.
"""

from dicode.games.craftax.dynamics.draws import draw_ahead
from dicode.games.craftax.dynamics.step import step

__all__ = ["draw_ahead", "step"]
