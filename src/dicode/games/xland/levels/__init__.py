"""What level code of XLand-MiniGrid imports: the world to edit, goals and productions. NumPy only.

A level is a Python file with a docstring (`Objective:` and `Why:`), a `GOAL`, optionally `RULES` and a function
`build(world)`.
"""

from dicode.errors import LevelError
from dicode.games.start import Frontier
from dicode.games.xland.levels.goal import Goal
from dicode.games.xland.levels.names import SIZE, Action, Colour, Side, Thing, Tile
from dicode.games.xland.levels.rules import Rule, Rules
from dicode.games.xland.levels.world import World

__all__ = [
    "SIZE",
    "Action",
    "Colour",
    "Frontier",
    "Goal",
    "LevelError",
    "Rule",
    "Rules",
    "Side",
    "Thing",
    "Tile",
    "World",
]
