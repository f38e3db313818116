"""XLand-MiniGrid as hosts see it. NumPy only."""

from typing import TYPE_CHECKING

import numpy as np

from dicode.games.host import Dreams, HostGame, Levels, WorldArrays
from dicode.games.xland import library
from dicode.games.xland.levels.goal import ACHIEVEMENTS, QUANTITIES, Goal
from dicode.games.xland.levels.names import Action
from dicode.games.xland.levels.rules import Rules, rule_arrays
from dicode.games.xland.levels.schema import FIELDS

if TYPE_CHECKING:
    from dicode.games.display import Display


def _implied(world: WorldArrays) -> np.ndarray:
    return np.zeros(len(ACHIEVEMENTS), bool)


def _levels() -> Levels:
    from dicode.games.xland.levels.api import API

    return API


def _dreams() -> Dreams:
    from dicode.games.xland.dreams import DREAMS

    return DREAMS


def _display() -> "Display":
    from dicode.games.xland.display import DISPLAY

    return DISPLAY


def _graded() -> list[tuple[str, str]]:
    from dicode.games.xland.published import graded

    return graded()


HOST = HostGame(
    name="xland",
    fields=FIELDS,
    actions=tuple(action.name for action in Action),
    achievements=ACHIEVEMENTS,
    quantities=QUANTITIES,
    max_return=1.0,
    target_goal=Goal.task(),
    no_goal=Goal(),
    read_goal=Goal.from_json,
    read_rules=Rules.from_json,
    rule_arrays=rule_arrays,
    implied=_implied,
    packages=("xminigrid",),
    seeds=library.load_seeds,
    library=library.load,
    heldout=library.load_heldout,
    graded=_graded,
    levels=_levels,
    dreams=_dreams,
    display=_display,
    endings=("the grid's time was up",),
    occupations=tuple(action.name.lower().replace("_", " ") for action in Action),
    sees="the 5 x 5 cells in front of it, walls being no hindrance, which way it faces, and the goal and the productions, unless a level "
    "hides them; not what it holds",
)
