"""What level code imports: the world to edit, goals, rules and the game's names. NumPy only.

A level is a Python file with a docstring (`Objective:` and `Why:`), a `GOAL`, optionally `RULES` and a
function `build(world)`; the modules of this package that judge or run levels are not meant for it.
"""

from dicode.errors import LevelError
from dicode.games.craftax.levels.goal import Goal
from dicode.games.craftax.levels.guarded import Enchantment
from dicode.games.craftax.levels.names import MAP_SIZE, Achievement, Action, Block, Facing, Floor, Item, Mob
from dicode.games.craftax.levels.rules import Rules
from dicode.games.craftax.levels.world import World
from dicode.games.start import Frontier

__all__ = [
    "MAP_SIZE",
    "Achievement",
    "Action",
    "Block",
    "Enchantment",
    "Facing",
    "Floor",
    "Frontier",
    "Goal",
    "Item",
    "LevelError",
    "Mob",
    "Rules",
    "World",
]
