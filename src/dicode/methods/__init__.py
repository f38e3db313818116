"""Which levels are trained and what is done with their scores: six methods behind one record of functions.

`registry.make(room, settings)` gives the `Method` that the loop calls; see `protocol` for the order of the calls.
"""

from dicode.methods.protocol import Context, Method
from dicode.methods.registry import METHODS, SETTINGS, make
from dicode.methods.settings import Room

__all__ = ["METHODS", "SETTINGS", "Context", "Method", "Room", "make"]
