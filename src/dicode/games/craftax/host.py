"""Craftax as hosts see it. NumPy only."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from dicode.games.craftax import library
from dicode.games.craftax.levels.goal import QUANTITIES, Goal
from dicode.games.craftax.levels.names import Achievement, Action
from dicode.games.craftax.levels.rules import Rules
from dicode.games.craftax.levels.schema import STATE_FIELDS
from dicode.games.craftax.levels.techtree import implied
from dicode.games.craftax.levels.worth import MAX_RETURN
from dicode.games.craftax.telling import ENDINGS, OCCUPATIONS, SEES
from dicode.games.host import Dreams, HostGame, Levels

if TYPE_CHECKING:
    from dicode.games.display import Display


def _rule_arrays(rules: Mapping[str, object]) -> dict[str, np.ndarray]:
    return Rules.from_json(rules).arrays()


def _levels() -> Levels:
    from dicode.games.craftax.levels.api import API

    return API


def _dreams() -> Dreams:
    from dicode.games.craftax.dreams import DREAMS

    return DREAMS


def _display() -> "Display":
    from dicode.games.craftax.display import DISPLAY

    return DISPLAY


HOST = HostGame(
    name="craftax",
    fields=STATE_FIELDS,
    actions=tuple(action.name for action in Action),
    achievements=tuple(achievement.name for achievement in Achievement),
    quantities=QUANTITIES,
    endings=ENDINGS,
    occupations=OCCUPATIONS,
    sees=SEES,
    max_return=MAX_RETURN,
    target_goal=Goal.all_of(*Achievement),
    no_goal=Goal(),
    read_goal=Goal.from_json,
    read_rules=Rules.from_json,
    rule_arrays=_rule_arrays,
    implied=implied,
    packages=("craftax",),
    seeds=library.load_seeds,
    library=library.load,
    heldout=library.load_heldout,
    graded=library.load_graded,
    levels=_levels,
    dreams=_dreams,
    display=_display,
)
